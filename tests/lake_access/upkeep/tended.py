"""A lake that is built in steps, for upkeep to look after, and what a test asks of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lake_access.building.build import BuildResult, build
from lake_access.iceberg.catalog import load_table
from lake_access.iceberg.commits import pin_by_name
from lake_access.lake import Lake, PinnedLake
from lake_access.upkeep.maintain import Upkeep, maintain
from lake_access.views import PINNED, READABLE
from tests.lake_access.lakes import NOW, Row, lake_in, land_lines, touch

RETENTION = timedelta(days=7)
SCORE = {"event_type": "score", "model_version": "1", "score": 70, "timestamp": "2025-11-02T00:00:00Z"}
OUTCOME = {"event_type": "outcome", "converted": True, "timestamp": "2025-12-24T00:00:00Z"}


def land_first(lake: Lake) -> None:
    at = NOW - timedelta(hours=5)
    land_lines(lake, "webinar", touch(email="ann@example.com"), touch(email=None, lead_key="crm-1"), "no JSON", at=at)
    land_lines(lake, "scores", SCORE | {"email": "ann@example.com"}, at=at)


def land_second(lake: Lake) -> None:
    """News of a lead that is there, a new one in another month, and a refused line."""
    at = NOW - timedelta(hours=4)
    land_lines(lake, "webinar", touch(email="ann@example.com", n=2), "[]", at=at)
    land_lines(lake, "webinar", touch(email="bob@example.com", timestamp="2025-12-01T00:00:00Z"), at=at)


def land_third(lake: Lake) -> None:
    """An outcome that shows that two leads are one, and another's."""
    at = NOW - timedelta(hours=3)
    land_lines(lake, "outcomes", OUTCOME | {"email": "ann@example.com", "lead_key": "crm-1"}, at=at)
    land_lines(lake, "outcomes", OUTCOME | {"email": "bob@example.com", "converted": False}, at=at)


def land_fourth(lake: Lake) -> None:
    at = NOW - timedelta(hours=2)
    land_lines(lake, "webinar", touch(email="cem@example.com"), touch(email="bob@example.com", n=3), "{", at=at)


LANDINGS: tuple[Callable[[Lake], None], ...] = (land_first, land_second, land_third, land_fourth)


def built(home: Path, landings: int, **variables: str) -> Lake:
    """A lake into which so many landings came, with a build after each."""
    lake = lake_in(home, **variables)
    for land in LANDINGS[:landings]:
        land(lake)
        build(lake, NOW)
    return lake


def built_at_once(home: Path, landings: int) -> Lake:
    """The same landings, and one build."""
    lake = lake_in(home)
    for land in LANDINGS[:landings]:
        land(lake)
    build(lake, NOW)
    return lake


def moment_between() -> datetime:
    """A moment that is neither that of a snapshot made before it, nor after."""
    time.sleep(0.003)
    moment = datetime.now(UTC)
    time.sleep(0.003)
    return moment


def long_after() -> datetime:
    """A time at which everything that has been superseded by now was so longer ago than the retention."""
    return moment_between() + RETENTION + timedelta(days=20)


def retention_after_now() -> datetime:
    """A time at which the retention has passed since now: what is done from here on is within it."""
    return moment_between() + RETENTION


def tend(lake: Lake, now: datetime | None = None, *, dry_run: bool = False) -> Upkeep:
    """Maintain the lake: today, or at another time."""
    return maintain(lake, now or datetime.now(UTC), dry_run=dry_run)


def seen(pinned: PinnedLake) -> dict[str, list[Row]]:
    """Everything that a reader sees."""
    return {name: pinned.rows(f"SELECT * FROM {name} ORDER BY ALL") for name in READABLE}


def snapshot_ids(lake: Lake, name: str) -> list[int]:
    table = load_table(lake.catalog, name)
    assert table is not None
    return [snapshot.snapshot_id for snapshot in table.metadata.snapshots]


def number_of_files(lake: Lake, name: str) -> int:
    pinned = pin_by_name(lake.catalog, name)
    assert pinned is not None
    return len(pinned.files)


def stored_files(lake: Lake) -> set[str]:
    return {stored.key for stored in lake.store.list("warehouse/")}


def news(result: BuildResult) -> tuple[int, int]:
    return result.batches, result.read


def all_snapshots(lake: Lake) -> Iterator[tuple[str, int]]:
    for name in (*PINNED, "curated.identities", "features.known_outcomes"):
        for snapshot_id in snapshot_ids(lake, name):
            yield name, snapshot_id
