"""What a worker writes of the jobs that it runs; each change holds only while the job is still its own."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import ColumnElement, Engine, and_, delete, func, insert, or_, select, update

from jobs.job import FINISHED, WORKER_NAME, Job, State, job_of
from jobs.tables import JOB_LOG, JOBS
from lake_access.database import reading, writing

# A worker tells every second or two that it lives; of one on another machine nothing else can be seen.
HEARTBEAT_PATIENCE = timedelta(seconds=60)
LOG_LINES = 500
LONGEST_LINE = 2_000
KEEP_JOBS = timedelta(days=365)
KEEP_WORKERS_JOBS = timedelta(days=7)

_OLDEST_WAITING = select(JOBS.c.id).where(JOBS.c.state == "queued").order_by(JOBS.c.id).limit(1)

Told = Literal["go on", "cancel", "not ours"]


@dataclass(frozen=True)
class Worker:
    """A worker process: its machine, its number there, and when it started, as numbers are given again."""

    host: str
    pid: int
    start: str

    def __str__(self) -> str:
        return f"{self.host} {self.pid} {self.start}"


def this_worker() -> Worker:
    """The process that asks."""
    return Worker(socket.gethostname(), os.getpid(), _start_of(os.getpid()) or "-")


def lives(worker: Worker) -> bool:
    """Whether this worker of our own machine still runs; where the system does not tell starts, by its number alone."""
    try:
        os.kill(worker.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return (_start_of(worker.pid) or "-") == worker.start


def is_waiting(engine: Engine) -> bool:
    """Whether a job waits to begin.

    Raises:
        StorageError: the database cannot be reached or read.
    """
    with reading(engine) as connection:
        return connection.execute(_OLDEST_WAITING).first() is not None


def take_next(engine: Engine, worker: Worker, now: datetime) -> Job | None:
    """Begin the job that has waited longest; None where none waits.

    Raises:
        StorageError: the database cannot be reached or written.
    """
    if not is_waiting(engine):
        return None
    with writing(engine) as connection:
        while (next_id := connection.execute(_OLDEST_WAITING).scalar()) is not None:
            begun = {"state": "running", "started_at": now, "heartbeat": now, "worker": str(worker)}
            mine = and_(JOBS.c.id == next_id, JOBS.c.state == "queued")
            if connection.execute(update(JOBS).where(mine).values(**begun)).rowcount:
                return job_of(connection.execute(select(JOBS).where(JOBS.c.id == next_id)).mappings().one())
    return None


def beat(engine: Engine, job_id: int, worker: str, now: datetime) -> Told:
    """Tell that the job's worker lives; whether the job may go on.

    Raises:
        StorageError: the database cannot be reached or written.
    """
    with writing(engine) as connection:
        if not connection.execute(update(JOBS).where(_ours(job_id, worker)).values(heartbeat=now)).rowcount:
            return "not ours"
        asked = connection.execute(select(JOBS.c.cancel_asked).where(JOBS.c.id == job_id)).scalar_one()
        return "cancel" if asked else "go on"


def tell_progress(engine: Engine, job_id: int, worker: str, step: str, share: float | None) -> None:
    """Keep what is being done and how far the job is.

    Raises:
        StorageError: the database cannot be reached or written.
    """
    bounded = None if share is None else min(1.0, max(0.0, share))
    with writing(engine) as connection:
        connection.execute(update(JOBS).where(_ours(job_id, worker)).values(step=step[:LONGEST_LINE], share=bounded))


def add_line(engine: Engine, job_id: int, line: str, now: datetime) -> None:
    """Add a line to the job's log, of which the newest lines are kept.

    Raises:
        StorageError: the database cannot be reached or written.
    """
    with writing(engine) as connection:
        last = connection.execute(select(func.max(JOB_LOG.c.number)).where(JOB_LOG.c.job == job_id)).scalar() or 0
        connection.execute(insert(JOB_LOG).values(job=job_id, number=last + 1, at=now, line=line[:LONGEST_LINE]))
        connection.execute(delete(JOB_LOG).where(JOB_LOG.c.job == job_id, JOB_LOG.c.number <= last + 1 - LOG_LINES))


def finish(
    engine: Engine,
    job_id: int,
    worker: str,
    state: State,
    now: datetime,
    *,
    result: Mapping[str, Any] | None = None,
    error: str | None = None,
) -> bool:
    """End the job in this state; False where it has ended already or is another worker's.

    Raises:
        StorageError: the database cannot be reached or written.
    """
    ended: dict[str, Any] = {"state": state, "finished_at": now, "result": result, "error": error}
    if state == "succeeded":
        ended["share"] = 1.0
    with writing(engine) as connection:
        return connection.execute(update(JOBS).where(_ours(job_id, worker)).values(**ended)).rowcount > 0


def release(engine: Engine, worker: Worker, now: datetime) -> None:
    """Mark what this worker leaves unfinished as it is told to end.

    Raises:
        StorageError: the database cannot be reached or written.
    """
    with writing(engine) as connection:
        ours = and_(JOBS.c.state == "running", JOBS.c.worker == str(worker))
        sentence = "The worker was told to end while this ran. What was committed stays; it can be run again."
        connection.execute(update(JOBS).where(ours).values(state="failed", finished_at=now, error=sentence))


def mark_lost(engine: Engine, here: str, alive: Callable[[Worker], bool], now: datetime) -> list[int]:
    """Mark the jobs as failed whose worker is gone: those of this machine by their process, others by their silence.

    Raises:
        StorageError: the database cannot be reached or written.
    """
    with reading(engine) as connection:
        running = [job_of(row) for row in connection.execute(select(JOBS).where(JOBS.c.state == "running")).mappings()]
    lost = []
    for job in running:
        if not _is_lost(job, here, alive, now):
            continue
        unchanged = and_(_ours(job.id, job.worker or ""), JOBS.c.heartbeat == job.heartbeat)
        sentence = "The worker was gone before this ended. What was committed stays; it can be run again."
        ended = {"state": "failed", "finished_at": now, "error": sentence}
        if job.cancel_asked:
            ended |= {"state": "cancelled", "error": None}
        with writing(engine) as connection:
            if connection.execute(update(JOBS).where(unchanged).values(**ended)).rowcount:
                lost.append(job.id)
    return lost


def forget_old(engine: Engine, now: datetime) -> int:
    """Remove jobs that ended long ago, the worker's own builds sooner; how many.

    Raises:
        StorageError: the database cannot be reached or written.
    """
    of_worker = and_(JOBS.c.requested_by == WORKER_NAME, JOBS.c.finished_at < now - KEEP_WORKERS_JOBS)
    old = and_(JOBS.c.state.in_(FINISHED), or_(of_worker, JOBS.c.finished_at < now - KEEP_JOBS))
    with reading(engine) as connection:
        gone = list(connection.execute(select(JOBS.c.id).where(old).limit(500)).scalars())
    if gone:
        with writing(engine) as connection:
            connection.execute(delete(JOB_LOG).where(JOB_LOG.c.job.in_(gone)))
            connection.execute(delete(JOBS).where(JOBS.c.id.in_(gone)))
    return len(gone)


def _ours(job_id: int, worker: str) -> ColumnElement[bool]:
    return and_(JOBS.c.id == job_id, JOBS.c.state == "running", JOBS.c.worker == worker)


def _is_lost(job: Job, here: str, alive: Callable[[Worker], bool], now: datetime) -> bool:
    host, pid, start = (job.worker or "- 0 -").rsplit(" ", 2)
    if host == here:
        return not alive(Worker(host, int(pid), start))
    return job.heartbeat is None or now - job.heartbeat > HEARTBEAT_PATIENCE


def _start_of(pid: int) -> str | None:
    """When a process started, in the system's own count; None where it does not tell (no Linux)."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # Its second field, the program's name, may hold spaces and brackets.
    return told.rpartition(")")[2].split()[19]
