"""What people ask of jobs: request, cancel, run again, look. Two identical requests give one job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from statistics import median
from typing import Any

from sqlalchemy import Connection, Engine, and_, func, insert, or_, select, text, update

from jobs.job import ACTIVE, FINISHED, WORKER_NAME, Job, State, digest_of, job_of, rights_of
from jobs.kind import JobKind, checked_parameters, kind_named
from jobs.tables import JOB_LOG, JOBS, open_jobs
from lake_access import ledger
from lake_access.database import reading, writing
from lake_access.errors import RefusedError
from lake_access.permissions import Action, Actor, may, require

# So many earlier runs tell how long one usually takes.
EARLIER_RUNS = 10


def request_job(
    engine: Engine, kinds: Mapping[str, JobKind], kind: str, parameters: Mapping[str, Any], actor: Actor, now: datetime
) -> Job:
    """Ask for a job; while the same one is queued or running, it is that one.

    Raises:
        NotAllowedError: the actor may not do what this kind does.
        RefusedError: there is no such kind, or a parameter cannot be.
        StorageError: the database cannot be reached or written.
    """
    asked = kind_named(kinds, kind)
    require(actor, asked.action)
    checked = checked_parameters(asked, parameters)
    open_jobs(engine)
    with writing(engine) as connection:
        return add_job(connection, kind, checked, actor, now)


def add_job(
    connection: Connection,
    kind: str,
    parameters: Mapping[str, Any],
    actor: Actor,
    now: datetime,
    *,
    attempt: int = 1,
    of_schedule: int | None = None,
) -> Job:
    """Queue a job within the caller's transaction, or give the identical one that is queued or running."""
    if connection.dialect.name == "postgresql":
        # As SQLite's own lock does: nobody adds the same job between our look and our row.
        connection.execute(text("LOCK TABLE jobs IN SHARE ROW EXCLUSIVE MODE"))
    digest = digest_of(kind, parameters)
    same = select(JOBS).where(JOBS.c.digest == digest, JOBS.c.state.in_(ACTIVE))
    there = connection.execute(same).mappings().first()
    if there is not None:
        return job_of(there)
    connection.execute(
        insert(JOBS).values(
            kind=kind,
            parameters=dict(parameters),
            digest=digest,
            state="queued",
            requested_by=actor.name,
            rights=rights_of(actor),
            requested_at=now,
            attempt=attempt,
            of_schedule=of_schedule,
        )
    )
    return job_of(connection.execute(same).mappings().one())


def may_cancel(job: Job, actor: Actor) -> bool:
    """Whether this job can be cancelled, and by this actor: their own, or any with the role for it."""
    return job.is_active and (job.requested_by == actor.name or may(actor, Action.CANCEL_ANY_JOB))


def cancel_job(engine: Engine, job_id: int, actor: Actor, now: datetime) -> Job:
    """Ask for a job to stop: a queued one never starts, a running one stops within seconds.

    Raises:
        NotAllowedError: it is somebody else's job, and no role of the actor may cancel it.
        RefusedError: there is no such job, or it has ended.
        StorageError: the database cannot be reached or written.
    """
    require(actor, Action.VIEW_JOBS)
    open_jobs(engine)
    ledger.open_ledger(engine)
    with writing(engine) as connection:
        job = _read(connection, job_id)
        if job.requested_by != actor.name:
            require(actor, Action.CANCEL_ANY_JOB)
        if not job.is_active:
            raise RefusedError(f"Job {job_id} has ended ({job.state}): there is nothing to cancel.")
        asked = {"cancel_asked": True, "cancelled_by": job.cancelled_by or actor.name}
        queued = and_(JOBS.c.id == job_id, JOBS.c.state == "queued")
        ended = connection.execute(update(JOBS).where(queued).values(state="cancelled", finished_at=now, **asked))
        if not ended.rowcount:
            running = and_(JOBS.c.id == job_id, JOBS.c.state == "running")
            connection.execute(update(JOBS).where(running).values(**asked))
        if job.cancelled_by is None:
            details = {"kind": job.kind, "requested_by": job.requested_by}
            ledger.append(connection, actor, "job.cancelled", f"job {job_id}", details, now)
        return _read(connection, job_id)


def run_again(engine: Engine, kinds: Mapping[str, JobKind], job_id: int, actor: Actor, now: datetime) -> Job:
    """Ask anew for what a failed or cancelled job was to do; the new job is its next attempt.

    Raises:
        NotAllowedError: the actor may not do what this kind does.
        RefusedError: there is no such job or no longer its kind, or it has not failed.
        StorageError: the database cannot be reached or written.
    """
    job = read_job(engine, job_id, actor)
    if job.state not in ("failed", "cancelled"):
        raise RefusedError(f"Job {job_id} is {job.state}: only a failed or cancelled one can be run again.")
    kind = kind_named(kinds, job.kind)
    require(actor, kind.action)
    parameters = checked_parameters(kind, job.parameters)
    with writing(engine) as connection:
        return add_job(connection, job.kind, parameters, actor, now, attempt=job.attempt + 1)


def read_job(engine: Engine, job_id: int, actor: Actor) -> Job:
    """The job of this number.

    Raises:
        NotAllowedError: the actor may not see jobs.
        RefusedError: there is none.
        StorageError: the database cannot be reached or read.
    """
    require(actor, Action.VIEW_JOBS)
    open_jobs(engine)
    with reading(engine) as connection:
        return _read(connection, job_id)


def list_jobs(
    engine: Engine,
    actor: Actor,
    *,
    states: Sequence[State] | None = None,
    kinds: Sequence[str] | None = None,
    of_worker: bool = True,
    limit: int = 100,
) -> list[Job]:
    """The newest jobs first; `of_worker` counts the builds that the worker itself asked for, and that went well.

    Raises:
        NotAllowedError: the actor may not see jobs.
        StorageError: the database cannot be reached or read.
    """
    require(actor, Action.VIEW_JOBS)
    open_jobs(engine)
    query = select(JOBS).order_by(JOBS.c.id.desc()).limit(limit)
    if states is not None:
        query = query.where(JOBS.c.state.in_(states))
    if kinds is not None:
        query = query.where(JOBS.c.kind.in_(kinds))
    if not of_worker:
        query = query.where(or_(JOBS.c.requested_by != WORKER_NAME, JOBS.c.state != "succeeded"))
    with reading(engine) as connection:
        return [job_of(row) for row in connection.execute(query).mappings()]


def read_log(engine: Engine, job_id: int, actor: Actor, *, newest: int | None = None) -> list[tuple[datetime, str]]:
    """A job's log, oldest line first; only the `newest` lines if told.

    Raises:
        NotAllowedError: the actor may not see jobs.
        StorageError: the database cannot be reached or read.
    """
    require(actor, Action.VIEW_JOBS)
    query = select(JOB_LOG.c.at, JOB_LOG.c.line).where(JOB_LOG.c.job == job_id).order_by(JOB_LOG.c.number.desc())
    with reading(engine) as connection:
        return [(row.at, row.line) for row in connection.execute(query.limit(newest))][::-1]


def usual_seconds(engine: Engine, kinds: Sequence[str]) -> dict[str, float]:
    """How long the latest runs of each kind took that went well: the median, in seconds.

    Raises:
        StorageError: the database cannot be reached or read.
    """
    usual = {}
    with reading(engine) as connection:
        for kind in kinds:
            query = select(JOBS.c.started_at, JOBS.c.finished_at).where(
                JOBS.c.kind == kind, JOBS.c.state == "succeeded"
            )
            runs = connection.execute(query.order_by(JOBS.c.id.desc()).limit(EARLIER_RUNS)).all()
            if runs:
                usual[kind] = median((run.finished_at - run.started_at).total_seconds() for run in runs)
    return usual


def count_jobs(engine: Engine, since: datetime) -> dict[State, int]:
    """How many jobs are queued and running, and how many of those that ended since then ended in which way.

    Raises:
        StorageError: the database cannot be reached or read.
    """
    ended = and_(JOBS.c.state.in_(FINISHED), JOBS.c.finished_at >= since)
    query = select(JOBS.c.state, func.count().label("jobs")).where(or_(JOBS.c.state.in_(ACTIVE), ended))
    with reading(engine) as connection:
        return {row.state: row.jobs for row in connection.execute(query.group_by(JOBS.c.state))}


def _read(connection: Connection, job_id: int) -> Job:
    row = connection.execute(select(JOBS).where(JOBS.c.id == job_id)).mappings().first()
    if row is None:
        raise RefusedError(f"There is no job {job_id}; `leadlake jobs list` names them.")
    return job_of(row)
