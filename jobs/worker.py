"""The worker: a process beside the dashboard that builds what lands."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from huey import SqliteHuey, crontab

from jobs.queue import open_queue
from lake_access.building.build import build
from lake_access.errors import LeadlakeError
from lake_access.lake import open_lake
from lake_access.settings import Settings

log = logging.getLogger(__name__)


def run_worker(settings: Settings) -> None:
    """Work until stopped: SIGINT ends after the task at hand, SIGTERM at once; a build cut short repeats next time."""
    queue = open_queue(settings)
    schedule_builds(queue, settings)
    queue.create_consumer(workers=1, periodic=True, initial_delay=0.1, max_delay=2.0).run()


def schedule_builds(queue: SqliteHuey, settings: Settings) -> None:
    """Have the queue look every minute for batches that have landed, and build them."""

    @queue.periodic_task(crontab(minute="*"), name="build", retries=0)  # type: ignore[untyped-decorator]
    @queue.lock_task("build")  # type: ignore[untyped-decorator]
    def build_what_landed() -> dict[str, int]:
        return build_once(settings, datetime.now(UTC))


def build_once(settings: Settings, now: datetime) -> dict[str, int]:
    """One build, its counts; a failure is logged as the sentence it is, and the next minute tries again."""
    try:
        result = build(open_lake(settings), now)
    except LeadlakeError as exc:
        log.error("the build failed: %s", exc)  # noqa: TRY400  (one sentence, as everywhere)
        return {}
    if result.batches:
        log.info("built %d batches, %d lines", result.batches, result.read)
    return {"batches": result.batches, "read": result.read, "curated": result.curated}
