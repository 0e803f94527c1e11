"""Compaction leaves few files with the same rows, and no stage of a build takes it for news."""

from __future__ import annotations

from pathlib import Path

from pyiceberg.manifest import DataFile

from lake_access.building.build import build
from lake_access.iceberg.catalog import load_table
from lake_access.iceberg.commits import PinnedTable, pin_by_name
from lake_access.iceberg.tables import BATCHES, EVENTS, IDENTITIES, LEADS, table_definitions
from lake_access.lake import Lake
from lake_access.upkeep.compaction import SMALL_BYTES, TARGET_BYTES, small_files
from tests.lake_access.lakes import NOW, lake_in, land_lines, read_table, read_tables, shipped_config, touch
from tests.lake_access.upkeep.tended import (
    LANDINGS,
    all_snapshots,
    built,
    built_at_once,
    news,
    number_of_files,
    seen,
    tend,
)


def test_each_partition_is_left_with_one_file_and_the_same_rows(tmp_path: Path) -> None:
    lake = built(tmp_path, 4)
    before, files = read_tables(lake), number_of_files(lake, EVENTS)
    months = {row["occurred_at"].strftime("%Y-%m") for row in read_table(lake, EVENTS)}

    report = tend(lake)

    assert read_tables(lake) == before
    assert number_of_files(lake, EVENTS) == len(months) < files
    assert [number_of_files(lake, name) for name in (IDENTITIES, BATCHES)] == [1, 1]
    assert (report.tables[EVENTS].files_before, report.tables[EVENTS].files_after) == (files, len(months))


def test_what_is_compacted_stays_as_it_is(tmp_path: Path) -> None:
    lake = built(tmp_path, 3)
    tend(lake)
    before = list(all_snapshots(lake))

    report = tend(lake)

    assert list(all_snapshots(lake)) == before
    assert all(table.files_before == table.files_after for table in report.tables.values())


def test_a_build_afterwards_has_nothing_to_do(tmp_path: Path) -> None:
    lake = built(tmp_path, 4)
    tend(lake)
    before = list(all_snapshots(lake))

    result = build(lake, NOW)

    assert news(result) == (0, 0)
    assert list(all_snapshots(lake)) == before


def test_builds_between_compactions_give_the_tables_of_one_build(tmp_path: Path) -> None:
    lake = lake_in(tmp_path / "tended")
    for land in LANDINGS:
        land(lake)
        build(lake, NOW)
        tend(lake)

    assert read_tables(lake) == read_tables(built_at_once(tmp_path / "once", 4))


def test_a_build_that_has_yet_to_follow_compacted_events_follows_them(tmp_path: Path) -> None:
    """Compaction amid a build's commits: the leads were made from files that are no longer the current ones."""
    lake = built(tmp_path / "tended", 2)
    older = {name: load_table(lake.catalog, name) for name in table_definitions(lake.settings.declarations)}
    LANDINGS[2](lake)
    build(lake, NOW)
    for name, table in older.items():
        # Back to what the leads and all else had been when the events were committed.
        if name not in (EVENTS, IDENTITIES) and table is not None:
            lake.catalog.drop_table(name)
            lake.catalog.register_table(name, table.metadata_location)
    tend(lake)

    build(lake, NOW)

    assert read_tables(lake) == read_tables(built_at_once(tmp_path / "once", 3))


def test_readers_see_the_same_version_and_when_it_was_built(tmp_path: Path) -> None:
    lake = built(tmp_path, 3)
    before = lake.pin()

    tend(lake)

    after = lake.pin()
    assert after.snapshot_ids != before.snapshot_ids
    assert {name: table.version for name, table in after.tables.items()} == {
        name: table.version for name, table in before.tables.items()
    }
    assert (after.built_at, after.known_until) == (before.built_at, before.known_until)
    assert seen(after) == seen(before)


def test_files_older_than_a_column_are_joined_with_newer_ones(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    land_lines(lake, "webinar", touch())
    build(lake, NOW)
    added = "fields.duration = {", 'fields.mood = { type = "text" }\nfields.duration = {'
    lake = lake_in(tmp_path, shipped_config(added))
    attended = {"event_type": "webinar_attendance", "mood": "good"}
    land_lines(lake, "webinar", touch(email="ann@example.com", **attended))
    build(lake, NOW)
    before = read_tables(lake)

    tend(lake)

    assert read_tables(lake) == before
    assert number_of_files(lake, EVENTS) == 1
    assert sorted(str(row["mood"]) for row in read_table(lake, EVENTS)) == ["None", "good"]


def test_a_column_whose_declaration_is_gone_keeps_its_values(tmp_path: Path) -> None:
    added = "fields.duration = {", 'fields.mood = { type = "text" }\nfields.duration = {'
    lake = lake_in(tmp_path, shipped_config(added))
    for name in ("ann", "bob"):
        attended = touch(email=f"{name}@example.com", event_type="webinar_attendance", mood=f"{name}'s")
        land_lines(lake, "webinar", attended)
        build(lake, NOW)

    tend(lake_in(tmp_path))

    assert number_of_files(lake, EVENTS) == 1
    assert sorted(row["mood"] for row in read_table(lake, EVENTS)) == ["ann's", "bob's"]


def test_only_small_files_of_one_partition_are_joined_up_to_the_target(lake: Lake) -> None:
    land_lines(lake, "webinar", *(touch(timestamp=f"2025-{month:02d}-01T10:00:00Z") for month in (10, 11)))
    build(lake, NOW)
    pinned = pin_by_name(lake.catalog, EVENTS)
    assert pinned is not None
    october, november = pinned.files.values()

    def groups(*sizes: int, partitions: int = 1) -> list[list[int]]:
        places = [(october, november)[number % partitions].partition for number in range(len(sizes))]
        files = {
            str(number): DataFile.from_args(file_path=str(number), partition=place, file_size_in_bytes=size)
            for number, (size, place) in enumerate(zip(sizes, places, strict=True))
        }
        return [[sizes[int(path)] for path in group] for group in small_files(PinnedTable(EVENTS, (), files=files))]

    half = TARGET_BYTES // 2
    assert groups(5, 6) == [[5, 6]]
    assert groups(5) == groups(5, SMALL_BYTES) == groups(5, 6, partitions=2) == []
    assert groups(*[half - 1] * 5) == [[half - 1] * 2] * 2
    assert groups(half - 1, 1, 2, half - 1) == [[1, 2, half - 1]]


def test_an_empty_lake_has_nothing_to_compact(lake: Lake) -> None:
    assert tend(lake).tables == {}
    land_lines(lake, "webinar", "no JSON")
    build(lake, NOW)

    assert tend(lake).tables[LEADS].files_after == 0
