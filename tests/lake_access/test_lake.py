"""A pinned lake is one view: the same while nothing was built, unchanged whatever is built after."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from lake_access.building.build import build
from lake_access.errors import QueryRefusedError, SettingsError, StorageError
from lake_access.features import features_as_of
from lake_access.iceberg.tables import EVENTS, LEADS
from lake_access.lake import Lake, open_lake
from lake_access.sql import run_sql
from tests.lake_access.lakes import NOW, lake_in, land_lines, settings_in, shipped_config, touch


def test_an_empty_lake_pins_as_empty_tables(lake: Lake) -> None:
    pinned = lake.pin()

    assert pinned.rows("SELECT * FROM curated.leads") == []
    assert (pinned.snapshot_ids, pinned.snapshot(LEADS), pinned.known_until, pinned.built_at) == ((), None, None, None)


def test_opening_a_lake_makes_nothing_but_its_catalog(tmp_path: Path) -> None:
    open_lake(settings_in(tmp_path / "home")).pin()

    assert [entry.name for entry in (tmp_path / "home").iterdir()] == ["leadlake.sqlite"]


def test_a_pin_is_the_same_until_something_is_built(lake: Lake) -> None:
    land_lines(lake, "webinar", touch())
    build(lake, NOW)
    first = lake.pin()

    assert lake.pin() is first
    build(lake, NOW)
    assert lake.pin() is first
    land_lines(lake, "webinar", touch(n=1))
    build(lake, NOW)
    assert lake.pin() is not first
    assert lake.pin().snapshot_ids != first.snapshot_ids


def test_a_second_pin_reads_no_list_of_files_while_nothing_was_committed(tmp_path: Path) -> None:
    lake = lake_in(tmp_path / "home")
    land_lines(lake, "webinar", touch())
    build(lake, NOW)
    first = lake.pin()
    lists = list((tmp_path / "home").rglob("*.avro"))
    for file in lists:
        file.unlink()

    assert lists
    assert lake.pin() is first


def test_it_knows_what_happened_until_the_newest_batch_landed(lake: Lake) -> None:
    for hours in (3, 7, 5):
        land_lines(lake, "webinar", touch(n=hours), at=NOW + timedelta(hours=hours))
        build(lake, NOW + timedelta(hours=8))

    assert lake.pin().known_until == NOW + timedelta(hours=7)


def test_threads_of_one_page_share_a_pin(demo_lake: Lake) -> None:
    pinned = demo_lake.pin()
    counts: list[int] = []

    def count() -> None:
        for _ in range(5):
            counts.append(pinned.rows("SELECT count(*) FROM curated.events")[0][0])
            assert demo_lake.pin() is pinned

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert counts == [pinned.tables[EVENTS].rows] * 20


def test_a_query_that_fails_is_one_sentence(demo_lake: Lake) -> None:
    with pytest.raises(QueryRefusedError, match="the query failed: ") as refused:
        demo_lake.pin().rows("SELECT colour FROM curated.leads")

    assert "\n" not in str(refused.value)


def test_a_data_file_that_is_gone_is_told_as_such(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    land_lines(lake, "webinar", touch())
    build(lake, NOW)
    pinned = lake.pin()
    (file,) = pinned.tables[EVENTS].files
    Path(file).unlink()

    with pytest.raises(StorageError, match="cannot be read"):
        pinned.rows("SELECT * FROM curated.events")


@pytest.mark.parametrize("database", ["mysql://host/lake", "leadlake.db", "sqlite://"])
def test_a_database_of_another_kind_is_refused(database: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="LEADLAKE_DATABASE"):
        open_lake(settings_in(tmp_path, database=database))


def test_two_homes_are_two_lakes(tmp_path: Path) -> None:
    lakes = [lake_in(tmp_path / name) for name in ("a", "b")]
    land_lines(lakes[0], "webinar", touch())
    for lake in lakes:
        build(lake, NOW)

    assert [len(lake.pin().rows("SELECT * FROM curated.leads")) for lake in lakes] == [1, 0]


@pytest.mark.parametrize("ask", ["sql", "features"])
def test_a_data_file_that_is_gone_is_one_sentence_whoever_opens_the_tables(ask: str, tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    land_lines(lake, "webinar", touch())
    build(lake, NOW)
    pinned = lake.pin()
    for path in (path for table in pinned.tables.values() for path in table.files):
        Path(path).unlink()

    moments = pa.table({"lead_id": ["0" * 32], "as_of": [NOW]})
    asks: dict[str, Callable[[], object]] = {
        "sql": lambda: run_sql(pinned, "SELECT 1", None),
        "features": lambda: features_as_of(pinned, moments),
    }

    with pytest.raises(StorageError, match="The file is gone"):
        asks[ask]()


def test_what_is_declared_since_the_last_build_is_there_and_empty(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    land_lines(lake, "webinar", touch())
    build(lake, NOW)
    declared = shipped_config(("[sources.webinar.fields]", '[sources.webinar.fields]\ncolour = { type = "text" }'))
    later = lake_in(tmp_path, declared)

    assert later.pin().rows("SELECT colour, event_type FROM curated.events") == [(None, "webinar_registration")]
    assert later.pin().rows("SELECT sum(leads) FROM marts.leads_by_source") == [(1,)]
