"""The process of one job: `python -m jobs.child NUMBER WORKER`, started by `jobs.supervision`.

On its standard input the worker says that a cancel was asked for. Where that ends, the worker is gone, and this process
goes with it: the next worker finds the job and marks it.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from sqlalchemy import Engine, select

from jobs.job import Job, job_of
from jobs.kind import JobCancelledError, JobKind, JobTask, kind_named
from jobs.running import LOG_LINES, add_line, finish, tell_progress
from jobs.tables import JOBS
from lake_access.database import open_database, reading
from lake_access.errors import LeadlakeError
from lake_access.permissions import require
from lake_access.settings import load_settings

log = logging.getLogger(__name__)

# Told more often than this, progress is kept for the last time only: the database has other things to do.
SECONDS_BETWEEN_TELLINGS = 0.5
CANCEL = b"cancel\n"
ORPHANED = 70


def main(kinds: Mapping[str, JobKind]) -> None:
    """Run the job that the command line names, and write down what becomes of it."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    job_id, worker = int(sys.argv[1]), sys.argv[2]
    # Ctrl+C is for the worker, which lets its jobs end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cancelled = threading.Event()
    threading.Thread(target=_listen, args=(cancelled,), daemon=True).start()
    settings = load_settings(os.environ)
    engine = open_database(settings)
    with reading(engine) as connection:
        job = job_of(connection.execute(select(JOBS).where(JOBS.c.id == job_id)).mappings().one())
    progress = _progress(engine, job, worker, cancelled, time.monotonic)
    task = JobTask(settings, job.actor, datetime.now(UTC), progress, _logging(engine, job))
    _run(kinds, engine, job, worker, task)


def _run(kinds: Mapping[str, JobKind], engine: Engine, job: Job, worker: str, task: JobTask) -> None:
    """The one boundary of a job: whatever happens in it becomes its state and one sentence."""
    try:
        kind = kind_named(kinds, job.kind)
        require(job.actor, kind.action)
        result = dict(kind.run(task, job.parameters))
        json.dumps(result, allow_nan=False)
    except JobCancelledError:
        finish(engine, job.id, worker, "cancelled", datetime.now(UTC))
    except LeadlakeError as exc:
        log.warning("Job %s (%s) failed: %s", job.id, job.kind, exc)
        finish(engine, job.id, worker, "failed", datetime.now(UTC), error=str(exc))
    except MemoryError:
        log.exception("Job %s (%s) ran out of memory", job.id, job.kind)
        sentence = "There was not enough memory for this; try it with less data, or set LEADLAKE_MEMORY lower."
        finish(engine, job.id, worker, "failed", datetime.now(UTC), error=sentence)
    except Exception:
        reference = f"job {job.id}"
        log.exception("Something went wrong in this job, reference: %s", reference)
        sentence = (
            f"Something went wrong in this job; the worker's log holds the rest under the reference “{reference}”."
        )
        finish(engine, job.id, worker, "failed", datetime.now(UTC), error=sentence)
    else:
        finish(engine, job.id, worker, "succeeded", datetime.now(UTC), result=result)


def _progress(
    engine: Engine, job: Job, worker: str, cancelled: threading.Event, clock: Callable[[], float]
) -> Callable[[str, float | None], None]:
    told_at, told = float("-inf"), ""

    def progress(step: str, share: float | None) -> None:
        nonlocal told_at, told
        if cancelled.is_set():
            raise JobCancelledError(f"Job {job.id} was cancelled.")
        if step == told and clock() - told_at < SECONDS_BETWEEN_TELLINGS:
            return
        tell_progress(engine, job.id, worker, step, share)
        if step != told:
            add_line(engine, job.id, step, datetime.now(UTC))
        told_at, told = clock(), step

    return progress


def _logging(engine: Engine, job: Job) -> Callable[[str], None]:
    """Keep lines; past the most that are kept anyway, those of one second as its last."""
    kept, kept_at = 0, float("-inf")

    def keep(line: str) -> None:
        nonlocal kept, kept_at
        if kept < LOG_LINES or time.monotonic() - kept_at >= 1:
            add_line(engine, job.id, line, datetime.now(UTC))
            kept, kept_at = kept + 1, time.monotonic()

    return keep


def _listen(cancelled: threading.Event) -> None:
    """Hear of a cancel; where the worker is gone, go."""
    while line := os.read(0, len(CANCEL)):
        if line:
            cancelled.set()
    os._exit(ORPHANED)


if __name__ == "__main__":
    from jobs.kinds import KINDS

    main(KINDS)
