"""What every stage of a build works with: a DuckDB of its own, the tables as they stand, the store, the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import duckdb
from pyiceberg.catalog import Catalog
from pyiceberg.table import Table

from lake_access.declarations import Declarations
from lake_access.engine import StoreAccess, give_access, open_connection
from lake_access.iceberg.catalog import ensure_table
from lake_access.iceberg.commits import READ, PinnedTable, at_version
from lake_access.iceberg.tables import TableDefinition, table_definitions
from lake_access.settings import Settings
from lake_access.storage import ObjectStore


@dataclass
class Workshop:
    """One build's tools; `now` is the build's own time."""

    settings: Settings
    store: ObjectStore
    catalog: Catalog
    identity_key: bytes
    now: datetime
    connection: duckdb.DuckDBPyConnection
    access: StoreAccess
    definitions: Mapping[str, TableDefinition]
    tables: dict[str, Table] = field(default_factory=dict)
    # Between which snapshots of the events `changes.tell_changes` last told what changed.
    changes_told: tuple[int | None, int | None] | None = None

    @property
    def declarations(self) -> Declarations:
        return self.settings.declarations

    def table(self, name: str) -> tuple[Table, TableDefinition]:
        """The table as this build last saw it, made or extended where the declarations ask for it.

        Every stage asks for its tables before it reads or writes their files, so that credentials are renewed here.
        """
        self.access.renew()
        if name not in self.tables:
            location = f"{self.settings.lake}/warehouse/{name.replace('.', '/')}"
            self.tables[name] = ensure_table(self.catalog, self.definitions[name], location)
        return self.tables[name], self.definitions[name]


def open_workshop(
    settings: Settings, store: ObjectStore, catalog: Catalog, identity_key: bytes, now: datetime
) -> Workshop:
    """Tools for one build."""
    connection = open_connection(settings)
    definitions = table_definitions(settings.declarations)
    access = give_access(connection, store)
    return Workshop(settings, store, catalog, identity_key, now, connection, access, definitions)


def upstream_property(table: str) -> str:
    """Where a commit's summary says which version of `table` it was made from."""
    return f"{READ}{table}"


@dataclass(frozen=True)
class Delta:
    """How a table's data files changed since a stage last read it; `base` is None where that is no longer known."""

    base: PinnedTable | None
    added: tuple[str, ...]
    removed: tuple[str, ...]


def changes_since(table: Table, current: PinnedTable, version: str | None) -> Delta:
    """The files that came and went since a version; all of the current ones where the version has expired."""
    base = None if version is None else at_version(table, version)
    earlier = {} if base is None else base.files
    added = tuple(path for path in current.files if path not in earlier)
    removed = tuple(path for path in earlier if path not in current.files)
    return Delta(base, added, removed)
