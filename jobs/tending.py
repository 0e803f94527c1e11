"""What the worker sees to every minute: jobs that were lost, schedules that are due, and builds of what has landed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Engine, insert, select

from jobs.job import ACTIVE, WORKER_NAME, Job, job_of
from jobs.kind import JobKind
from jobs.requests import request_job
from jobs.running import Worker, forget_old, lives, mark_lost
from jobs.schedules import request_due, set_schedule
from jobs.tables import JOBS, SET_ONCE, open_jobs
from jobs.waiting import waiting_batches
from lake_access.building.build import build
from lake_access.database import reading, writing
from lake_access.errors import LeadlakeError
from lake_access.lake import open_lake
from lake_access.permissions import Actor
from lake_access.settings import Settings
from monitoring.alerts.rules import list_rules

log = logging.getLogger(__name__)

WORKER_ITSELF = Actor(WORKER_NAME, frozenset({"analyst"}), "worker")
SETS_SCHEDULES = Actor(WORKER_NAME, frozenset({"ml_engineer"}), "worker")
CHECKING, CHECK_TIMES = "check_alerts", "*/15 * * * *"
# After one failure the worker builds again in two minutes, after two in four, and so on up to an hour.
LONGEST_PAUSE_MINUTES = 60


def tend(engine: Engine, settings: Settings, kinds: Mapping[str, JobKind], worker: Worker, now: datetime) -> None:
    """See to all of it; what fails is logged as the sentence it is, and the next minute tries again."""
    try:
        for job_id in mark_lost(engine, worker.host, lives, now):
            log.warning("Job %s is marked: its worker was gone.", job_id)
        schedule_checks(engine, kinds, now)
        request_due(engine, kinds, now)
        see_to_builds(engine, settings, kinds, now)
        forget_old(engine, now)
    except LeadlakeError as exc:
        log.error("The worker could not look after its jobs: %s", exc)  # noqa: TRY400  (one sentence, as everywhere)


def schedule_checks(engine: Engine, kinds: Mapping[str, JobKind], now: datetime) -> None:
    """Once there is a rule of alerts, have them checked every quarter of an hour.

    The schedule is set once, and then anybody's to change or remove.

    Raises:
        StorageError: the database cannot be reached or written.
    """
    if CHECKING not in kinds or not list_rules(engine):
        return
    open_jobs(engine)
    with reading(engine) as connection:
        if connection.execute(select(SET_ONCE).where(SET_ONCE.c.kind == CHECKING)).first() is not None:
            return
    set_schedule(engine, kinds, CHECKING, {}, CHECK_TIMES, SETS_SCHEDULES, now)
    with writing(engine) as connection:
        connection.execute(insert(SET_ONCE).values(kind=CHECKING, at=now))


def see_to_builds(engine: Engine, settings: Settings, kinds: Mapping[str, JobKind], now: datetime) -> Job | None:
    """Ask for a build where something has landed; where nothing has, end what a killed build began, without a job.

    Raises:
        StorageError: the lake or the database cannot be reached.
    """
    latest = _latest_builds(engine)
    if any(job.state in ACTIVE for job in latest) or now < _pause_until(latest, now):
        return None
    lake = open_lake(settings)
    if waiting_batches(lake, lake.pin()):
        return request_job(engine, kinds, "build", {}, WORKER_ITSELF, now)
    build_once(settings, now)
    return None


def build_once(settings: Settings, now: datetime) -> dict[str, int]:
    """One build without a job, its counts; a failure is logged as the sentence it is."""
    try:
        result = build(open_lake(settings), now)
    except LeadlakeError as exc:
        log.error("the build failed: %s", exc)  # noqa: TRY400  (one sentence, as everywhere)
        return {}
    for refusal in result.refused:
        log.warning("%s", refusal)
    return {"batches": result.batches, "read": result.read, "curated": result.curated}


def _latest_builds(engine: Engine) -> list[Job]:
    query = select(JOBS).where(JOBS.c.kind == "build").order_by(JOBS.c.id.desc()).limit(10)
    with reading(engine) as connection:
        return [job_of(row) for row in connection.execute(query).mappings()]


def _pause_until(latest: list[Job], now: datetime) -> datetime:
    """Until when builds pause, for as many as failed or were cancelled last, one after the other."""
    in_vain = 0
    for job in latest:
        if job.state == "succeeded":
            break
        in_vain += 1
    if not in_vain or latest[0].finished_at is None:
        return now
    # One that its worker left undone is no sign of anything wrong with the build.
    if latest[0].error is not None and latest[0].error.startswith("The worker was"):
        return now
    return latest[0].finished_at + timedelta(minutes=min(2**in_vain, LONGEST_PAUSE_MINUTES))
