"""`leadlake maintain`: compaction, expiry and orphans, in this order; each may be cut short, repeated, or run twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lake_access.building.record import named_files, unfollowed
from lake_access.engine import give_access, open_connection
from lake_access.engine_errors import engine_errors
from lake_access.iceberg.catalog import load_tables
from lake_access.iceberg.commits import pin
from lake_access.iceberg.tables import table_definitions
from lake_access.lake import Lake
from lake_access.upkeep.compaction import compact, files_saved
from lake_access.upkeep.expiry import expire_all
from lake_access.upkeep.orphans import (
    delete_all,
    delete_spilled,
    find_leftovers,
    find_orphans,
    find_spilled,
    size_of,
)

Progress = Callable[[str], None]


@dataclass
class TableUpkeep:
    """What was done for one table, or would be."""

    files_before: int
    files_after: int = 0
    snapshots_expired: int = 0
    orphan_files: int = 0
    orphan_bytes: int = 0


@dataclass
class Upkeep:
    """What was done for every table that exists; and files that cut-short landings and ended processes had left."""

    tables: dict[str, TableUpkeep] = field(default_factory=dict)
    leftover_files: int = 0
    leftover_bytes: int = 0


def maintain(lake: Lake, now: datetime, *, dry_run: bool = False, progress: Progress = lambda _stage: None) -> Upkeep:
    """Compact, expire and clean up; `dry_run` only says what there is to do. `progress` is told each stage.

    Nothing that a reader could have pinned within the retention goes, nor raw events ever.

    Raises:
        ConflictError: others kept committing first.
        RefusedError: a table's folder holds another catalog's files.
        StorageError: the lake or its database cannot be reached, read or written.
    """
    cutoff = retention_cutoff(lake, now)
    names = list(table_definitions(lake.settings.declarations))
    report = Upkeep(
        {name: TableUpkeep(len(pin(table).files)) for name, table in load_tables(lake.catalog, names).items()}
    )
    if not dry_run:
        _compact(lake, report, progress)
    progress("Expiring snapshots")
    expired = expire_all(lake.catalog, report.tables, cutoff, dry_run=dry_run)
    for name, snapshot_ids in expired.items():
        report.tables[name].snapshots_expired = len(snapshot_ids)
    loaded = load_tables(lake.catalog, report.tables)
    # A build that was killed long ago may have left its last commit to be followed by the next one.
    awaited = {path for snapshot in unfollowed(loaded) for path in named_files(snapshot)}
    for name, table in loaded.items():
        progress(f"Looking for orphans of {name}")
        pinned = pin(table)
        report.tables[name].files_after = len(pinned.files) - (files_saved(pinned) if dry_run else 0)
        orphans = find_orphans(lake.store, table, expired[name], awaited, cutoff)
        report.tables[name].orphan_files = len(orphans)
        report.tables[name].orphan_bytes = sum(orphan.size for orphan in orphans)
        if not dry_run:
            delete_all(lake.store, orphans)
    _clear_leftovers(lake, cutoff, report, dry_run=dry_run)
    return report


def retention_cutoff(lake: Lake, now: datetime) -> datetime:
    """The moment since which nothing that a reader could see may go; whole milliseconds, as snapshots have them."""
    cutoff = now - timedelta(days=lake.settings.declarations.lake.snapshot_retention_days)
    return cutoff.replace(microsecond=cutoff.microsecond // 1000 * 1000)


def _compact(lake: Lake, report: Upkeep, progress: Progress) -> None:
    definitions = table_definitions(lake.settings.declarations)
    with open_connection(lake.settings) as connection, engine_errors("the upkeep"):
        access = give_access(connection, lake.store)
        for name in report.tables:
            progress(f"Compacting {name}")
            compact(connection, access, lake.catalog, definitions[name])


def _clear_leftovers(lake: Lake, cutoff: datetime, report: Upkeep, *, dry_run: bool) -> None:
    leftovers, spilled = find_leftovers(lake.store, cutoff), find_spilled(lake.settings.home, cutoff)
    sizes = [*((1, one.size) for one in leftovers), *map(size_of, spilled)]
    report.leftover_files = sum(files for files, _ in sizes)
    report.leftover_bytes = sum(size for _, size in sizes)
    if not dry_run:
        delete_all(lake.store, leftovers)
        delete_spilled(spilled)
