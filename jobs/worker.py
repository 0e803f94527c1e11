"""The worker: a process beside the dashboard that runs the jobs, minds the schedules, and builds what lands.

The table of jobs is the queue: it says what waits, in which order, and whose it is. Huey, over SQLite in the home,
wakes the worker and keeps its minutes.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from huey import crontab
from huey.consumer import Consumer, ConsumerStopped
from sqlalchemy import Engine

from jobs.job import Job
from jobs.kind import JobKind
from jobs.kinds import KINDS
from jobs.queue import open_queue, waking
from jobs.running import Worker, is_waiting, release, take_next, this_worker
from jobs.supervision import CHILD, supervise
from jobs.tables import open_jobs
from jobs.tending import tend
from lake_access.database import open_database
from lake_access.errors import LeadlakeError
from lake_access.lake import open_lake
from lake_access.settings import Settings

log = logging.getLogger(__name__)

JOBS_AT_ONCE = 2
# Requests from another machine wake nobody here: the table is looked at besides.
SECONDS_BETWEEN_LOOKS = 2.0


def run_worker(settings: Settings, kinds: Mapping[str, JobKind] = KINDS, child: str = CHILD) -> None:
    """Run jobs, those of schedules and builds of what has landed among them, until a signal comes.

    SIGINT lets the jobs at hand end. SIGTERM and SIGHUP end them at once: they are marked, and can be run again. The
    `child` is the module that runs a job of these kinds.

    Raises:
        LeadlakeError: the lake, the database or the queue cannot be opened.
    """
    open_lake(settings)
    engine, queue, worker = open_database(settings), open_queue(settings), this_worker()
    open_jobs(engine)
    # A thread more than there are jobs: the minutes are kept whatever is running.
    consumer = queue.create_consumer(workers=JOBS_AT_ONCE + 1, periodic=True, initial_delay=0.1, max_delay=1.0)
    free = threading.BoundedSemaphore(JOBS_AT_ONCE)

    def work_off() -> None:
        with suppress(_NoneFreeError), _one_of(free):
            while not consumer.stop_flag.is_set() and (job := take_next(engine, worker, datetime.now(UTC))):
                _run_job(engine, settings, job, worker, child)

    wake = waking(queue, _guarded(work_off))

    @queue.periodic_task(crontab(minute="*"), name="tend", retries=0)  # type: ignore[untyped-decorator]
    @queue.lock_task("tend")  # type: ignore[untyped-decorator]
    def tend_and_wake() -> None:
        tend(engine, settings, kinds, worker, datetime.now(UTC))
        wake()

    # A worker that was killed has left its lock, and none would ever tend again.
    queue.flush_locks("tend")
    tend_and_wake()
    try:
        _run(consumer, _guarded(lambda: wake() if is_waiting(engine) else None))
    finally:
        release(engine, worker, datetime.now(UTC))


def _run_job(engine: Engine, settings: Settings, job: Job, worker: Worker, child: str) -> None:
    log.info("job %s (%s) begins, asked for by %s", job.id, job.kind, job.requested_by)
    begun = time.monotonic()
    supervise(engine, settings, job, worker, child)
    log.info("job %s (%s) ended after %.1f s", job.id, job.kind, time.monotonic() - begun)


@contextmanager
def _one_of(free: threading.BoundedSemaphore) -> Iterator[None]:
    """Hold one of the places for a job; where none is free, whoever ends a job takes the next."""
    if not free.acquire(blocking=False):
        raise _NoneFreeError
    try:
        yield
    finally:
        free.release()


class _NoneFreeError(Exception):
    pass


def _guarded(work: Callable[[], None]) -> Callable[[], None]:
    """The work, whose failure is logged as the sentence it is: the next look tries again."""

    def guarded() -> None:
        try:
            work()
        except LeadlakeError as exc:
            log.error("The worker could not run its jobs: %s", exc)  # noqa: TRY400  (one sentence, as everywhere)

    return guarded


def _run(consumer: Consumer, look: Callable[[], None]) -> None:
    nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    consumer.start()
    if nohup:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    else:
        # Huey's own way is to start itself anew, without a terminal.
        signal.signal(signal.SIGHUP, lambda _number, _frame: signal.raise_signal(signal.SIGTERM))
    checked = looked = time.monotonic()
    with suppress(ConsumerStopped):
        while True:
            checked = consumer.loop(checked)
            if time.monotonic() - looked >= SECONDS_BETWEEN_LOOKS:
                look()
                looked = time.monotonic()
