"""Pinned tables, and the one way a table changes: data files written by DuckDB, committed as one snapshot.

Every commit gives the table a new version (`leadlake.version` in the snapshot's summary). A stage that reads a table
records in its own commit the version it read, and next time asks which files have come and gone since. A commit that
changes the files but not the rows (compaction) keeps the version.
"""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import unquote, urlparse

import duckdb
from pyiceberg.catalog import Catalog
from pyiceberg.io.pyarrow import parquet_file_to_data_file
from pyiceberg.manifest import DataFile, ManifestFile
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Operation, Snapshot
from pyiceberg.table.update.snapshot import _OverwriteFiles

from lake_access.errors import StorageError
from lake_access.iceberg.catalog import load_table, translated
from lake_access.iceberg.tables import SQL_TYPES, PartitionUnit, TableDefinition
from lake_access.iceberg.written_files import RETURNED, Statistics, described
from lake_access.queries import load_query

VERSION = "leadlake.version"
# What a snapshot's summary says beside: which version of another table it was made from; and of the events,
# until when they know what happened, under which rules they were scored, and what is of this one commit alone.
READ = "leadlake.read."
KNOWN_UNTIL = "leadlake.known_until"
RULES_VERSION = "leadlake.rules_version"
# Of a table made by a query: the digest of query and parameters. By others than before, all its rows are made anew.
MADE_BY = "leadlake.made_by"
THIS_COMMIT = "leadlake.this."
# Of a commit that changed no row: since when its rows are there.
ROWS_SINCE = f"{THIS_COMMIT}rows_since"
# Data files just written, whose footers are read for the commit; on S3 each takes some answers, one after another.
FOOTERS_AT_ONCE = 8
# Data files written side by side; each takes the memory of a row group.
FILES_AT_ONCE = 4
_FOLDERS: Mapping[PartitionUnit, str] = {"month": "%Y-%m", "year": "%Y"}
Properties = Mapping[str, str]


@dataclass(frozen=True)
class Column:
    """A column as data files know it: by its field id."""

    field_id: int
    name: str
    sql_type: str


@dataclass(frozen=True)
class PinnedTable:
    """One snapshot of a table, to read whatever is committed meanwhile; `snapshot_id` is None before the first.

    `committed_at` is when these rows were committed: a compaction since does not count.
    """

    name: str
    columns: tuple[Column, ...]
    snapshot_id: int | None = None
    committed_at: datetime | None = None
    files: Mapping[str, DataFile] = field(default_factory=dict)
    properties: Properties = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return sum(file.record_count for file in self.files.values())

    @property
    def bytes(self) -> int:
        return sum(file.file_size_in_bytes for file in self.files.values())

    @property
    def version(self) -> str | None:
        return self.properties.get(VERSION)

    def scan(self, *, filename: bool = False, files: Sequence[str] | None = None) -> str:
        """SQL for this snapshot's rows, as a table function; columns that a file lacks are NULL in it."""
        return scan_sql(self.columns, list(self.files) if files is None else files, filename=filename)


def pin(table: Table, snapshot: Snapshot | None = None) -> PinnedTable:
    """This snapshot of the table, or its current one."""
    snapshot = snapshot or table.current_snapshot()
    if snapshot is None:
        return pin_nothing(table)
    with translated(name := ".".join(table.name())), _whole_metadata(name):
        tasks = table.scan(snapshot_id=snapshot.snapshot_id).plan_files()
        files = {local_path(task.file.file_path): task.file for task in tasks}
    properties = said_by(snapshot)
    rows_since = properties.get(ROWS_SINCE)
    return PinnedTable(
        name=table.name()[-2] + "." + table.name()[-1],
        columns=_columns(table),
        snapshot_id=snapshot.snapshot_id,
        committed_at=committed_at(snapshot) if rows_since is None else datetime.fromisoformat(rows_since),
        files=files,
        properties=dict(properties),
    )


@contextmanager
def _whole_metadata(name: str) -> Iterator[None]:
    """A manifest that PyIceberg cannot take apart, in a sentence; its readers have no error of their own for that."""
    try:
        yield
    except (EOFError, ValueError, LookupError, TypeError, AttributeError, AssertionError, zlib.error) as exc:
        raise StorageError(
            f"{name}: its manifests cannot be read ({type(exc).__name__}): they were changed or cut short. Restore the "
            "lake from a copy."
        ) from exc


def said_by(snapshot: Snapshot) -> Properties:
    """What a snapshot's summary says of it."""
    return {} if snapshot.summary is None else snapshot.summary.additional_properties


def committed_at(snapshot: Snapshot) -> datetime:
    """When the snapshot was committed, by the clock of who did."""
    return datetime.fromtimestamp(snapshot.timestamp_ms / 1000, UTC)


def pin_nothing(table: Table) -> PinnedTable:
    """The table as before its first commit."""
    return PinnedTable(".".join(table.name()[-2:]), _columns(table))


def _columns(table: Table) -> tuple[Column, ...]:
    return tuple(
        Column(column.field_id, column.name, SQL_TYPES[column.field_type]) for column in table.schema().columns
    )


def pin_by_name(catalog: Catalog, name: str) -> PinnedTable | None:
    """The current snapshot of a table, or None while the table does not exist."""
    table = load_table(catalog, name)
    return None if table is None else pin(table)


def at_version(table: Table, version: str) -> PinnedTable | None:
    """The newest snapshot that holds this version's rows, or None where it has expired."""
    snapshot = snapshot_at_version(table, version)
    return None if snapshot is None else pin(table, snapshot)


def snapshot_at_version(table: Table, version: str) -> Snapshot | None:
    """The same, without looking into it."""
    return next((s for s in reversed(table.metadata.snapshots) if said_by(s).get(VERSION) == version), None)


def scan_sql(columns: Sequence[Column], files: Sequence[str], *, filename: bool = False) -> str:
    """SQL that reads these Parquet files by field id: a file older than a column gives NULL for it."""
    if not files:
        nothing = ", ".join(f'NULL::{column.sql_type} AS "{column.name}"' for column in columns)
        return f"(SELECT {nothing}{', NULL::VARCHAR AS filename' if filename else ''} WHERE false)"
    entries = ", ".join(
        f"{column.field_id}: {{name: {quoted(column.name)}, type: {quoted(column.sql_type)}, default_value: NULL}}"
        for column in columns
    )
    listed = ", ".join(quoted(file) for file in files)
    return f"read_parquet([{listed}], schema = MAP {{{entries}}}{', filename = true' if filename else ''})"


def write_rows(
    connection: duckdb.DuckDBPyConnection, table: Table, definition: TableDefinition, rows: str
) -> list[DataFile]:
    """Write the rows of a DuckDB table as data files of `table`, one for each partition, not yet committed.

    `rows` names a table or view that has the definition's columns, in any order; of the table's other columns, whose
    declaration is gone, those are written that it has. It must not be a temporary one: the files are written by
    connections of their own.
    """
    given = connection.table(rows).columns
    ids = {column.name: column.field_id for column in table.schema().columns if column.name in given}
    columns = ", ".join(f'"{name}"' for name in ids)
    order = f" ORDER BY {', '.join(definition.order)}" if definition.order else ""
    field_ids = ", ".join(f'"{name}": {number}' for name, number in ids.items())
    # The fastest level: a data file grows by a hundredth, and writing takes a third less.
    options = f"FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, FIELD_IDS {{{field_ids}}}, {RETURNED}"
    targets = {}
    for folder, condition in _partitions(connection, definition, rows):
        target = f"{local_path(table.location())}/data/{folder}"
        _make_folder(target)
        query = f"SELECT {columns} FROM {rows}{condition}{order}"  # noqa: S608  (the definition's names, a table of ours)
        file = f"{target}{uuid.uuid4()}.parquet"
        targets[file] = f"COPY ({query}) TO {quoted(file)} ({options})"
    written = zip(targets, _execute_all(connection, list(targets.values())), strict=True)
    return [described(table, file, rows, size, statistics) for file, (rows, size, statistics) in written]


def _execute_all(connection: duckdb.DuckDBPyConnection, copies: Sequence[str]) -> list[tuple[int, int, Statistics]]:
    """Write the files side by side, as DuckDB encodes one of few rows in a single thread; what it says of each."""
    with ThreadPoolExecutor(FILES_AT_ONCE) as pool:
        # Each by a connection of its own; all are waited for, and the first failure is raised.
        return [written.result() for written in [pool.submit(_write, connection.cursor(), copy) for copy in copies]]


def _write(connection: duckdb.DuckDBPyConnection, copy: str) -> tuple[int, int, Statistics]:
    ((_, rows, size, _, statistics, _),) = connection.execute(copy).fetchall()
    return rows, size, statistics


def data_files(table: Table, name: str, paths: Sequence[str]) -> list[DataFile]:
    """Files that were written for the table, as a commit of it takes them."""
    with translated(name), ThreadPoolExecutor(FOOTERS_AT_ONCE) as pool:
        return list(pool.map(lambda path: parquet_file_to_data_file(table.io, table.metadata, path), paths))


def _partitions(
    connection: duckdb.DuckDBPyConnection, definition: TableDefinition, rows: str
) -> Iterator[tuple[str, str]]:
    """Each partition that the rows fall into, as its folder and a condition: faster than DuckDB's own PARTITION_BY."""
    column = definition.partition
    if column is None:
        if connection.table(rows).shape[0]:
            yield "", ""
        return
    unit, apart = definition.partition_by, definition.apart or "NULL"
    query = load_query("partitions").format(unit=unit, column=column, apart=apart, rows=rows)
    for first, following, value in connection.execute(query).fetchall():
        condition = f" WHERE {column} >= {quoted(str(first))} AND {column} < {quoted(str(following))}"
        folder = f"{column}_{unit}={first:{_FOLDERS[unit]}}/"
        if value is not None:
            condition, folder = f"{condition} AND {apart} = {quoted(value)}", f"{folder}{apart}={value}/"
        yield folder, condition


def commit(
    table: Table,
    added: Sequence[DataFile],
    removed: Sequence[DataFile],
    properties: Properties,
    *,
    keeps_version: bool = False,
) -> Table:
    """Make one snapshot: these files come, those go. It fails if anyone committed since `table` was loaded.

    Raises:
        ConflictError: another writer was first; nothing is visible of this commit.
    """
    earlier = current_properties(table)
    version = earlier.get(VERSION, uuid.uuid4().hex) if keeps_version else uuid.uuid4().hex
    kept = {
        key: value for key, value in earlier.items() if key.startswith("leadlake.") and not key.startswith(THIS_COMMIT)
    }
    summary = {**kept, **properties, VERSION: version}
    with (
        translated(".".join(table.name()[-2:])),
        table.transaction() as transaction,
        _Overwrite(
            Operation.APPEND if table.current_snapshot() is None else Operation.OVERWRITE,
            transaction,
            table.io,
            snapshot_properties=summary,
        ) as update,
    ):
        for file in removed:
            update.delete_data_file(file)
        for file in added:
            update.append_data_file(file)
    return table


class _Overwrite(_OverwriteFiles):
    """PyIceberg's own carries each list of files that once went along for ever, and every reader reads them all."""

    def _existing_manifests(self) -> list[ManifestFile]:
        return [kept for kept in super()._existing_manifests() if kept.has_added_files() or kept.has_existing_files()]


def current_properties(table: Table) -> Properties:
    """What the current snapshot says of itself; empty where there is none."""
    snapshot = table.current_snapshot()
    return {} if snapshot is None else said_by(snapshot)


def partition_of(file: DataFile) -> int:
    """The month or year, counted from 1970, whose rows the file holds."""
    return int(file.partition[0])


def apart_of(file: DataFile) -> str:
    """The value that all rows of the file have in the column that is `apart`."""
    return str(file.partition[1])


def month_number(day: date) -> int:
    """The month of a day, counted from 1970."""
    return 12 * (day.year - 1970) + day.month - 1


def local_path(address: str) -> str:
    """A `file://` address as a plain path, any other address as it is."""
    return unquote(urlparse(address).path) if address.startswith("file://") else address


def quoted(text: str) -> str:
    """A string literal for the few places of SQL that take no parameter: paths, and names from the declarations."""
    return "'" + text.replace("'", "''") + "'"


def _make_folder(folder: str) -> None:
    if "://" not in folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
