"""What readers saw at earlier times: the tables as of a moment, or as of a snapshot that one of them had."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from lake_access.errors import RefusedError
from lake_access.iceberg.commits import (
    READ,
    ROWS_SINCE,
    VERSION,
    PinnedTable,
    committed_at,
    pin,
    pin_nothing,
    said_by,
    snapshot_at_version,
)
from lake_access.iceberg.consistency import by_version_read, is_seen_with_events
from lake_access.iceberg.tables import EVENTS

# A table's property: whatever a reader saw from this moment on has not expired.
HISTORY_SINCE = "leadlake.history_since"
Snapshots = Mapping[str, Snapshot]


@dataclass(frozen=True)
class Seen:
    """What a reader who pinned the tables saw from a moment on: nothing before the first build had ended."""

    since: datetime
    snapshots: Snapshots


def seen_by_readers(tables: Mapping[str, Table]) -> Iterator[Seen]:
    """What `pin_together` gave after each commit of these tables, oldest first, as far as snapshots are left."""
    commits = sorted(
        ((moment, name, snapshot) for name, table in tables.items() for moment, snapshot in _in_time(table)),
        key=lambda commit: commit[0],
    )
    events: dict[str, Snapshot] = {}
    followed = {name: dict[str, Snapshot]() for name in tables if is_seen_with_events(name, has_snapshots=False)}
    for moment, name, snapshot in commits:
        if name == EVENTS:
            events[said_by(snapshot).get(VERSION, "")] = snapshot
        else:
            followed.setdefault(name, {})[said_by(snapshot).get(f"{READ}{EVENTS}", "")] = snapshot
        whole = (version for version in reversed(events) if all(version in made for made in followed.values()))
        version = next(whole, None)
        if version is None:
            yield Seen(moment, {})
        else:
            made = {name: of_version[version] for name, of_version in followed.items()}
            yield Seen(moment, {EVENTS: events[version], **made})


def pin_as_of(tables: Mapping[str, Table], moment: datetime) -> dict[str, PinnedTable]:
    """Pin the tables as a reader saw them at this moment.

    Raises:
        RefusedError: nothing was built by then, or it has expired; the message names the oldest that can be read.
    """
    seen = list(seen_by_readers(tables))
    oldest = _oldest(tables, seen)
    if oldest is None:
        raise RefusedError(f"{_written(moment)}: no build of this lake has ended yet; run `leadlake build`.")
    if moment < oldest:
        raise RefusedError(
            f"{_written(moment)} is before all that can be read: an earlier state has expired, or there was none. "
            f"The oldest is that of {_written(oldest)}."
        )
    newest = max(at for at, state in enumerate(seen) if state.since <= moment)
    return _pin(tables, seen[newest].snapshots)


def pin_at_snapshot(
    tables: Mapping[str, Table], snapshot_id: int, others: Mapping[str, Table]
) -> dict[str, PinnedTable]:
    """Pin the tables made from the version of the events that this snapshot was made from, or led to.

    It may be a snapshot of one of the tables, or of the others.

    Raises:
        RefusedError: no table has such a snapshot, or not all tables have one of that version (any more).
    """
    version = _version_of({**others, **tables}, snapshot_id)
    events = None if version is None else snapshot_at_version(tables[EVENTS], version)
    if version is None or events is None:
        _refuse_snapshot(tables, snapshot_id)
    at = {EVENTS: events}
    for name, table in tables.items():
        if not is_seen_with_events(name, has_snapshots=bool(table.metadata.snapshots)):
            continue
        made = by_version_read(table).get(version)
        if made is not None:
            at[name] = made
        elif not _began_after(table, events, history_since(tables)):
            _refuse_snapshot(tables, snapshot_id)
    return _pin(tables, at)


def history_since(tables: Mapping[str, Table]) -> datetime | None:
    """The moment since which nothing of what readers saw has expired; None where nothing ever has."""
    told = [table.properties[HISTORY_SINCE] for table in tables.values() if HISTORY_SINCE in table.properties]
    return max((datetime.fromisoformat(moment) for moment in told), default=None)


def _in_time(table: Table) -> Iterator[tuple[datetime, Snapshot]]:
    """The snapshots in the order of their commits, however the clocks of those who committed differ."""
    latest = datetime.min.replace(tzinfo=UTC)
    for snapshot in table.metadata.snapshots:
        latest = max(latest, committed_at(snapshot))
        yield latest, snapshot


def _oldest(tables: Mapping[str, Table], seen: list[Seen]) -> datetime | None:
    """The first moment whose state can still be told."""
    first = next((state.since for state in seen if state.snapshots), None)
    since = history_since(tables)
    return first if first is None or since is None else max(first, since)


def _version_of(tables: Mapping[str, Table], snapshot_id: int) -> str | None:
    """The version of the events that a snapshot is, was made from, or led to."""
    for name, table in tables.items():
        snapshot = table.snapshot_by_id(snapshot_id)
        if snapshot is not None and name == EVENTS:
            return said_by(snapshot).get(VERSION)
        if snapshot is not None:
            made_from = said_by(snapshot).get(f"{READ}{EVENTS}")
            return made_from or _version_after(tables, snapshot)
    return None


def _version_after(tables: Mapping[str, Table], snapshot: Snapshot) -> str | None:
    """The first version of the events that was committed after these rows, or the newest where none was."""
    rows_since = said_by(snapshot).get(ROWS_SINCE)
    since = committed_at(snapshot) if rows_since is None else datetime.fromisoformat(rows_since)
    versions = [(moment, said_by(of_events).get(VERSION)) for moment, of_events in _in_time(tables[EVENTS])]
    later = [version for moment, version in versions if moment >= since]
    return later[0] if later else (versions[-1][1] if versions else None)


def _began_after(table: Table, events: Snapshot, since: datetime | None) -> bool:
    """Whether the table's first snapshot is newer than these events, and none before it can have expired."""
    first = committed_at(table.metadata.snapshots[0]) if table.metadata.snapshots else None
    return first is not None and first > committed_at(events) and (since is None or first > since)


def _refuse_snapshot(tables: Mapping[str, Table], snapshot_id: int) -> NoReturn:
    oldest = _oldest(tables, list(seen_by_readers(tables)))
    which = (
        "no build of this lake has ended yet" if oldest is None else f"the oldest state is that of {_written(oldest)}"
    )
    raise RefusedError(
        f"{snapshot_id}: no snapshot from which all tables can be read; it has expired, it was never whole, or it is "
        f"another lake's. `leadlake build --json` prints the newest; {which}."
    )


def _pin(tables: Mapping[str, Table], at: Snapshots) -> dict[str, PinnedTable]:
    return {name: pin(table, at[name]) if name in at else pin_nothing(table) for name, table in tables.items()}


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
