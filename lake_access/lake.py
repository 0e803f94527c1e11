"""The lake, opened: its settings, store and catalog, and pinned snapshots to read from."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import duckdb
import pandas as pd
from pyiceberg.catalog import Catalog

from lake_access.engine import StoreAccess, give_access, open_connection
from lake_access.engine_errors import engine_errors, io_sentence
from lake_access.errors import QueryRefusedError, StorageError
from lake_access.iceberg.catalog import load_tables, open_catalog
from lake_access.iceberg.commits import PinnedTable
from lake_access.iceberg.consistency import pin_together
from lake_access.iceberg.history import pin_as_of, pin_at_snapshot
from lake_access.iceberg.tables import (
    EVENTS,
    table_definitions,
)
from lake_access.permissions import RowLimits
from lake_access.settings import Settings
from lake_access.storage import ObjectStore, open_store
from lake_access.views import PINNED, create_views, known_until


@dataclass
class PinnedLake:
    """Every table at one snapshot, and a DuckDB over them: one reader's view, whatever is built meanwhile."""

    settings: Settings
    tables: Mapping[str, PinnedTable]
    connection: duckdb.DuckDBPyConnection
    access: StoreAccess
    limits: RowLimits | None = None

    @property
    def snapshot_ids(self) -> tuple[tuple[str, int], ...]:
        """Table and snapshot, of all tables that have one."""
        return tuple((name, table.snapshot_id) for name, table in self.tables.items() if table.snapshot_id is not None)

    @property
    def cache_key(self) -> tuple[object, ...]:
        """What every answer read here depends on: the key of every cache of it."""
        return (self.settings.lake, self.snapshot_ids, self.limits)

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

    def records(self, sql: str, parameters: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        """The same, each row by the names of its columns."""
        with _read_errors():
            found = self._run(sql, parameters)
            names = [column[0] for column in found.description or []]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def frame(self, sql: str, parameters: Mapping[str, object] | None = None) -> pd.DataFrame:
        """The rows as a frame; days are dates, not midnights."""
        with _read_errors():
            return self._run(sql, parameters).df(date_as_object=True)

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
    _pinned: dict[RowLimits | None, PinnedLake] = field(default_factory=dict)
    # The tables' metadata files that each was pinned from.
    _metadata: dict[RowLimits | None, Mapping[str, str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def close(self) -> None:
        """Give the database's connections back; what was pinned stays readable."""
        self.catalog.close()

    def pin(self, limits: RowLimits | None = None) -> PinnedLake:
        """All tables at their current snapshots; the same object as before while no table has a new one.

        With `limits`, whoever reads them finds only the leads that these leave in, and what belongs to them.
        """
        with self._lock:
            loaded = load_tables(self.catalog, PINNED)
            # Every commit writes another file of metadata: with those of before, there is nothing to plan anew.
            metadata = {name: table.metadata_location for name, table in loaded.items()}
            if limits in self._pinned and self._metadata[limits] == metadata:
                return self._pinned[limits]
            tables = pin_together(loaded)
            current = {name: table.snapshot_id for name, table in tables.items()}
            before = self._pinned.get(limits)
            if before is None or {n: t.snapshot_id for n, t in before.tables.items()} != current:
                self._pinned[limits] = _open_pinned(self.settings, self.store, tables, limits)
            self._metadata[limits] = metadata
            return self._pinned[limits]

    def pin_as_of(self, when: datetime | int, limits: RowLimits | None = None) -> PinnedLake:
        """All tables as a reader saw them at a moment, or made from the same events as the snapshot with this id.

        Columns added since are there, and NULL. What is mature is judged as of then. `limits` are as of `pin`.

        Raises:
            RefusedError: that state has expired or never was; the message names the oldest that can be read.
        """
        readable = load_tables(self.catalog, PINNED)
        if isinstance(when, int):
            restricted = table_definitions(self.settings.declarations).keys() - set(PINNED)
            tables = pin_at_snapshot(readable, when, load_tables(self.catalog, restricted))
        else:
            tables = pin_as_of(readable, when)
        return _open_pinned(self.settings, self.store, tables, limits)


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
    return _open_database(pinned.settings, pinned.access.store, pinned.tables, pinned.limits)[0]


def _open_pinned(
    settings: Settings, store: ObjectStore, tables: Mapping[str, PinnedTable], limits: RowLimits | None
) -> PinnedLake:
    return PinnedLake(settings, tables, *_open_database(settings, store, tables, limits), limits)


def _open_database(
    settings: Settings, store: ObjectStore, tables: Mapping[str, PinnedTable], limits: RowLimits | None
) -> tuple[duckdb.DuckDBPyConnection, StoreAccess]:
    """A database with a view of each table, and its way to their files; closed again where it cannot be had."""
    with ExitStack() as failed:
        connection = failed.enter_context(open_connection(settings))
        access = give_access(connection, store)
        with engine_errors("the lake"):
            create_views(connection, settings, tables, limits)
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
