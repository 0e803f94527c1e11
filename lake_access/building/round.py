"""One round of curating: what some batches come to is put in place of what the lake held of them.

The first batch, in the order of landing, that holds a valid copy of an event owns it; all later copies are duplicates.
That must come out in whatever order batches are built. Copies within a round are told apart as its chunks are read.
Before its events are written, they meet those that the lake holds from batches outside: where such a batch landed
earlier, ours is the duplicate; where it landed later, its event leaves the lake and is one duplicate more of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pyarrow as pa
from pyiceberg.manifest import DataFile

from lake_access.building.event_sql import field_column
from lake_access.building.key_guard import KEY_PROPERTY, fingerprint
from lake_access.building.record import WHOLE, BatchCounts, write_record
from lake_access.building.rewriting import files_with
from lake_access.building.workshop import Workshop
from lake_access.iceberg.commits import (
    KNOWN_UNTIL,
    RULES_VERSION,
    PinnedTable,
    commit,
    local_path,
    pin,
    pin_nothing,
    write_rows,
)
from lake_access.iceberg.tables import BATCHES, EVENTS, IDENTITIES, QUARANTINE
from lake_access.queries import load_query
from lake_access.raw import Batch

# Which events of the lake a round must write anew, by the temporary tables that say so, and their keys.
_REWRITTEN = {"relinked_leads": "lead_id", "replayed_batches": "stream, batch_id", "overtaken": "stream, event_id"}


@dataclass
class Round:
    """One pass over some batches, up to the commit of its events.

    `events` and `identities` are what it builds upon: nothing, where it is to take the place of everything (`whole`).
    """

    workshop: Workshop
    whole: bool
    counts: dict[Batch, BatchCounts]
    events: PinnedTable
    identities: PinnedTable
    # What became of those of the batches that were built before.
    earlier: dict[Batch, BatchCounts] = field(default_factory=dict)
    written: list[DataFile] = field(default_factory=list)
    # The tables of new events that are not written yet, a chunk's each; how many events; in which months copies of them
    # may lie, None among these: in any.
    chunks: list[str] = field(default_factory=list)
    waiting: int = 0
    months: set[int | None] = field(default_factory=set)


def open_round(
    workshop: Workshop, batches: Sequence[Batch], refused: Mapping[Batch, str], *, whole: bool = False
) -> Round:
    """A round over these batches, of which nothing is read yet, and nothing will be of those that are refused."""
    pin_table = pin_nothing if whole else pin
    events, identities = (pin_table(workshop.table(name)[0]) for name in (EVENTS, IDENTITIES))
    counts = {batch: BatchCounts(refused=refused.get(batch)) for batch in batches}
    current = Round(workshop, whole, counts, events, identities)
    connection = workshop.connection
    connection.execute(load_query("identity_tables"))
    connection.execute(load_query("curate_tables"))
    connection.execute(load_query("identity_links").format(scan=identities.scan()))
    current.earlier = _find_replayed(current)
    return current


def _find_replayed(current: Round) -> dict[Batch, BatchCounts]:
    """Learn which of the batches were built before, and what became of them."""
    connection = current.workshop.connection
    keys = pa.table({"key": pa.array([batch.key for batch in current.counts], pa.string())})
    connection.register("asked_batches", keys)
    recorded = pin(current.workshop.table(BATCHES)[0])
    connection.execute(load_query("round_tables").format(batches=recorded.scan()))
    connection.unregister("asked_batches")
    by_key = {batch.key: batch for batch in current.counts}
    rows = connection.execute(load_query("replayed_counts")).fetchall()
    return {by_key[key]: BatchCounts(*counts) for key, *counts in rows}


def keep_chunk(current: Round) -> None:
    """Set the chunk's new events, the table `typed`, aside as they are: to copy them would cost as much as to check."""
    connection = current.workshop.connection
    events = connection.table("typed").shape[0]
    if events:
        name = f"chunk_{len(current.chunks)}"
        connection.execute(f"DROP TABLE IF EXISTS {name}")
        connection.execute(f"ALTER TABLE typed RENAME TO {name}")
        current.chunks.append(name)
        current.waiting += events


def write_events(current: Round) -> None:
    """Write the events set aside, but for those that a batch outside of the round owns, under their leads by now."""
    if not current.chunks:
        return
    connection = current.workshop.connection
    table, definition = current.workshop.table(EVENTS)
    _settle_owners(current)
    chunks = " UNION ALL ".join(f"FROM {name}" for name in current.chunks)
    connection.execute(load_query("new_events").format(columns=_event_columns(current), chunks=chunks))
    current.written += write_rows(connection, table, definition, "new_events")
    connection.execute("DROP VIEW new_events")
    for name in current.chunks:
        connection.execute(f"DROP TABLE {name}")
    current.chunks, current.waiting, current.months = [], 0, set()


def _event_columns(current: Round) -> str:
    fields = current.workshop.declarations.typed_columns()
    return ", ".join(
        f'e."{field_column(name)}" AS "{name}"' if name in fields else f'e."{name}"'
        for name in current.workshop.table(EVENTS)[1].columns
        if name != "lead_id"
    )


def _settle_owners(current: Round) -> None:
    """Give up the events that batches outside own, and note those of theirs that are ours.

    An event without an id of its own is its content, time included, so that a copy lies in the same month; one with an
    id may lie in any.
    """
    connection = current.workshop.connection
    near = [path for path, file in current.events.files.items() if file.partition[0] in current.months]
    far = [path for path in current.events.files if path not in set(near)] if None in current.months else []
    if not near and not far:
        return
    places = " UNION ALL ".join(
        f"SELECT {number} AS chunk, rowid AS place, stream, event_id, batch_id, has_own_id FROM {name}"  # noqa: S608  (ours)
        for number, name in enumerate(current.chunks)
    )
    scans = {"near": current.events.scan(files=near), "far": current.events.scan(files=far)}
    connection.execute(load_query("held_events").format(**scans, places=places))
    given_up = connection.execute(load_query("held_counts")).fetchall()
    copies = {(stream, batch_id): number for stream, batch_id, number in given_up}
    if copies:
        for number, name in enumerate(current.chunks):
            connection.execute(load_query("held_given_up").format(table=name), {"chunk": number})
        for batch, counts in current.counts.items():
            number = copies.get((batch.stream, batch.batch_id), 0)
            counts.curated -= number
            counts.duplicates += number
    connection.execute(load_query("overtaken_add"))


def refuses_what_was_valid(current: Round) -> bool:
    """Whether a line that was valid when its batch was built before is refused now.

    A later copy of its event may lie in any batch, and who else named its identities is not recorded: only a whole
    round can tell what follows.
    """
    if not current.earlier:
        return False
    quarantine = pin(current.workshop.table(QUARANTINE)[0])
    query = load_query("newly_refused").format(quarantine=quarantine.scan())
    return current.workshop.connection.execute(query).fetchone() is not None


def commit_round(current: Round) -> None:
    """Put the round's events into the lake: with this one commit its batches count as built.

    Raises:
        ConflictError: another build committed meanwhile; nothing of this one is visible.
    """
    workshop = current.workshop
    stored = current.identities.scan()
    workshop.connection.execute(load_query("identity_changes").format(scan=stored))
    recorded = pin(workshop.table(BATCHES)[0])
    workshop.connection.execute(load_query("recounted_batches").format(batches=recorded.scan()))
    record = write_record(workshop, current.counts, replays=bool(current.earlier))
    added, removed = _rewrite(current)
    table, _ = workshop.table(EVENTS)
    if current.whole:
        removed = list(pin(table).files.values())
        record[WHOLE] = "true"
    commit(table, added, removed, {**_summary(current), **record})


def _rewrite(current: Round) -> tuple[list[DataFile], list[DataFile]]:
    """The data files that bring the round's events, and those that go: a month's at a time, to hold no more than that.

    A link between identities that is found late may concern files of earlier rounds, and earlier ones of this.
    """
    connection = current.workshop.connection
    table, definition = current.workshop.table(EVENTS)
    connection.execute(load_query("relinked_leads"))
    fresh = PinnedTable(EVENTS, current.events.columns, files={local_path(f.file_path): f for f in current.written})
    ours = set(_files_with(current, fresh, ["relinked_leads"]))
    theirs = set(_files_with(current, current.events, list(_REWRITTEN)))
    added = [file for path, file in fresh.files.items() if path not in ours]
    touched = [(fresh, path) for path in sorted(ours)] + [(current.events, path) for path in sorted(theirs)]
    for month in sorted({pinned.files[path].partition[0] for pinned, path in touched}):
        of_month = [path for pinned, path in touched if pinned.files[path].partition[0] == month]
        scans = {
            "fresh": fresh.scan(files=[path for path in of_month if path in ours]),
            "stored": current.events.scan(files=[path for path in of_month if path in theirs]),
        }
        connection.execute(load_query("events_rewritten").format(**scans))
        added += write_rows(connection, table, definition, "rewritten_events")
    return added, [current.events.files[path] for path in sorted(theirs)]


def _files_with(current: Round, pinned: PinnedTable, tables: Sequence[str]) -> list[str]:
    """The data files that hold an event whose key stands in one of these temporary tables."""
    connection = current.workshop.connection
    asked = [name for name in tables if connection.table(name).shape[0] > 0]
    return [path for name in asked for path in files_with(connection, pinned, _REWRITTEN[name], name)]


def _summary(current: Round) -> dict[str, str]:
    """What the commit says of the events: until when they know, and the oldest rules that any were scored by."""
    # Of a lake from which the last batch has gone, it is known by now that nothing is left.
    known_until = max((batch.landed_at for batch in current.counts), default=current.workshop.now)
    earlier = current.events.properties.get(KNOWN_UNTIL)
    if earlier is not None:
        known_until = max(known_until, datetime.fromisoformat(earlier))
    rules = current.workshop.declarations.scoring.version
    return {
        KNOWN_UNTIL: known_until.astimezone(UTC).isoformat(),
        KEY_PROPERTY: fingerprint(current.workshop.identity_key),
        RULES_VERSION: current.events.properties.get(RULES_VERSION, rules),
    }
