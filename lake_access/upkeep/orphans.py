"""Orphans: files below a table's folder that nothing refers to any more, or that no commit ever did."""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from pyiceberg.table import Table

from lake_access.engine import SPILL
from lake_access.errors import RefusedError, StorageError
from lake_access.iceberg.catalog import translated
from lake_access.iceberg.commits import local_path
from lake_access.storage import ObjectStore, StoredObject

DELETED_AT_ONCE = 8
METADATA_ENDING = ".metadata.json"


def find_orphans(
    store: ObjectStore, table: Table, expired: Collection[int], awaited: Collection[str], cutoff: datetime
) -> list[StoredObject]:
    """Files below the table's folder that are older than the cutoff, and that no snapshot but the expired ones has.

    What a build has written and not committed yet is younger; `awaited` are addresses of files that the table is still
    to take in.

    Raises:
        RefusedError: another table's files lie there too.
        StorageError: the table or its folder cannot be read.
    """
    name = ".".join(table.name()[-2:])
    folder = f"warehouse/{name.replace('.', '/')}/"
    stored = {one.key.removeprefix(folder): one for one in store.list(folder)}
    old = {path for path, one in stored.items() if one.modified_at < cutoff}
    if not old:
        return []
    with translated(name):
        kept = {below(table, address) for address in (*addresses_of(table, expired), *awaited)}
    if below(table, table.metadata_location) not in stored:
        raise StorageError(
            f"{name}: its files are not below {store.address(folder)}; nothing was removed. Check LEADLAKE_LAKE."
        )
    _refuse_another_table(store, table, [one for path, one in stored.items() if path not in kept])
    return [stored[path] for path in sorted(old - kept)]


def find_leftovers(store: ObjectStore, cutoff: datetime) -> list[StoredObject]:
    """What landings that were cut short have left, older than the cutoff."""
    return [one for one in store.leftovers() if one.modified_at < cutoff]


def delete_all(store: ObjectStore, orphans: Sequence[StoredObject]) -> None:
    """Remove these files; one that another upkeep has removed is no error.

    Raises:
        StorageError: one cannot be removed; the next run finds the rest.
    """
    with ThreadPoolExecutor(DELETED_AT_ONCE) as pool:
        list(pool.map(lambda orphan: store.delete(orphan.key), orphans))


def find_spilled(home: Path, cutoff: datetime) -> list[Path]:
    """Folders that databases of processes that are gone have spilled to, untouched since the cutoff."""
    return [
        folder
        for folder in sorted(home.glob(f"{SPILL}*-*"))
        if _touched(folder) < cutoff.timestamp() and not _is_running(folder.name.split("-")[1])
    ]


def delete_spilled(folders: Sequence[Path]) -> None:
    """Remove these folders; what cannot be removed stays."""
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def size_of(folder: Path) -> tuple[int, int]:
    """Files in such a folder, and their bytes."""
    sizes = [file.stat().st_size for file in folder.iterdir()]
    return len(sizes), sum(sizes)


def below(table: Table, address: str) -> str:
    """The address without the table's own."""
    return local_path(address).removeprefix(local_path(table.location()).rstrip("/") + "/")


def addresses_of(table: Table, expired: Collection[int]) -> Iterator[str]:
    """Every file that the table's metadata leads to."""
    metadata, met = table.metadata, set[str]()
    yield table.metadata_location
    yield from (entry.metadata_file for entry in metadata.metadata_log)
    yield from (one.statistics_path for one in (*metadata.statistics, *metadata.partition_statistics))
    for snapshot in metadata.snapshots:
        if snapshot.snapshot_id in expired:
            continue
        yield snapshot.manifest_list
        for manifest in snapshot.manifests(table.io):
            # Most snapshots share most of their manifests.
            if manifest.manifest_path not in met:
                met.add(manifest.manifest_path)
                yield manifest.manifest_path
                yield from (entry.data_file.file_path for entry in manifest.fetch_manifest_entry(table.io))


def _refuse_another_table(store: ObjectStore, table: Table, unknown: Sequence[StoredObject]) -> None:
    """Files that this catalog does not know may be another's, which somebody has let write to the same lake."""
    for one in unknown:
        if not one.key.endswith(METADATA_ENDING):
            continue
        content = store.read_bytes(one.key)
        if content is not None and _table_of(content) not in (None, str(table.metadata.table_uuid)):
            name = ".".join(table.name()[-2:])
            raise RefusedError(
                f"{name}: {store.address(one.key)} is of another table, whose files cannot be told from orphans; "
                "nothing was removed there. If another catalog writes to this lake, set LEADLAKE_DATABASE alike; if "
                "that catalog is gone, remove its metadata files by hand."
            )


def _table_of(content: bytes) -> str | None:
    """The id of the table whose metadata this is; None for half a file."""
    try:
        told = json.loads(content)
    except ValueError:
        return None
    return str(told["table-uuid"]) if isinstance(told, dict) and "table-uuid" in told else None


def _touched(folder: Path) -> float:
    try:
        return max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
    except OSError:
        # It goes while we look: somebody is at work in it.
        return math.inf


def _is_running(process_id: str) -> bool:
    try:
        os.kill(int(process_id), 0)
    except (ProcessLookupError, OverflowError, ValueError):
        return False
    except PermissionError:
        # Another user's.
        return True
    return True
