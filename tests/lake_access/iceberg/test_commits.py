"""A commit is seen whole or not at all, fails where another came first, and a pinned snapshot never changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import duckdb
import pytest
from pyiceberg.io.pyarrow import parquet_file_to_data_file
from pyiceberg.table import Table
from pyiceberg.types import LongType, StringType, TimestamptzType, UUIDType

from lake_access.building.build import build
from lake_access.engine import open_connection
from lake_access.errors import ConflictError
from lake_access.iceberg.catalog import ensure_table, load_table
from lake_access.iceberg.commits import (
    THIS_COMMIT,
    PinnedTable,
    at_version,
    commit,
    current_properties,
    local_path,
    pin,
    pin_by_name,
    quoted,
    write_rows,
)
from lake_access.iceberg.tables import ROLLED_UP, TableDefinition
from lake_access.lake import Lake
from tests.lake_access.lakes import NOW, land_lines, touch

NAME = "curated.things"
COLUMNS = {"id": UUIDType(), "name": StringType(), "moment": TimestamptzType(), "size": LongType()}
THINGS = TableDefinition(NAME, COLUMNS, partition="moment", order=("moment", "name"))
PLAIN = TableDefinition("curated.plain", COLUMNS, partition=None)


@pytest.fixture
def connection(lake: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_connection(lake.settings) as opened:
        yield opened


@pytest.fixture
def table(lake: Lake) -> Table:
    return made(lake, THINGS)


def made(lake: Lake, definition: TableDefinition) -> Table:
    return ensure_table(lake.catalog, definition, f"{lake.settings.lake}/warehouse/{definition.name.replace('.', '/')}")


def rows_of(connection: duckdb.DuckDBPyConnection, *names: str, month: int = 1) -> str:
    """A temporary table with a row for each name, a day apart, of this month and on."""
    connection.execute("CREATE OR REPLACE TABLE rows (size BIGINT, moment TIMESTAMPTZ, id UUID, name VARCHAR)")
    for number, name in enumerate(names):
        values = [number, datetime(2025, month, 20 + number, tzinfo=UTC), UUID(int=number), name]
        connection.execute("INSERT INTO rows VALUES (?, ?, ?, ?)", values)
    return "rows"


def names_in(connection: duckdb.DuckDBPyConnection, pinned: PinnedTable) -> list[str]:
    return [row[0] for row in connection.execute(f"SELECT name FROM {pinned.scan()} ORDER BY name").fetchall()]


def add(connection: duckdb.DuckDBPyConnection, table: Table, *names: str, month: int = 1, **properties: str) -> Table:
    files = write_rows(connection, table, THINGS, rows_of(connection, *names, month=month))
    return commit(table, files, [], {f"leadlake.{name}": value for name, value in properties.items()})


def test_what_is_written_is_not_there_before_its_commit(
    lake: Lake, connection: duckdb.DuckDBPyConnection, table: Table
) -> None:
    files = write_rows(connection, table, THINGS, rows_of(connection, "a", "b"))
    assert names_in(connection, pin_by_name(lake.catalog, NAME) or pin(table)) == []

    commit(table, files, [], {})

    pinned = pin_by_name(lake.catalog, NAME)
    assert pinned is not None
    assert names_in(connection, pinned) == ["a", "b"]
    assert pinned.rows == 2


def test_rows_lie_by_month_and_come_back_equal(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    names = [f"o'name {number}" for number in range(20)]
    connection.execute("CREATE OR REPLACE TABLE rows (size BIGINT, moment TIMESTAMPTZ, id UUID, name VARCHAR)")
    moments = [
        "2024-12-31T23:59:59.999999Z",
        "2025-01-01T00:00:00Z",
        "2025-01-31T23:30:00-01:00",
        "2025-02-01T00:00:00+01:00",
    ]
    for number, name in enumerate(names):
        connection.execute("INSERT INTO rows VALUES (?, ?, uuid(), ?)", [number, moments[number % 4], name])
    files = write_rows(connection, table, THINGS, "rows")
    commit(table, files, [], {})

    pinned = pin(table)
    assert sorted(file.partition[0] for file in pinned.files.values()) == [659, 660, 661]
    stored = connection.execute(f"SELECT id, name, moment, size FROM {pinned.scan()} ORDER BY size").fetchall()
    assert stored == connection.execute("SELECT id, name, moment, size FROM rows ORDER BY size").fetchall()


def test_a_table_without_partitions_takes_one_file_and_none_for_no_rows(
    lake: Lake, connection: duckdb.DuckDBPyConnection
) -> None:
    table = made(lake, PLAIN)

    assert len(write_rows(connection, table, PLAIN, rows_of(connection, "a", "b"))) == 1
    assert write_rows(connection, table, PLAIN, rows_of(connection)) == []


def test_what_went_in_earlier_commits_is_not_carried_along(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """A reader reads every list of files that a snapshot has: of those that went, it keeps the newest alone."""
    for name in "abcdef":
        old = list(pin(table).files.values())
        commit(table, write_rows(connection, table, THINGS, rows_of(connection, name)), old, {})

    snapshot = table.current_snapshot()
    assert snapshot is not None
    assert len(snapshot.manifests(table.io)) == 2
    assert names_in(connection, pin(table)) == ["f"]


def test_files_come_and_go_in_one_snapshot(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    add(connection, table, "old")
    old = list(pin(table).files.values())
    new = write_rows(connection, table, THINGS, rows_of(connection, "new", month=2))

    commit(table, new, old, {})

    assert names_in(connection, pin(table)) == ["new"]
    assert len(table.metadata.snapshots) == 2


def test_a_pinned_snapshot_stays_as_it_was(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    add(connection, table, "a")
    pinned = pin(table)

    commit(table, write_rows(connection, table, THINGS, rows_of(connection, "b")), list(pinned.files.values()), {})

    assert names_in(connection, pinned) == ["a"]
    assert names_in(connection, pin(table)) == ["b"]


def test_who_commits_second_fails_and_changes_nothing(
    lake: Lake, connection: duckdb.DuckDBPyConnection, table: Table
) -> None:
    second = load_table(lake.catalog, NAME)
    assert second is not None
    files = write_rows(connection, second, THINGS, rows_of(connection, "second"))
    add(connection, table, "first")

    with pytest.raises(ConflictError, match=r"curated\.things: another writer committed first"):
        commit(second, files, [], {})

    pinned = pin_by_name(lake.catalog, NAME)
    assert pinned is not None
    assert names_in(connection, pinned) == ["first"]


def test_properties_stay_from_commit_to_commit_but_those_of_one_commit(
    connection: duckdb.DuckDBPyConnection, table: Table
) -> None:
    add(connection, table, "a", known="1", read="x")
    commit(table, [], [], {f"{THIS_COMMIT}batches": "{}", "leadlake.known": "2"})
    assert current_properties(table)[f"{THIS_COMMIT}batches"] == "{}"

    commit(table, [], [], {})

    properties = current_properties(table)
    assert (properties["leadlake.known"], properties["leadlake.read"]) == ("2", "x")
    assert f"{THIS_COMMIT}batches" not in properties


def test_a_commit_is_a_version_unless_it_only_moves_rows(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    add(connection, table, "a")
    first = pin(table)
    commit(table, [], [], {}, keeps_version=True)
    assert pin(table).version == first.version
    add(connection, table, "b", month=2)

    assert pin(table).version != first.version
    assert first.version is not None
    earlier = at_version(table, first.version)
    assert earlier is not None
    assert names_in(connection, earlier) == ["a"]
    assert earlier.snapshot_id != first.snapshot_id
    assert at_version(table, "unheard of") is None


def test_a_later_column_is_null_in_earlier_files(
    lake: Lake, connection: duckdb.DuckDBPyConnection, table: Table
) -> None:
    add(connection, table, "a")
    wider = TableDefinition(NAME, {"colour": StringType(), **COLUMNS}, partition="moment")
    table = made(lake, wider)
    connection.execute("CREATE OR REPLACE TABLE wide AS SELECT 'red' AS colour, uuid() AS id, 'b' AS name, "
                       "TIMESTAMPTZ '2025-01-03 00:00:00Z' AS moment, 1::BIGINT AS size")  # fmt: skip
    commit(table, write_rows(connection, table, wider, "wide"), [], {})

    found = connection.execute(f"SELECT name, colour FROM {pin(table).scan()} ORDER BY name").fetchall()
    assert found == [("a", None), ("b", "red")]


def test_a_table_without_a_snapshot_reads_as_empty_with_its_columns(
    connection: duckdb.DuckDBPyConnection, table: Table
) -> None:
    pinned = pin(table)

    found = connection.execute(f"SELECT * FROM {pinned.scan(filename=True)}")
    assert [column[0] for column in found.description or []] == [*COLUMNS, "filename"]
    assert (found.fetchall(), pinned.snapshot_id, pinned.version, pinned.rows, pinned.bytes) == ([], None, None, 0, 0)


def test_a_scan_may_tell_the_file_of_each_row(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    add(connection, table, "a")
    add(connection, table, "b", month=2)
    pinned = pin(table)

    found = connection.execute(f"SELECT name, filename FROM {pinned.scan(filename=True)}").fetchall()

    assert {filename for _, filename in found} == set(pinned.files)
    assert names_in(connection, PinnedTable(NAME, pinned.columns, files=dict(list(pinned.files.items())[:1]))) != [
        "a",
        "b",
    ]


@pytest.mark.parametrize(
    ("address", "path"),
    [("/a b/c", "/a b/c"), ("file:///a%20b/c", "/a b/c"), ("s3://bucket/a%20b", "s3://bucket/a%20b")],
)
def test_an_address_of_a_file_is_its_path(address: str, path: str) -> None:
    assert local_path(address) == path


def test_a_quote_ends_no_literal() -> None:
    assert quoted("o'hare'; DROP") == "'o''hare''; DROP'"


def test_a_lake_whose_path_has_spaces_and_quotes_works(lake: Lake, connection: duckdb.DuckDBPyConnection) -> None:
    location = f"{lake.settings.lake}/it's a %20 folder/things"
    table = ensure_table(lake.catalog, THINGS, location)

    add(connection, table, "a")

    assert names_in(connection, pin(table)) == ["a"]


@pytest.mark.parametrize("definition", [THINGS, PLAIN], ids=["by month", "whole"])
def test_a_file_is_described_as_its_own_footer_would(
    lake: Lake, connection: duckdb.DuckDBPyConnection, definition: TableDefinition
) -> None:
    table = made(lake, definition)

    files = write_rows(connection, table, definition, rows_of(connection, "a", "b", "c"))

    for file in files:
        read = parquet_file_to_data_file(table.io, table.metadata, file.file_path)
        for told in ("partition", "record_count", "file_size_in_bytes", "value_counts", "null_value_counts"):
            assert getattr(file, told) == getattr(read, told), told
        assert (file.lower_bounds, file.upper_bounds) == (read.lower_bounds, read.upper_bounds)
    assert sum(file.record_count for file in files) == 3


def test_rollups_files_are_described_as_their_own_footers_would(lake: Lake) -> None:
    land_lines(lake, "webinar", touch(), touch(email="ann@example.com", timestamp="2024-12-31T23:59:59.999999Z"))
    build(lake, NOW)
    table = load_table(lake.catalog, ROLLED_UP)

    assert table is not None
    files = pin(table).files
    assert len(files) >= 4
    for path, file in files.items():
        read = parquet_file_to_data_file(table.io, table.metadata, path)
        assert (file.partition, file.lower_bounds, file.upper_bounds) == (
            read.partition,
            read.lower_bounds,
            read.upper_bounds,
        )
