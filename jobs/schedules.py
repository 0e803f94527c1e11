"""Jobs that come again: what, when by crontab in UTC, and who set it. They are in the database and survive restarts."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, and_, delete, insert, select, update

from jobs.crontab import next_time, parse_crontab
from jobs.job import Job, actor_of, rights_of
from jobs.kind import JobKind, checked_parameters, kind_named
from jobs.requests import add_job
from jobs.tables import SCHEDULES, open_jobs
from lake_access import ledger
from lake_access.database import reading, writing
from lake_access.errors import LeadlakeError, RefusedError
from lake_access.permissions import Action, Actor, require

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Schedule:
    """A schedule; `last_run` and `next_run` are when it last asked for its job, and when it will."""

    id: int
    kind: str
    parameters: Mapping[str, Any]
    crontab: str
    set_by: str
    rights: Mapping[str, Any]
    set_at: datetime
    enabled: bool
    last_run: datetime | None
    next_run: datetime


@dataclass(frozen=True)
class Preset:
    """A schedule that many want."""

    title: str
    kind: str
    crontab: str


PRESETS = (
    Preset("Build every hour", "build", "0 * * * *"),
    Preset("Retrain every Monday", "train", "0 3 * * 1"),
    Preset("Retrain on the first of the month", "train", "0 3 1 * *"),
    Preset("Check drift every Monday", "drift_check", "0 5 * * 1"),
    Preset("Maintain every night", "maintain", "30 2 * * *"),
    Preset("Check the alerts every quarter of an hour", "check_alerts", "*/15 * * * *"),
    Preset("Send the digest every Monday", "digest", "0 7 * * 1"),
)


def presets(kinds: Mapping[str, JobKind]) -> list[Preset]:
    """The presets of these kinds."""
    return [preset for preset in PRESETS if preset.kind in kinds]


def set_schedule(
    engine: Engine,
    kinds: Mapping[str, JobKind],
    kind: str,
    parameters: Mapping[str, Any],
    crontab: str,
    actor: Actor,
    now: datetime,
) -> Schedule:
    """Have a job come again by this crontab expression, in UTC, with the rights that the actor has now.

    Set again with the same kind, parameters and expression, it is the one that is there.

    Raises:
        NotAllowedError: the actor may not change schedules, or not do what this kind does.
        RefusedError: the kind, a parameter or the expression cannot be.
        StorageError: the database cannot be reached or written.
    """
    require(actor, Action.MANAGE_SCHEDULES)
    asked = kind_named(kinds, kind)
    require(actor, asked.action)
    checked = checked_parameters(asked, parameters)
    times = parse_crontab(crontab)
    _open(engine)
    with writing(engine) as connection:
        there = connection.execute(
            select(SCHEDULES).where(SCHEDULES.c.kind == kind, SCHEDULES.c.crontab == times.expression)
        ).mappings()
        same = next((schedule for schedule in map(_schedule_of, there) if schedule.parameters == checked), None)
        if same is not None and same.enabled:
            return same
        if same is not None:
            return _set_enabled(connection, same, True, actor, now)
        made = insert(SCHEDULES).values(
            kind=kind,
            parameters=checked,
            crontab=times.expression,
            set_by=actor.name,
            rights=rights_of(actor),
            set_at=now,
            enabled=True,
            next_run=next_time(times, now),
        )
        number = connection.execute(made).inserted_primary_key
        schedule = _read(connection, number[0] if number else 0)
        _record(connection, actor, "schedule.set", schedule, now)
        return schedule


def enable_schedule(engine: Engine, schedule_id: int, enabled: bool, actor: Actor, now: datetime) -> Schedule:
    """Pause a schedule, or have it go on from now; nothing that was missed in between is made up for.

    Raises:
        NotAllowedError: the actor may not change schedules.
        RefusedError: there is no such schedule.
        StorageError: the database cannot be reached or written.
    """
    require(actor, Action.MANAGE_SCHEDULES)
    _open(engine)
    with writing(engine) as connection:
        schedule = _read(connection, schedule_id)
        if schedule.enabled == enabled:
            return schedule
        return _set_enabled(connection, schedule, enabled, actor, now)


def remove_schedule(engine: Engine, schedule_id: int, actor: Actor, now: datetime) -> Schedule:
    """Remove a schedule; jobs that it asked for stay.

    Raises:
        NotAllowedError: the actor may not change schedules.
        RefusedError: there is no such schedule.
        StorageError: the database cannot be reached or written.
    """
    require(actor, Action.MANAGE_SCHEDULES)
    _open(engine)
    with writing(engine) as connection:
        schedule = _read(connection, schedule_id)
        connection.execute(delete(SCHEDULES).where(SCHEDULES.c.id == schedule_id))
        _record(connection, actor, "schedule.removed", schedule, now)
        return schedule


def list_schedules(engine: Engine, actor: Actor) -> list[Schedule]:
    """Every schedule, the next to run first; those that are paused at the end.

    Raises:
        NotAllowedError: the actor may not see jobs.
        StorageError: the database cannot be reached or read.
    """
    require(actor, Action.VIEW_JOBS)
    open_jobs(engine)
    query = select(SCHEDULES).order_by(SCHEDULES.c.enabled.desc(), SCHEDULES.c.next_run, SCHEDULES.c.id)
    with reading(engine) as connection:
        return [_schedule_of(row) for row in connection.execute(query).mappings()]


def request_due(engine: Engine, kinds: Mapping[str, JobKind], now: datetime) -> list[Job]:
    """Ask for the jobs whose time has come: once for each schedule, however often it was missed.

    Raises:
        StorageError: the database cannot be reached or written.
    """
    due = select(SCHEDULES).where(SCHEDULES.c.enabled, SCHEDULES.c.next_run <= now).order_by(SCHEDULES.c.next_run)
    with reading(engine) as connection:
        waiting = [_schedule_of(row) for row in connection.execute(due).mappings()]
    asked = []
    for schedule in waiting:
        unchanged = and_(SCHEDULES.c.id == schedule.id, SCHEDULES.c.enabled, SCHEDULES.c.next_run == schedule.next_run)
        gone_on = {"last_run": now, "next_run": next_time(parse_crontab(schedule.crontab), now)}
        with writing(engine) as connection:
            # Of two workers one gets here; its job and the next time are one commit.
            if connection.execute(update(SCHEDULES).where(unchanged).values(**gone_on)).rowcount:
                asked += _request(connection, kinds, schedule, now)
    return asked


def _request(connection: Connection, kinds: Mapping[str, JobKind], schedule: Schedule, now: datetime) -> list[Job]:
    actor = actor_of(schedule.set_by, schedule.rights)
    try:
        kind = kind_named(kinds, schedule.kind)
        require(actor, kind.action)
        parameters = checked_parameters(kind, schedule.parameters)
    except LeadlakeError as exc:
        log.warning("Schedule %s did not run: %s", schedule.id, exc)
        return []
    return [add_job(connection, schedule.kind, parameters, actor, now, of_schedule=schedule.id)]


def _open(engine: Engine) -> None:
    open_jobs(engine)
    ledger.open_ledger(engine)


def _set_enabled(connection: Connection, schedule: Schedule, enabled: bool, actor: Actor, now: datetime) -> Schedule:
    values = {"enabled": enabled, "next_run": next_time(parse_crontab(schedule.crontab), now)}
    connection.execute(update(SCHEDULES).where(SCHEDULES.c.id == schedule.id).values(**values))
    _record(connection, actor, "schedule.resumed" if enabled else "schedule.paused", schedule, now)
    return _read(connection, schedule.id)


def _record(connection: Connection, actor: Actor, event: str, schedule: Schedule, now: datetime) -> None:
    details = {"kind": schedule.kind, "parameters": dict(schedule.parameters), "crontab": schedule.crontab}
    ledger.append(connection, actor, event, f"schedule {schedule.id}", details, now)


def _read(connection: Connection, schedule_id: int) -> Schedule:
    row = connection.execute(select(SCHEDULES).where(SCHEDULES.c.id == schedule_id)).mappings().first()
    if row is None:
        raise RefusedError(f"There is no schedule {schedule_id}; `leadlake schedules list` names them.")
    return _schedule_of(row)


def _schedule_of(row: RowMapping) -> Schedule:
    return Schedule(**{field.name: row[field.name] for field in fields(Schedule)})
