"""Changing rows of a table where they stand: the data files that hold them are written anew, the others stay."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table

from lake_access.iceberg.commits import PinnedTable, Properties, commit, write_rows
from lake_access.iceberg.tables import TableDefinition
from lake_access.queries import load_query


def files_with(connection: duckdb.DuckDBPyConnection, pinned: PinnedTable, key: str, keys: str) -> list[str]:
    """The data files of the snapshot in which any row's `key`, a column or several (`"a, b"`), stands in `keys`."""
    if not pinned.files:
        return []
    query = load_query("files_with_keys").format(scan=pinned.scan(filename=True), key=key, keys=keys)
    return [row[0] for row in connection.execute(query).fetchall()]


def replace_rows(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    definition: TableDefinition,
    pinned: PinnedTable,
    *,
    key: str,
    keys: str,
    rows: str,
    properties: Properties,
) -> Table:
    """Put the rows of one table, `rows`, in place of all whose `key` stands in another, `keys`; one commit.

    `key` is a column, or several as `"a, b"`; a row with NULL in one of them stays.

    Raises:
        ConflictError: another writer committed since `table` was loaded.
    """
    added = write_rows(connection, table, definition, rows)
    return replace_files(connection, table, definition, pinned, key=key, keys=keys, added=added, properties=properties)


def replace_files(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    definition: TableDefinition,
    pinned: PinnedTable,
    *,
    key: str,
    keys: str,
    added: Sequence[DataFile],
    properties: Properties,
) -> Table:
    """The same, with rows that are written already."""
    touched = files_with(connection, pinned, key, keys)
    if touched:
        # Files are written by connections of their own, which see no temporary table.
        gone = f"SELECT DISTINCT {key} FROM {keys}"  # noqa: S608  (columns and a table of ours)
        connection.execute(f"CREATE OR REPLACE TABLE replaced_keys AS {gone}")
        query = load_query("surviving_rows").format(scan=pinned.scan(files=touched), key=key, keys="replaced_keys")
        connection.execute(query)
        added = [*added, *write_rows(connection, table, definition, "surviving_rows")]
    return commit(table, added, _data_files(pinned, touched), properties)


def replace_all(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    definition: TableDefinition,
    pinned: PinnedTable,
    rows: str,
    properties: Properties,
) -> Table:
    """Put the rows of the table `rows` in place of everything in the table; one commit."""
    added = write_rows(connection, table, definition, rows)
    return commit(table, added, list(pinned.files.values()), properties)


def _data_files(pinned: PinnedTable, paths: Sequence[str]) -> list[DataFile]:
    return [pinned.files[path] for path in paths]
