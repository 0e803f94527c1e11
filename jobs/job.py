"""A job as it stands: what was asked and by whom, how far it is, what became of it, and how long it may take."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Final, Literal, get_args

from sqlalchemy import RowMapping

from lake_access.permissions import ROLES, VIAS, Actor, RowLimits, Via

State = Literal["queued", "running", "succeeded", "failed", "cancelled"]
STATES: Final[tuple[State, ...]] = get_args(State)
ACTIVE: Final[tuple[State, ...]] = ("queued", "running")
FINISHED: Final[tuple[State, ...]] = ("succeeded", "failed", "cancelled")
# Who asks where nobody did: the worker builds what has landed.
WORKER_NAME = "worker"


@dataclass(frozen=True)
class Job:
    """A job; `share` is the part of it that is done, 0 to 1, and `error` one sentence."""

    id: int
    kind: str
    parameters: Mapping[str, Any]
    state: State
    requested_by: str
    rights: Mapping[str, Any]
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    step: str | None
    share: float | None
    result: Mapping[str, Any] | None
    error: str | None
    heartbeat: datetime | None
    worker: str | None
    cancel_asked: bool
    cancelled_by: str | None
    attempt: int
    of_schedule: int | None

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    @property
    def actor(self) -> Actor:
        """Who acts in this job: its requester, with the rights of that time."""
        return actor_of(self.requested_by, self.rights)

    def seconds_taken(self, now: datetime) -> float | None:
        """The seconds that it ran, until `now` if it still does; None where it never started."""
        if self.started_at is None:
            return None
        return max(0.0, ((self.finished_at or now) - self.started_at).total_seconds())


def job_of(row: RowMapping) -> Job:
    """The job of a row of the table."""
    return Job(**{field.name: row[field.name] for field in fields(Job)})


def digest_of(kind: str, parameters: Mapping[str, Any]) -> str:
    """What two identical requests have in common."""
    content = json.dumps([kind, parameters], sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(content.encode()).hexdigest()


def rights_of(actor: Actor) -> dict[str, Any]:
    """The actor's roles and row limits, and the way by which they came, as JSON."""
    limits = None if actor.limits is None else asdict(actor.limits)
    return {"roles": [role for role in ROLES if role in actor.roles], "limits": limits, "via": actor.via}


def actor_of(name: str, rights: Mapping[str, Any]) -> Actor:
    """Somebody for whom the worker acts, with these rights; the ledger says how they came when they asked.

    Never `alone`: what takes another person is decided by who is there, not by a job that was asked for once.
    """
    limits = rights["limits"]
    kept = None if limits is None else RowLimits(**{key: _as_tuple(values) for key, values in limits.items()})
    # Jobs that were asked for before the way was kept have none.
    via: Via = rights["via"] if rights.get("via") in VIAS else "worker"
    return Actor(name, frozenset(role for role in ROLES if role in rights["roles"]), via, kept)


def seconds_left(job: Job, usual_seconds: float | None, now: datetime) -> float | None:
    """An estimate of the seconds that a running job still takes; None where nothing tells.

    What its own pace tells counts as much as the share that is done, what earlier runs took for the rest.
    """
    taken = job.seconds_taken(now)
    if job.state != "running" or taken is None:
        return None
    by_usual = None if usual_seconds is None else max(0.0, usual_seconds - taken)
    if not job.share:
        return by_usual
    by_pace = taken * (1 - job.share) / job.share
    return by_pace if by_usual is None else job.share * by_pace + (1 - job.share) * by_usual


def _as_tuple(values: list[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)
