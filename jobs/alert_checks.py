"""A check of this lake's alerts, and its messages delivered: what the job, the page and the command share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, and_, func, select

from jobs.tables import JOBS, open_jobs
from lake_access.database import reading
from lake_access.lake import PinnedLake, open_lake
from lake_access.permissions import Action, Actor, require
from lake_access.settings import Settings
from monitoring.alerts.channels import send
from monitoring.alerts.checks import Checked, check_rules
from monitoring.alerts.measures import Surroundings
from monitoring.alerts.outbox import Message, deliver

Progress = Callable[[str, float | None], None]


@dataclass(frozen=True)
class AlertRound:
    """What a check found, and what became of the messages that waited."""

    checked: list[Checked]
    messages: list[Message]


def check_alerts(
    engine: Engine,
    settings: Settings,
    actor: Actor,
    now: datetime,
    progress: Progress = lambda _step, _share: None,
) -> AlertRound:
    """Check every rule, then deliver what there is to tell, with what is left from before.

    Raises:
        NotAllowedError: the actor may not change alerts, which checking them does.
        StorageError: the lake or the database cannot be reached.
    """
    require(actor, Action.MANAGE_ALERTS)
    around = surroundings(engine, open_lake(settings).pin(), now)
    checked = check_rules(engine, settings, around, progress)
    progress("Delivering messages", None)
    return AlertRound(checked, deliver_waiting(engine, settings, now))


def deliver_waiting(engine: Engine, settings: Settings, now: datetime) -> list[Message]:
    """Deliver the messages of alerts that wait."""

    def sending(message: Message) -> None:
        send(settings, message.channel, message.title, message.body, recovered=message.is_recovery)

    return deliver(engine, sending, now)


def surroundings(engine: Engine, pinned: PinnedLake, now: datetime) -> Surroundings:
    """What rules are measured against: the lake, the jobs and the requests."""
    return Surroundings(pinned, now, lambda since, until: failed_jobs(engine, since, until), lambda: _waiting(engine))


def failed_jobs(engine: Engine, since: datetime, until: datetime) -> int:
    """Jobs that failed from `since` on and before or at `until`.

    Raises:
        StorageError: the database cannot be reached or read.
    """
    open_jobs(engine)
    within = and_(JOBS.c.state == "failed", JOBS.c.finished_at >= since, JOBS.c.finished_at <= until)
    with reading(engine) as connection:
        return int(connection.execute(select(func.count()).select_from(JOBS).where(within)).scalar_one())


def _waiting(engine: Engine) -> int:
    from training.promotion.records import requests

    return len(requests(engine, "requested"))
