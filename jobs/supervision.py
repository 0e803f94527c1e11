"""Running a job in a process of its own: cancel and memory go with it, and its end is seen, however it comes."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import Engine

from jobs.child import CANCEL
from jobs.job import Job
from jobs.running import Told, Worker, beat, finish
from lake_access.errors import LeadlakeError
from lake_access.settings import PREFIX, Settings

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parent.parent
CHILD = "jobs.child"
SECONDS_BETWEEN_BEATS = 0.5
# A job that does not listen to a cancel is terminated after so long, and killed after as long again.
SECONDS_TO_LISTEN = 1.5


def supervise(engine: Engine, settings: Settings, job: Job, worker: Worker, child: str = CHILD) -> None:
    """Run the job of this worker in a process of its own, to its end.

    Raises:
        StorageError: the database cannot be written when the job has ended.
    """
    with _start(settings, job, worker, child) as process:
        cancelled = _watch(engine, job, worker, process)
    code = process.returncode
    state, error = ("cancelled", None) if cancelled else ("failed", _how_it_ended(code))
    # The process writes its own end; here is what it could not write any more.
    if finish(engine, job.id, str(worker), "cancelled" if cancelled else "failed", datetime.now(UTC), error=error):
        log.warning("Job %s (%s) %s: its process ended with %s.", job.id, job.kind, state, code)


def _start(settings: Settings, job: Job, worker: Worker, child: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", child, str(job.id), str(worker)],
        env=environment_of(settings),
        stdin=subprocess.PIPE,
        # Standard output is for results of commands: what a library prints goes to the log.
        stdout=2,
        process_group=0,
    )


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment with these settings in the place of its own, in which Python finds Leadlake."""
    given = {name: value for name, value in settings.environment if value is not None} | {
        "config": settings.config_file
    }
    ours = {
        f"{PREFIX}{name.upper()}": value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in given.items()
    }
    others = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return {**others, **ours, "PYTHONPATH": path}


def _watch(engine: Engine, job: Job, worker: Worker, process: subprocess.Popen[bytes]) -> bool:
    """Wait for the process's end; whether it was made to end by a cancel."""
    asked_at: float | None = None
    told: Told = "go on"
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(SECONDS_BETWEEN_BEATS)
            return told == "cancel"
        try:
            told = beat(engine, job.id, str(worker), datetime.now(UTC))
        except LeadlakeError as exc:
            log.error("Job %s: %s", job.id, exc)  # noqa: TRY400  (one sentence, as everywhere)
            continue
        if told != "go on":
            asked_at = _ask_to_end(process, asked_at)


def _ask_to_end(process: subprocess.Popen[bytes], asked_at: float | None) -> float:
    """Ask once, then terminate, then kill; when it was asked first."""
    now = time.monotonic()
    if asked_at is None:
        with contextlib.suppress(OSError):
            assert process.stdin is not None  # noqa: S101  (it was started with a pipe; this tells mypy)
            process.stdin.write(CANCEL)
            process.stdin.flush()
        return now
    if now - asked_at > 2 * SECONDS_TO_LISTEN:
        process.kill()
    elif now - asked_at > SECONDS_TO_LISTEN:
        process.terminate()
    return asked_at


def _how_it_ended(code: int) -> str:
    if code == -signal.SIGKILL:
        how = "was killed, perhaps for want of memory"
    elif code < 0:
        how = f"was ended by {signal.Signals(-code).name}"
    else:
        how = f"ended with exit code {code} before it was done"
    return f"The process of this job {how}. What was committed stays; it can be run again."
