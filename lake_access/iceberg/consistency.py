"""Tables pinned together: each at a snapshot that was made from one and the same version of the events."""

from __future__ import annotations

from collections.abc import Mapping

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from lake_access.iceberg.commits import READ, VERSION, PinnedTable, pin, pin_nothing, said_by
from lake_access.iceberg.tables import BATCHES, EVENTS, LEADS, QUARANTINE, SCORES

# Whether they have a snapshot yet or not: a reader who sees events sees these of them.
_ALWAYS = (LEADS, SCORES, QUARANTINE, BATCHES)


def pin_together(tables: Mapping[str, Table]) -> dict[str, PinnedTable]:
    """Pin the tables at the newest version of the events that all tables made from them have followed.

    Between the commits of a build, that is the lake as the last build left it; before the first has ended, nothing.
    """
    followed = {
        name: by_version_read(table)
        for name, table in tables.items()
        if is_seen_with_events(name, has_snapshots=bool(table.metadata.snapshots))
    }
    for snapshot in reversed(tables[EVENTS].metadata.snapshots) if EVENTS in tables else ():
        version = said_by(snapshot).get(VERSION)
        if version is not None and all(version in snapshots for snapshots in followed.values()):
            at = {EVENTS: snapshot, **{name: snapshots[version] for name, snapshots in followed.items()}}
            return {name: pin(table, at.get(name)) for name, table in tables.items()}
    return {name: pin_nothing(table) for name, table in tables.items()}


def is_seen_with_events(name: str, *, has_snapshots: bool) -> bool:
    """Whether readers who see a version of the events see what this table made of it, and nothing before it has."""
    return name != EVENTS and (name in _ALWAYS or has_snapshots)


def by_version_read(table: Table) -> dict[str, Snapshot]:
    """The newest snapshot made from each version of the events."""
    found = {said_by(snapshot).get(f"{READ}{EVENTS}"): snapshot for snapshot in table.metadata.snapshots}
    return {version: snapshot for version, snapshot in found.items() if version is not None}
