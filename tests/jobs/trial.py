"""What tests of jobs share: somebody who asks, a database with nothing in it, and real workers to wait for."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from jobs.job import Job
from jobs.requests import read_job, request_job
from jobs.supervision import environment_of
from lake_access.permissions import Actor, local_user
from lake_access.settings import Settings
from tests.jobs.trial_kinds import TRIAL_KINDS

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
ADA = Actor("ada", frozenset({"analyst"}), "local")
BOB = Actor("bob", frozenset({"analyst"}), "local")
VERA = Actor("vera", frozenset({"viewer"}), "local")
MLE = Actor("mia", frozenset({"ml_engineer"}), "local")
ROOT_USER = local_user("root")


def ask(engine: Engine, kind: str = "count", actor: Actor = ADA, now: datetime = NOW, **parameters: object) -> Job:
    return request_job(engine, TRIAL_KINDS, kind, parameters, actor, now)


def look(engine: Engine, job: Job) -> Job:
    return read_job(engine, job.id, ROOT_USER)


def start_worker(settings: Settings) -> subprocess.Popen[str]:
    """A real worker that knows the trial kinds."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.jobs.trial_worker"],
        cwd=ROOT,
        env=environment_of(settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def end_worker(worker: subprocess.Popen[str]) -> str:
    """End it as a service manager does; what it logged."""
    worker.terminate()
    return worker.communicate(timeout=20)[1]


def wait_until(engine: Engine, job: Job, holds: Callable[[Job], bool], seconds: float = 40) -> Job:
    """The job once this holds of it."""
    deadline = time.monotonic() + seconds
    while not holds(now := look(engine, job)):
        assert time.monotonic() < deadline, now
        time.sleep(0.05)
    return now
