"""The lake, opened: its settings, store and catalog, and pinned snapshots to read from."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import duckdb
import pandas as pd
from pyiceberg.catalog import Catalog
from pyiceberg.types import IcebergType

from lake_access.engine import StoreAccess, give_access, open_connection
from lake_access.engine_errors import engine_errors, io_sentence
from lake_access.errors import QueryRefusedError, StorageError
from lake_access.iceberg.catalog import load_tables, open_catalog
from lake_access.iceberg.commits import KNOWN_UNTIL, Column, PinnedTable, quoted, scan_sql
from lake_access.iceberg.consistency import pin_together
from lake_access.iceberg.history import pin_as_of, pin_at_snapshot
from lake_access.iceberg.tables import (
    BATCHES,
    EVENTS,
    FEATURES,
    LEADS,
    QUARANTINE,
    SCORES,
    SQL_TYPES,
    table_definitions,
)
from lake_access.queries import load_query
from lake_access.settings import Settings
from lake_access.storage import ObjectStore, open_store

# What a dashboard may read; identities never, and of quarantined lines only where and why.
READABLE = (EVENTS, LEADS, SCORES, FEATURES, QUARANTINE, BATCHES)


@dataclass
class PinnedLake:
    """Every table at one snapshot, and a DuckDB over them: one reader's view, whatever is built meanwhile."""

    settings: Settings
    tables: Mapping[str, PinnedTable]
    connection: duckdb.DuckDBPyConnection
    access: StoreAccess

    @property
    def snapshot_ids(self) -> tuple[tuple[str, int], ...]:
        """Table and snapshot, of all tables that have one: the key of every cache of what is read here."""
        return tuple((name, table.snapshot_id) for name, table in self.tables.items() if table.snapshot_id is not None)

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
            tables = pin_together(load_tables(self.catalog, READABLE))
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
        readable = load_tables(self.catalog, READABLE)
        if isinstance(when, int):
            restricted = table_definitions(self.settings.declarations).keys() - set(READABLE)
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


def create_views(connection: duckdb.DuckDBPyConnection, settings: Settings, tables: Mapping[str, PinnedTable]) -> None:
    """Name the pinned tables in a database as readers know them; one without a snapshot is empty."""
    definitions = table_definitions(settings.declarations)
    for namespace in sorted({name.split(".")[0] for name in READABLE}):
        connection.execute(f"CREATE SCHEMA {namespace}")
    scans = {name: tables[name].scan() if name in tables else _nothing(definitions[name].columns) for name in READABLE}
    for name, scan in scans.items():
        if name == LEADS:
            connection.execute(_leads_view(settings, known_until(tables), scan))
        elif name == QUARANTINE:
            connection.execute(load_query("view_quarantine").format(scan=scan, batches=scans[BATCHES]))
        else:
            connection.execute(f"CREATE VIEW {name} AS SELECT * FROM {scan}")  # noqa: S608  (names of ours)


def known_until(tables: Mapping[str, PinnedTable]) -> datetime | None:
    """When the newest batch of these events landed: what happened later, these tables cannot know."""
    known = tables[EVENTS].properties.get(KNOWN_UNTIL) if EVENTS in tables else None
    return None if known is None else datetime.fromisoformat(known)


def _open_pinned(settings: Settings, store: ObjectStore, tables: Mapping[str, PinnedTable]) -> PinnedLake:
    connection = open_connection(settings)
    access = give_access(connection, store)
    with engine_errors("the lake"):
        create_views(connection, settings, tables)
    return PinnedLake(settings, tables, connection, access)


@contextmanager
def _read_errors() -> Iterator[None]:
    try:
        yield
    except duckdb.IOException as exc:
        raise StorageError(f"the lake: a data file cannot be read: {io_sentence(exc)}") from exc
    except duckdb.Error as exc:
        raise QueryRefusedError(f"the query failed: {str(exc).splitlines()[0]}") from exc


def _leads_view(settings: Settings, now: datetime | None, scan: str) -> str:
    today = "NULL" if now is None else quoted(now.date().isoformat())
    window = settings.declarations.lake.outcome_window_days
    return load_query("view_leads").format(scan=scan, today=f"{today}::DATE", window=window)


def _nothing(columns: Mapping[str, IcebergType]) -> str:
    return scan_sql([Column(0, name, SQL_TYPES[kind]) for name, kind in columns.items()], [])
