"""Only what nothing refers to, and what is older than the retention, is removed; raw events never are."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lake_access.building.build import build
from lake_access.engine import SPILL
from lake_access.errors import RefusedError, StorageError
from lake_access.iceberg.catalog import load_table
from lake_access.iceberg.commits import local_path
from lake_access.iceberg.tables import EVENTS, LEADS
from lake_access.lake import Lake
from lake_access.storage.local import INCOMING
from lake_access.upkeep.orphans import find_orphans
from tests.lake_access.lakes import NOW, lake_in, read_tables
from tests.lake_access.upkeep.tended import LANDINGS, RETENTION, built, long_after, seen, stored_files, tend

EVENTS_FOLDER = "warehouse/curated/events"


def put(lake: Lake, key: str, content: str = "left behind", *, days_old: float = 0) -> Path:
    file = Path(lake.settings.lake) / key
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content, encoding="utf-8")
    then = (datetime.now(UTC) - timedelta(days=days_old)).timestamp()
    os.utime(file, (then, then))
    return file


def files_in_use(lake: Lake) -> set[str]:
    """The data files of the current snapshots, below the lake."""
    root = local_path(str(Path(lake.settings.lake))) + "/"
    return {file.removeprefix(root) for table in lake.pin().tables.values() for file in table.files}


def test_files_of_expired_snapshots_go_in_the_same_run(tmp_path: Path) -> None:
    lake = built(tmp_path, 3)
    raw = {stored.key for stored in lake.store.list("raw/")}

    report = tend(lake, long_after())

    data = {key for key in stored_files(lake) if key.endswith(".parquet")}
    tables = {file.split("/data/")[0] for file in files_in_use(lake)}
    assert {key for key in data if key.split("/data/")[0] in tables} == files_in_use(lake)
    assert report.tables[EVENTS].orphan_files > 0
    assert report.tables[EVENTS].orphan_bytes > 0
    assert {stored.key for stored in lake.store.list("raw/")} == raw


def test_what_was_never_committed_goes_once_it_is_old(tmp_path: Path) -> None:
    lake = built(tmp_path, 1)
    old = [
        put(lake, f"{EVENTS_FOLDER}/data/occurred_at_month=2025-11/old.parquet", days_old=8),
        put(lake, f"{EVENTS_FOLDER}/metadata/old-m0.avro", days_old=8),
    ]
    young = put(lake, f"{EVENTS_FOLDER}/data/occurred_at_month=2025-11/young.parquet", days_old=6)

    report = tend(lake)

    assert [file.exists() for file in (*old, young)] == [False, False, True]
    assert (report.tables[EVENTS].orphan_files, report.tables[EVENTS].orphan_bytes) == (2, 2 * len("left behind"))
    assert report.tables[LEADS].orphan_files == 0


def test_a_dry_run_says_what_would_go_and_changes_nothing(tmp_path: Path) -> None:
    lake = built(tmp_path, 3)
    put(lake, f"{EVENTS_FOLDER}/data/old.parquet", days_old=50)
    put(lake, f"raw/webinar/{INCOMING}abc", days_old=50)
    before, tables = {stored.key for stored in (*lake.store.list(""), *lake.store.leftovers())}, read_tables(lake)
    now = long_after()

    said = tend(lake, now, dry_run=True)

    assert {stored.key for stored in (*lake.store.list(""), *lake.store.leftovers())} == before
    assert read_tables(lake) == tables
    done = tend(lake, now)
    assert {name: table.files_after for name, table in said.tables.items()} == {
        name: table.files_after for name, table in done.tables.items()
    }
    assert said.tables[EVENTS].snapshots_expired == 2
    assert (said.leftover_files, done.leftover_files) == (1, 1)
    assert 0 < said.tables[EVENTS].orphan_files <= done.tables[EVENTS].orphan_files


def test_landings_that_were_cut_short_leave_nothing_for_ever(tmp_path: Path) -> None:
    lake = built(tmp_path, 1)
    old = put(lake, f"raw/webinar/dt=2026-01-02/{INCOMING}old", days_old=8)
    young = put(lake, f"raw/webinar/dt=2026-01-02/{INCOMING}young", days_old=6)

    report = tend(lake)

    assert (old.exists(), young.exists()) == (False, True)
    assert (report.leftover_files, report.leftover_bytes) == (1, len("left behind"))


def test_what_ended_processes_have_spilled_goes(tmp_path: Path) -> None:
    lake = built(tmp_path, 1)
    ended = subprocess.Popen(["true"])
    ended.wait()
    folders = [tmp_path / f"{SPILL}{process}-abc" for process in (ended.pid, os.getpid())]
    for folder in folders:
        folder.mkdir()
        (folder / "duckdb_temp_storage_DEFAULT-0.tmp").write_bytes(b"12345")

    assert tend(lake).leftover_files == 0
    report = tend(lake, long_after())

    assert [folder.exists() for folder in folders] == [False, True]
    assert (report.leftover_files, report.leftover_bytes) == (1, 5)


def test_another_catalogs_files_are_never_taken_for_orphans(tmp_path: Path) -> None:
    """Two databases over one lake, as when LEADLAKE_DATABASE was forgotten on one machine."""
    theirs = built(tmp_path / "theirs", 2)
    ours = lake_in(tmp_path / "ours", lake=theirs.settings.lake)
    build(ours, NOW)
    before, said = stored_files(theirs), seen(theirs.pin())

    with pytest.raises(RefusedError, match=r"is of another table.* LEADLAKE_DATABASE"):
        tend(ours, long_after())

    assert before <= stored_files(theirs)
    assert seen(theirs.pin()) == said


def test_a_table_that_lies_elsewhere_loses_nothing(tmp_path: Path) -> None:
    lake = built(tmp_path / "home", 1)
    table = load_table(lake.catalog, EVENTS)
    assert table is not None
    elsewhere = lake_in(tmp_path / "elsewhere")
    put(elsewhere, f"{EVENTS_FOLDER}/data/another.parquet", days_old=50)

    with pytest.raises(StorageError, match="its files are not below"):
        find_orphans(elsewhere.store, table, set(), set(), datetime.now(UTC) - RETENTION)


@pytest.mark.parametrize("days", [0, 30])
def test_a_build_that_was_killed_loses_nothing_by_upkeep(days: int, tmp_path: Path) -> None:
    """What it had written is removed once it is old; what it had not is built by the next one."""
    lake = built(tmp_path / "tended", 2)
    LANDINGS[2](lake)
    left = put(lake, f"{EVENTS_FOLDER}/data/occurred_at_month=2025-11/half.parquet")

    tend(lake, datetime.now(UTC) + timedelta(days=days))

    assert left.exists() == (days == 0)
    build(lake, NOW)
    assert read_tables(lake) == read_tables(built(tmp_path / "untended", 3))
