"""The tables of jobs and schedules in the database of state."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Engine, Float, Index, Integer, MetaData, String, Table, Text

from lake_access.database import Moment, make_tables

METADATA = MetaData()
JOBS = Table(
    "jobs",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("kind", String(64), nullable=False),
    Column("parameters", JSON, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("requested_by", String(320), nullable=False),
    # The roles and row limits that the requester had: the job has no others.
    Column("rights", JSON, nullable=False),
    Column("requested_at", Moment, nullable=False),
    Column("started_at", Moment),
    Column("finished_at", Moment),
    Column("step", Text),
    Column("share", Float),
    Column("result", JSON(none_as_null=True)),
    Column("error", Text),
    Column("heartbeat", Moment),
    Column("worker", String(320)),
    Column("cancel_asked", Boolean, nullable=False, default=False),
    Column("cancelled_by", String(320)),
    Column("attempt", Integer, nullable=False, default=1),
    Column("of_schedule", Integer),
    sqlite_autoincrement=True,
)
_ACTIVE = JOBS.c.state.in_(("queued", "running"))
# Two identical requests are one job, whatever the code above this forgets.
Index("jobs_active", JOBS.c.digest, unique=True, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE)
Index("jobs_by_state", JOBS.c.state, JOBS.c.finished_at)
JOB_LOG = Table(
    "job_log",
    METADATA,
    Column("job", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("line", Text, nullable=False),
)
SCHEDULES = Table(
    "job_schedules",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("kind", String(64), nullable=False),
    Column("parameters", JSON, nullable=False),
    Column("crontab", String(200), nullable=False),
    Column("set_by", String(320), nullable=False),
    Column("rights", JSON, nullable=False),
    Column("set_at", Moment, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("last_run", Moment),
    Column("next_run", Moment, nullable=False),
    sqlite_autoincrement=True,
)
# Schedules that the worker set by itself, once each: whoever removes one has the last word.
SET_ONCE = Table(
    "job_schedules_set_once",
    METADATA,
    Column("kind", String(64), primary_key=True),
    Column("at", Moment, nullable=False),
)


def open_jobs(engine: Engine) -> None:
    """Make the tables where they are not there yet.

    Raises:
        StorageError: the database cannot be reached or written.
    """
    make_tables(engine, METADATA)
