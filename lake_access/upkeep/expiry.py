"""Expiry: snapshots that nobody can be reading, and that no stage of a build needs, are let go.

What counts is when a reader could last pin a snapshot, not when it was made: one of last month may have been the newest
until a minute ago.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise

from pyiceberg.catalog import Catalog
from pyiceberg.table import Table
from pyiceberg.table.update.snapshot import ExpireSnapshots

from lake_access.building.record import unfollowed
from lake_access.errors import ConflictError
from lake_access.iceberg.catalog import load_tables, translated
from lake_access.iceberg.commits import (
    READ,
    committed_at,
    current_properties,
    snapshot_at_version,
)
from lake_access.iceberg.history import HISTORY_SINCE, seen_by_readers
from lake_access.iceberg.tables import EVENTS
from lake_access.views import PINNED

ATTEMPTS = 8

Held = tuple[str, int]


def expirable(tables: Mapping[str, Table], readable: Sequence[str], cutoff: datetime) -> dict[str, list[int]]:
    """The snapshots of each table that may go.

    These stay:

    - the current one, and any that a tag or branch names;
    - whatever a reader of the `readable` tables, or a build, could have begun to read since the cutoff;
    - what a table was last made from: without it the next build would make all its rows anew;
    - commits of events that the record, the quarantine or the identities have not followed yet.
    """
    held = {
        *_named(tables),
        *_current_since(tables, cutoff),
        *_seen_since({name: tables[name] for name in readable if name in tables}, cutoff),
        *_made_from(tables),
        *((EVENTS, snapshot.snapshot_id) for snapshot in unfollowed(tables)),
    }
    return {
        name: [one.snapshot_id for one in table.metadata.snapshots if (name, one.snapshot_id) not in held]
        for name, table in tables.items()
    }


def expire_all(
    catalog: Catalog, names: Iterable[str], cutoff: datetime, *, dry_run: bool = False
) -> dict[str, set[int]]:
    """Let go what may go of all these tables; by table, what went or, in a dry run, would.

    Raises:
        ConflictError: others kept committing first.
        StorageError: the lake or its database cannot be reached, read or written.
    """
    known = list(names)
    expired = {name: set[int]() for name in known}
    for attempt in range(ATTEMPTS):
        tables = load_tables(catalog, known)
        try:
            for name, snapshot_ids in expirable(tables, PINNED, cutoff).items():
                if snapshot_ids and not dry_run:
                    expire(tables[name], snapshot_ids, cutoff)
                expired[name].update(snapshot_ids)
            break
        except ConflictError:
            if attempt == ATTEMPTS - 1:
                raise
    return expired


def expire(table: Table, snapshot_ids: Sequence[int], cutoff: datetime) -> None:
    """Let these snapshots go, and note since when the table's history is whole.

    Raises:
        ConflictError: another writer committed first, or let one of them go; nothing was changed.
    """
    name = ".".join(table.name()[-2:])
    earlier = table.properties.get(HISTORY_SINCE)
    since = cutoff if earlier is None else max(cutoff, datetime.fromisoformat(earlier))
    try:
        with translated(name), table.transaction() as transaction:
            ExpireSnapshots(transaction).by_ids(list(snapshot_ids)).commit()
            transaction.set_properties({HISTORY_SINCE: since.astimezone(UTC).isoformat()})
    except ValueError as exc:
        # So PyIceberg says that a snapshot is not there.
        raise ConflictError(f"{name}: another upkeep let snapshots go first; nothing was changed. Try again.") from exc


def _named(tables: Mapping[str, Table]) -> Iterator[Held]:
    for name, table in tables.items():
        for ref in table.metadata.refs.values():
            yield name, ref.snapshot_id


def _current_since(tables: Mapping[str, Table], cutoff: datetime) -> Iterator[Held]:
    for name, table in tables.items():
        for snapshot, successor in pairwise(table.metadata.snapshots):
            if committed_at(successor) > cutoff:
                yield name, snapshot.snapshot_id


def _seen_since(tables: Mapping[str, Table], cutoff: datetime) -> Iterator[Held]:
    seen = list(seen_by_readers(tables))
    first = max((at for at, state in enumerate(seen) if state.since <= cutoff), default=0)
    for state in seen[first:]:
        for name, snapshot in state.snapshots.items():
            yield name, snapshot.snapshot_id


def _made_from(tables: Mapping[str, Table]) -> Iterator[Held]:
    for table in tables.values():
        for key, version in current_properties(table).items():
            upstream = key.removeprefix(READ)
            if key.startswith(READ) and upstream in tables:
                snapshot = snapshot_at_version(tables[upstream], version)
                if snapshot is not None:
                    yield upstream, snapshot.snapshot_id
