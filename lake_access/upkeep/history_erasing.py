"""Every earlier state of the tables, let go at once with the files that only it had: to forget a person takes that."""

from __future__ import annotations

from datetime import datetime

from pyiceberg.table import Table

from lake_access.iceberg.catalog import load_tables
from lake_access.iceberg.tables import table_definitions
from lake_access.lake import Lake
from lake_access.storage import StoredObject
from lake_access.upkeep.expiry import expire_all
from lake_access.upkeep.orphans import addresses_of, below, delete_all


def erase_history(lake: Lake, now: datetime) -> int:
    """Let every snapshot go but those that the tables now are, and remove what only these had; how many went.

    Whoever is reading one of them is told that its files are gone. Files that no commit ever named stay until
    `leadlake maintain` finds them old enough.

    Raises:
        ConflictError: others kept committing first.
        StorageError: the lake or its database cannot be reached, read or written.
    """
    names = list(table_definitions(lake.settings.declarations))
    before = {name: set(addresses_of(table, ())) for name, table in load_tables(lake.catalog, names).items()}
    expired = expire_all(lake.catalog, names, now)
    for name, table in load_tables(lake.catalog, names).items():
        gone = before[name] - set(addresses_of(table, ()))
        delete_all(lake.store, [_stored(table, name, address, now) for address in sorted(gone)])
    return sum(len(snapshots) for snapshots in expired.values())


def _stored(table: Table, name: str, address: str, now: datetime) -> StoredObject:
    return StoredObject(f"warehouse/{name.replace('.', '/')}/{below(table, address)}", 0, now)
