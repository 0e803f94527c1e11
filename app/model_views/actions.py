"""What pages have done about models in the worker: retrain, score offline, request a promotion, compare."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

from app.acting import acting
from app.lake_session import settings, state
from jobs.job import Job
from jobs.kinds import KINDS
from jobs.queue import wake_worker
from jobs.requests import request_job

Kind = Literal["train", "score", "request_promotion", "compare", "lead_factors"]
# Those of which the page Models tells.
MODEL_JOBS: Final[tuple[Kind, ...]] = ("train", "score", "request_promotion", "compare")


def start(kind: Kind, parameters: Mapping[str, Any]) -> Job:
    """Have the worker do it for the reader; while the same is queued or running, it is that job.

    Raises:
        NotAllowedError: the reader may not do this.
        RefusedError: a parameter cannot be.
        StorageError: the database or the queue cannot be reached or written.
    """
    job = request_job(state(), KINDS, kind, parameters, acting(), datetime.now(UTC))
    wake_worker(settings())
    return job
