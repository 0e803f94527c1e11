"""The lake, opened: its settings, store and catalog, and pinned snapshots to read from."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pandas as pd
from pyiceberg.catalog import Catalog
from pyiceberg.manifest import DataFile

from lake_access.engine import StoreAccess, give_access, open_connection
from lake_access.engine_errors import engine_errors, io_sentence
from lake_access.errors import QueryRefusedError, StorageError
from lake_access.iceberg.catalog import load_tables, open_catalog
from lake_access.iceberg.commits import KNOWN_UNTIL, Column, PinnedTable, apart_of, month_number, partition_of, quoted
from lake_access.iceberg.consistency import pin_together
from lake_access.iceberg.history import pin_as_of, pin_at_snapshot
from lake_access.iceberg.tables import (
    BATCHES,
    EVENTS,
    FEATURES,
    LEADS,
    QUARANTINE,
    ROLLED_UP,
    SCORES,
    SQL_TYPES,
    TableDefinition,
    table_definitions,
)
from lake_access.queries import load_query
from lake_access.rollup_definitions import ROLLUP_NAMES, ROLLUPS, Rollup
from lake_access.settings import Settings
from lake_access.storage import ObjectStore, open_store

# What a dashboard may read; identities never, and of quarantined lines only where and why.
READABLE = (EVENTS, LEADS, SCORES, FEATURES, *ROLLUP_NAMES, QUARANTINE, BATCHES)
# The tables behind that.
PINNED = (EVENTS, LEADS, SCORES, FEATURES, ROLLED_UP, QUARANTINE, BATCHES)


@dataclass
class PinnedLake:
    """Every table at one snapshot, and a DuckDB over them: one reader's view, whatever is built meanwhile."""

    settings: Settings
    tables: Mapping[str, PinnedTable]
    connection: duckdb.DuckDBPyConnection
    access: StoreAccess

    @property
    def snapshot_ids(self) -> tuple[tuple[str, int], ...]:
        """Table and snapshot, of all tables that have one."""
        return tuple((name, table.snapshot_id) for name, table in self.tables.items() if table.snapshot_id is not None)

    @property
    def cache_key(self) -> tuple[object, ...]:
        """What every answer read here depends on: the key of every cache of it."""
        return (self.settings.lake, self.snapshot_ids)

    def snapshot(self, name: str) -> int | None:
        """The snapshot of one table, None where nothing was built yet."""
        return self.tables[name].snapshot_id if name in self.tables else None

    @property
    def known_until(self) -> datetime | None:
        """When the newest batch of these events landed: what happened later, these tables cannot know."""
        return known_until(self.tables)

    @property
    def built_at(self) -> datetime | None:
        """When the events were committed."""
        return self.tables[EVENTS].committed_at if EVENTS in self.tables else None

    def rows(self, sql: str, parameters: Mapping[str, object] | None = None) -> list[tuple[Any, ...]]:
        """The rows of one of the lake's own queries over the views of these tables."""
        with _read_errors():
            return self._run(sql, parameters).fetchall()

    def frame(self, sql: str, parameters: Mapping[str, object] | None = None) -> pd.DataFrame:
        """The same as a frame."""
        with _read_errors():
            return self._run(sql, parameters).df()

    def _run(self, sql: str, parameters: Mapping[str, object] | None) -> duckdb.DuckDBPyConnection:
        self.access.renew()
        # A cursor of its own for each query: threads of a page share the database, not a result.
        return self.connection.cursor().execute(sql, parameters or {})


@dataclass
class Lake:
    """An open lake; threads may share it."""

    settings: Settings
    store: ObjectStore
    catalog: Catalog
    _pinned: PinnedLake | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def close(self) -> None:
        """Give the database's connections back; what was pinned stays readable."""
        self.catalog.close()

    def pin(self) -> PinnedLake:
        """All tables at their current snapshots; the same object as before while no table has a new one."""
        with self._lock:
            tables = pin_together(load_tables(self.catalog, PINNED))
            current = {name: table.snapshot_id for name, table in tables.items()}
            if self._pinned is None or {n: t.snapshot_id for n, t in self._pinned.tables.items()} != current:
                self._pinned = _open_pinned(self.settings, self.store, tables)
            return self._pinned

    def pin_as_of(self, when: datetime | int) -> PinnedLake:
        """All tables as a reader saw them at a moment, or made from the same events as the snapshot with this id.

        Columns added since are there, and NULL. What is mature is judged as of then.

        Raises:
            RefusedError: that state has expired or never was; the message names the oldest that can be read.
        """
        readable = load_tables(self.catalog, PINNED)
        if isinstance(when, int):
            restricted = table_definitions(self.settings.declarations).keys() - set(PINNED)
            tables = pin_at_snapshot(readable, when, load_tables(self.catalog, restricted))
        else:
            tables = pin_as_of(readable, when)
        return _open_pinned(self.settings, self.store, tables)


def open_lake(settings: Settings) -> Lake:
    """Open the lake that the settings name; nothing is made but an empty catalog.

    Raises:
        StorageError: its store or its database cannot be reached.
        SettingsError: the settings name no possible place for one of them.
    """
    store = open_store(settings)
    return Lake(settings, store, open_catalog(settings, store))


def open_views(pinned: PinnedLake) -> duckdb.DuckDBPyConnection:
    """A database of its own over the pinned tables, for whom makes tables there or is let at nothing else.

    Raises:
        StorageError: a data file cannot be read.
    """
    return _open_database(pinned.settings, pinned.access.store, pinned.tables)[0]


def create_views(connection: duckdb.DuckDBPyConnection, settings: Settings, tables: Mapping[str, PinnedTable]) -> None:
    """Name the pinned tables in a database as readers know them; one without a snapshot is empty."""
    definitions = table_definitions(settings.declarations)
    for namespace in sorted({name.split(".")[0] for name in READABLE}):
        connection.execute(f"CREATE SCHEMA {namespace}")
    pinned = {name: tables.get(name) or _nothing(definitions[name]) for name in PINNED}
    window = settings.declarations.lake.outcome_window_days
    first_young = _first_young_day(known_until(tables), window)
    connection.execute(_leads_view(pinned[LEADS], first_young, window))
    for rollup in ROLLUPS:
        connection.execute(_rollup_view(rollup, pinned[ROLLED_UP], first_young, window))
    scans = {name: pinned[name].scan() for name in (EVENTS, SCORES, FEATURES, QUARANTINE, BATCHES)}
    connection.execute(load_query("view_quarantine").format(scan=scans.pop(QUARANTINE), batches=scans[BATCHES]))
    for name, scan in scans.items():
        connection.execute(f"CREATE VIEW {name} AS SELECT * FROM {scan}")  # noqa: S608  (names of ours)


def files_of_rollup(rollup: Rollup, rolled_up: PinnedTable) -> Mapping[str, DataFile]:
    """The data files that hold the rows of one rollup."""
    return {path: file for path, file in rolled_up.files.items() if apart_of(file) == rollup.name}


def known_until(tables: Mapping[str, PinnedTable]) -> datetime | None:
    """When the newest batch of these events landed: what happened later, these tables cannot know."""
    known = tables[EVENTS].properties.get(KNOWN_UNTIL) if EVENTS in tables else None
    return None if known is None else datetime.fromisoformat(known)


def _open_pinned(settings: Settings, store: ObjectStore, tables: Mapping[str, PinnedTable]) -> PinnedLake:
    return PinnedLake(settings, tables, *_open_database(settings, store, tables))


def _open_database(
    settings: Settings, store: ObjectStore, tables: Mapping[str, PinnedTable]
) -> tuple[duckdb.DuckDBPyConnection, StoreAccess]:
    """A database with a view of each table, and its way to their files; closed again where it cannot be had."""
    with ExitStack() as failed:
        connection = failed.enter_context(open_connection(settings))
        access = give_access(connection, store)
        with engine_errors("the lake"):
            create_views(connection, settings, tables)
        failed.pop_all()
    return connection, access


@contextmanager
def _read_errors() -> Iterator[None]:
    try:
        yield
    except duckdb.IOException as exc:
        raise StorageError(f"the lake: a data file cannot be read: {io_sentence(exc)}") from exc
    except duckdb.Error as exc:
        raise QueryRefusedError(f"the query failed: {str(exc).splitlines()[0]}") from exc


def _first_young_day(now: datetime | None, window: int) -> date | None:
    """The first day (UTC) of whose leads the outcome window was still open by then; None while nothing is known."""
    return None if now is None else now.astimezone(UTC).date() - timedelta(days=window)


def _leads_view(leads: PinnedTable, first_young: date | None, window: int) -> str:
    turn = None if first_young is None else month_number(first_young)
    months = {path: partition_of(file) for path, file in leads.files.items()}
    parts = {
        "mature": [path for path, month in months.items() if turn is not None and month < turn],
        "open": [path for path, month in months.items() if month == turn],
        "young": [path for path, month in months.items() if turn is None or month > turn],
    }
    scans = {name: leads.scan(files=files) for name, files in parts.items()}
    return load_query("view_leads").format(**scans, mature_before=f"{_day(first_young)}::TIMESTAMPTZ", window=window)


def _rollup_view(rollup: Rollup, rolled_up: PinnedTable, first_young: date | None, window: int) -> str:
    return load_query("view_rollup").format(
        name=rollup.name,
        columns=", ".join(rollup.columns),
        scan=rolled_up.scan(files=list(files_of_rollup(rollup, rolled_up))),
        mature_before=_day(first_young),
        window=window,
    )


def _day(day: date | None) -> str:
    return f"{'NULL' if day is None else quoted(day.isoformat())}::DATE"


def _nothing(definition: TableDefinition) -> PinnedTable:
    columns = (Column(0, name, SQL_TYPES[kind]) for name, kind in definition.columns.items())
    return PinnedTable(definition.name, tuple(columns))
