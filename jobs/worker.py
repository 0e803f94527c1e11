"""The worker: a process beside the dashboard that builds what lands."""

from __future__ import annotations

import logging
import signal
import time
from contextlib import suppress
from datetime import UTC, datetime

from huey import SqliteHuey, crontab
from huey.api import TaskWrapper
from huey.consumer import Consumer, ConsumerStopped

from jobs.queue import open_queue
from lake_access.building.build import build
from lake_access.errors import LeadlakeError
from lake_access.lake import open_lake
from lake_access.settings import Settings

log = logging.getLogger(__name__)


def run_worker(settings: Settings) -> None:
    """Build what has landed, now and every minute, until a signal comes: SIGINT lets the build at hand end.

    SIGTERM and SIGHUP end it at once; a build cut short is done again next time.

    Raises:
        LeadlakeError: the lake or the queue cannot be opened.
    """
    open_lake(settings)
    queue = open_queue(settings)
    look = schedule_builds(queue, settings)
    # A worker that was killed amid a build has left its lock, and none would ever build again.
    consumer = queue.create_consumer(workers=1, periodic=True, initial_delay=0.1, max_delay=2.0, flush_locks=True)
    look()
    _run(consumer)


def schedule_builds(queue: SqliteHuey, settings: Settings) -> TaskWrapper:
    """Have the queue look every minute for batches that have landed, and build them; a call has it look now too."""

    @queue.periodic_task(crontab(minute="*"), name="build", retries=0)  # type: ignore[untyped-decorator]
    @queue.lock_task("build")  # type: ignore[untyped-decorator]
    def build_what_landed() -> dict[str, int]:
        return build_once(settings, datetime.now(UTC))

    return build_what_landed


def build_once(settings: Settings, now: datetime) -> dict[str, int]:
    """One build, its counts; a failure is logged as the sentence it is, and the next minute tries again."""
    try:
        result = build(open_lake(settings), now)
    except LeadlakeError as exc:
        log.error("the build failed: %s", exc)  # noqa: TRY400  (one sentence, as everywhere)
        return {}
    for refusal in result.refused:
        log.warning("%s", refusal)
    if result.batches:
        log.info(
            "built %s batches: %s lines = %s curated + %s duplicates + %s quarantined",
            *(f"{n:,}" for n in (result.batches, result.read, result.curated, result.duplicates, result.quarantined)),
        )
    return {"batches": result.batches, "read": result.read, "curated": result.curated}


def _run(consumer: Consumer) -> None:
    nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    consumer.start()
    if nohup:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    else:
        # Huey's own way is to start itself anew, without a terminal.
        signal.signal(signal.SIGHUP, lambda _number, _frame: signal.raise_signal(signal.SIGTERM))
    checked = time.monotonic()
    with suppress(ConsumerStopped):
        while True:
            checked = consumer.loop(checked)
