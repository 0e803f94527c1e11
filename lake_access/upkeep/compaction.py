"""Compaction: the small data files of a partition are written as few. No row changes, so no stage sees news in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
from pyiceberg.catalog import Catalog
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table

from lake_access.engine import StoreAccess
from lake_access.errors import ConflictError, StorageError
from lake_access.iceberg.catalog import load_table
from lake_access.iceberg.commits import ROWS_SINCE, PinnedTable, commit, pin, write_rows
from lake_access.iceberg.tables import TableDefinition
from lake_access.queries import load_query

# Files of this size are read at full speed; one is worth writing anew while it is less than half of it.
TARGET_BYTES = 64 << 20
SMALL_BYTES = TARGET_BYTES // 2
ROUNDS = 8
ATTEMPTS = 8


@dataclass(frozen=True)
class _Rewritten:
    """Data files and what holds the same rows instead, not yet committed."""

    sources: Sequence[str]
    files: Sequence[DataFile]


def small_files(pinned: PinnedTable) -> list[list[str]]:
    """Groups of two or more small data files of one partition, each to become one file of no more than the target."""
    by_partition: dict[tuple[object, ...], list[tuple[int, str]]] = defaultdict(list)
    for path, file in pinned.files.items():
        if file.file_size_in_bytes < SMALL_BYTES:
            partition = tuple(file.partition[place] for place in range(len(file.partition)))
            by_partition[partition].append((file.file_size_in_bytes, path))
    groups = []
    for files in by_partition.values():
        group, size = list[str](), 0
        for file_size, path in sorted(files):
            if size + file_size > TARGET_BYTES:
                groups.append(group)
                group, size = [], 0
            group.append(path)
            size += file_size
        groups.append(group)
    return [group for group in groups if len(group) > 1]


def files_saved(pinned: PinnedTable) -> int:
    """How many files fewer the table would have."""
    return sum(len(group) - 1 for group in small_files(pinned))


def compact(
    connection: duckdb.DuckDBPyConnection, access: StoreAccess, catalog: Catalog, definition: TableDefinition
) -> None:
    """Write the table's small files as few, until none is left to join; a table that does not exist stays so.

    Whoever commits meanwhile is no harm: what of this still replaces files that are there is committed upon theirs.

    Raises:
        ConflictError: others kept committing first.
        StorageError: the table cannot be read or written.
    """
    # Files written together become smaller than they were apart, and may have room for more.
    for _ in range(ROUNDS):
        table = load_table(catalog, definition.name)
        pinned = None if table is None else pin(table)
        groups = [] if pinned is None else small_files(pinned)
        if table is None or pinned is None or not groups:
            return
        written = []
        for group in groups:
            access.renew()
            written.append(_write(connection, table, definition, pinned, group))
        _commit(catalog, table, written)


def _write(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    definition: TableDefinition,
    pinned: PinnedTable,
    group: Sequence[str],
) -> _Rewritten:
    connection.execute(load_query("compacted_rows").format(scan=pinned.scan(files=group)))
    written = write_rows(connection, table, definition, "compacted_rows")
    before = sum(pinned.files[path].record_count for path in group)
    after = sum(file.record_count for file in written)
    if before != after:
        raise StorageError(
            f"{definition.name}: {before:,} rows came out of its files as {after:,}; nothing was changed. Report it."
        )
    return _Rewritten(group, written)


def _commit(catalog: Catalog, table: Table, written: Sequence[_Rewritten]) -> None:
    """Commit what was written, but for what replaces files that another writer has replaced meanwhile."""
    for attempt in range(ATTEMPTS):
        pinned = pin(table)
        valid = [one for one in written if all(path in pinned.files for path in one.sources)]
        if not valid:
            return
        added = [file for one in valid for file in one.files]
        removed = [pinned.files[path] for one in valid for path in one.sources]
        rows_since = {} if pinned.committed_at is None else {ROWS_SINCE: pinned.committed_at.isoformat()}
        try:
            commit(table, added, removed, rows_since, keeps_version=True)
        except ConflictError:
            if attempt == ATTEMPTS - 1:
                raise
            table = load_table(catalog, pinned.name) or table
        else:
            return
