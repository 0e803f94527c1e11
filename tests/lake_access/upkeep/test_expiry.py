"""Snapshots go once nobody can be reading them, and never while a stage of a build needs them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from lake_access.building.build import build, unbuilt_batches
from lake_access.building.curate import curate, equip
from lake_access.building.identity import identity_key
from lake_access.building.record import catch_up
from lake_access.building.workshop import open_workshop
from lake_access.errors import ConflictError
from lake_access.iceberg.catalog import load_table, load_tables
from lake_access.iceberg.consistency import pin_together
from lake_access.iceberg.tables import BATCHES, EVENTS, IDENTITIES, LEADS, table_definitions
from lake_access.lake import Lake
from lake_access.upkeep.expiry import expirable, expire
from lake_access.views import PINNED
from tests.lake_access.lakes import NOW, read_tables
from tests.lake_access.upkeep.tended import (
    LANDINGS,
    RETENTION,
    all_snapshots,
    built,
    built_at_once,
    long_after,
    moment_between,
    news,
    seen,
    snapshot_ids,
    tend,
)


def curate_alone(lake: Lake) -> None:
    """A build that is killed when its events are committed: nothing has followed them, not even their record."""
    workshop = open_workshop(lake.settings, lake.store, lake.catalog, identity_key(lake.settings), NOW)
    with workshop.connection:
        equip(workshop)
        catch_up(workshop)
        curate(workshop, unbuilt_batches(workshop))


def test_after_the_retention_the_current_snapshots_alone_are_left(tmp_path: Path) -> None:
    lake = built(tmp_path, 3)
    before, tables = len(list(all_snapshots(lake))), read_tables(lake)

    report = tend(lake, long_after())

    left = list(all_snapshots(lake))
    assert len(left) == len({name for name, _ in left})
    assert read_tables(lake) == tables
    compactions = sum(table.files_before > table.files_after for table in report.tables.values())
    assert sum(table.snapshots_expired for table in report.tables.values()) == before + compactions - len(left)


def test_within_the_retention_nothing_goes(tmp_path: Path) -> None:
    lake = built(tmp_path, 3)
    before = list(all_snapshots(lake))

    tend(lake, moment_between() + RETENTION - timedelta(hours=1))

    assert [snapshot for snapshot in before if snapshot not in list(all_snapshots(lake))] == []


def test_what_was_superseded_within_the_retention_stays_however_old_it_is(tmp_path: Path) -> None:
    lake = built(tmp_path, 2)
    old = dict(lake.pin().snapshot_ids)
    superseded_from = moment_between()
    LANDINGS[2](lake)
    build(lake, NOW)

    tend(lake, superseded_from + RETENTION)

    assert {name for name, snapshot_id in old.items() if snapshot_id in snapshot_ids(lake, name)} == set(old)
    assert seen(lake.pin_as_of(old[EVENTS]))[EVENTS] != seen(lake.pin())[EVENTS]


def test_a_reader_who_pinned_before_reads_everything_after(tmp_path: Path) -> None:
    lake = built(tmp_path, 2)
    pinned, before = lake.pin(), seen(lake.pin())
    pinned_at = moment_between()
    for land in LANDINGS[2:]:
        land(lake)
        build(lake, NOW)

    tend(lake, pinned_at + RETENTION)
    assert seen(pinned) == before

    tend(lake, long_after())
    assert not any(Path(file).exists() for file in pinned.tables[LEADS].files)


def test_what_readers_still_pin_stays_while_builds_get_no_further_than_the_events(tmp_path: Path) -> None:
    """The events went on, and nothing followed: readers see the last whole build for as long as that lasts."""
    lake = built(tmp_path, 2)
    before = seen(lake.pin())
    for land in LANDINGS[2:]:
        land(lake)
        curate_alone(lake)

    tend(lake, long_after())

    tables = load_tables(lake.catalog, PINNED)
    assert {name: pinned.snapshot_id for name, pinned in pin_together(tables).items()} == dict(lake.pin().snapshot_ids)
    assert seen(lake.pin()) == before


def test_a_stage_that_is_behind_still_finds_what_it_was_made_from(tmp_path: Path) -> None:
    lake = built(tmp_path / "tended", 2)
    needed = snapshot_ids(lake, EVENTS)[-1]
    LANDINGS[2](lake)
    curate_alone(lake)
    LANDINGS[3](lake)
    curate_alone(lake)

    tend(lake, long_after())

    assert needed in snapshot_ids(lake, EVENTS)
    build(lake, NOW)
    assert read_tables(lake) == read_tables(built_at_once(tmp_path / "once", 4))


def test_batches_that_are_not_recorded_yet_are_recorded_once_afterwards(tmp_path: Path) -> None:
    lake = built(tmp_path, 1)
    for land in LANDINGS[1:]:
        land(lake)
        curate_alone(lake)

    tend(lake, long_after())
    assert news(build(lake, NOW)) == (0, 0)

    recorded = [row[0] for row in lake.pin().rows(f"SELECT key FROM {BATCHES}")]
    assert len(recorded) == len(set(recorded)) == 7


def test_a_build_after_an_expiry_is_incremental_and_right(tmp_path: Path) -> None:
    lake = built(tmp_path / "tended", 2)
    tend(lake, long_after())
    base = snapshot_ids(lake, EVENTS)[-1]
    for land in LANDINGS[2:]:
        land(lake)
        build(lake, NOW)
        tend(lake, long_after())

    assert base not in snapshot_ids(lake, EVENTS)
    assert read_tables(lake) == read_tables(built_at_once(tmp_path / "once", 4))


def test_a_tagged_snapshot_stays(tmp_path: Path) -> None:
    lake = built(tmp_path, 1)
    tagged = snapshot_ids(lake, LEADS)[0]
    table = load_table(lake.catalog, LEADS)
    assert table is not None
    table.manage_snapshots().create_tag(tagged, "model-1").commit()
    LANDINGS[1](lake)
    build(lake, NOW)

    tend(lake, long_after())

    assert tagged in snapshot_ids(lake, LEADS)
    assert len(snapshot_ids(lake, EVENTS)) == 1
    assert load_table(lake.catalog, LEADS).scan(snapshot_id=tagged).to_arrow().num_rows == 2  # type: ignore[union-attr]


def test_an_expiry_that_another_came_before_is_a_conflict_and_changes_nothing(tmp_path: Path) -> None:
    lake = built(tmp_path, 3)
    cutoff = moment_between()
    tables = load_tables(lake.catalog, table_definitions(lake.settings.declarations))
    going = expirable(tables, PINNED, cutoff)[IDENTITIES]
    assert len(going) == 2
    stale = load_table(lake.catalog, IDENTITIES)
    assert stale is not None
    expire(tables[IDENTITIES], going[:1], cutoff)
    left = snapshot_ids(lake, IDENTITIES)

    with pytest.raises(ConflictError, match=IDENTITIES):
        expire(stale, going, cutoff)

    assert snapshot_ids(lake, IDENTITIES) == left
