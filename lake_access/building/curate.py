"""Curating: new raw batches become events, identities and quarantined lines.

Three tables change, in this order: `curated.quarantine`, `curated.identities`, then `curated.events`, whose commit
says in its summary which batches it consumed: with that commit a batch counts as built. A run killed before it leaves
quarantined lines and identities that the next run, reading the same batches, writes to the same effect.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby

import duckdb
import pyarrow as pa
from duckdb.func import FunctionNullHandling
from pyiceberg.manifest import DataFile

from lake_access.building import identity
from lake_access.building.event_sql import EventSql, compile_stream, field_column
from lake_access.building.json_strictness import json_fault
from lake_access.building.key_guard import KEY_PROPERTY, check_key, fingerprint
from lake_access.building.lines import Chunk, UnreadableLine, UnsoundBatchError, read_ahead, read_chunks
from lake_access.building.rewriting import files_with, replace_rows
from lake_access.building.workshop import Workshop, upstream_property
from lake_access.iceberg.commits import BUILT_AT, CONSUMED, KNOWN_UNTIL, PinnedTable, commit, pin, write_rows
from lake_access.iceberg.tables import EVENTS, IDENTITIES, QUARANTINE
from lake_access.queries import load_query
from lake_access.raw import Batch

# Text taken at a time: enough for DuckDB's threads, little enough to stay in few hundred megabytes.
CHUNK_BYTES = 32 << 20
# Events gathered before they are written: data files of a useful size.
ROWS_PER_WRITE = 1_000_000
# How far an event may lie ahead of its landing: clocks differ.
AHEAD = timedelta(days=1)


@dataclass
class BatchCounts:
    """What became of one batch's lines: read = curated + duplicates + quarantined; or why it was refused whole."""

    read: int = 0
    curated: int = 0
    duplicates: int = 0
    quarantined: int = 0
    refused: str | None = None


@dataclass
class _Round:
    """One pass over some batches, up to the commit of its events."""

    workshop: Workshop
    events: PinnedTable
    counts: dict[Batch, BatchCounts]
    written: list[DataFile] = field(default_factory=list)
    loaded: set[str] = field(default_factory=set)
    chunks: list[str] = field(default_factory=list)
    waiting: int = 0


def equip(workshop: Workshop) -> None:
    """Give the workshop's connection the functions that curating calls: once, before the first `curate`.

    Raises:
        SettingsError: the identity key is another than the lake's.
    """
    check_key(workshop)
    connection = workshop.connection
    identity.prepare(connection, workshop.identity_key)
    connection.create_function(
        "json_fault", json_fault, ["VARCHAR"], "VARCHAR", null_handling=FunctionNullHandling.SPECIAL
    )
    connection.execute(load_query("curate_functions"))


def curate(
    workshop: Workshop, batches: Sequence[Batch], progress: Callable[[int], None] = lambda _lines: None
) -> dict[Batch, BatchCounts]:
    """Turn these batches, in the order given, into events; `progress` is told the lines read since the last call.

    Raises:
        ConflictError: another build committed meanwhile; nothing of this one's events is visible.
    """
    counts: dict[Batch, BatchCounts] = {}
    while True:
        told = _Told(progress)
        try:
            return _curate(_begin(workshop, batches, counts), told)
        except UnsoundBatchError as unsound:
            # That shows at its end only. It is seldom, so that the lines are read again without it.
            counts[unsound.batch] = BatchCounts(refused=str(unsound))
            told.take_back()


@dataclass
class _Told:
    """The lines that the progress was told of."""

    progress: Callable[[int], None]
    lines: int = 0

    def __call__(self, lines: int) -> None:
        self.lines += lines
        self.progress(lines)

    def take_back(self) -> None:
        self(-self.lines)


def _begin(workshop: Workshop, batches: Sequence[Batch], refused: Mapping[Batch, BatchCounts]) -> _Round:
    events = pin(workshop.table(EVENTS)[0])
    return _Round(workshop, events, {batch: refused.get(batch, BatchCounts()) for batch in batches})


def _curate(current: _Round, progress: Callable[[int], None]) -> dict[Batch, BatchCounts]:
    workshop, table = current.workshop, current.workshop.table(EVENTS)[0]
    _prepare(current)
    sound = [batch for batch, counts in current.counts.items() if counts.refused is None]
    for stream, of_stream in groupby(_in_reading_order(workshop, sound), key=lambda batch: batch.stream):
        sql = compile_stream(workshop.declarations, stream)
        for chunk in read_ahead(read_chunks(workshop.store, list(of_stream), CHUNK_BYTES)):
            _curate_chunk(current, sql, chunk)
            if current.waiting >= ROWS_PER_WRITE:
                _write_events(current)
            progress(len(chunk.lines) + len(chunk.unreadable))
    _write_events(current)
    _commit_quarantine(current)
    identities_version = _commit_identities(current)
    added, removed = _relink(current)
    commit(table, added, removed, _summary(current, identities_version))
    return current.counts


def _in_reading_order(workshop: Workshop, batches: Sequence[Batch]) -> list[Batch]:
    """Stream by stream, a CRM's own first: they link addresses with keys, and what is linked late is written again."""
    streams = workshop.declarations.sources
    return sorted(batches, key=lambda batch: (streams[batch.stream].kind == "touch", batch.stream))


def _prepare(current: _Round) -> None:
    """Empty tables for what the chunks add up to, and the links between identities known so far."""
    connection = current.workshop.connection
    connection.execute(load_query("identity_tables"))
    connection.execute(load_query("curate_tables"))
    identities = pin(current.workshop.table(IDENTITIES)[0])
    connection.execute(load_query("identity_links").format(scan=identities.scan()))
    if identities.version != current.events.properties.get(upstream_property(IDENTITIES)):
        # A run ended between the two commits: any link may be one that the events have not followed yet.
        connection.execute("INSERT INTO relinked SELECT identity_id FROM links")


def _curate_chunk(current: _Round, sql: EventSql, chunk: Chunk) -> None:
    connection = current.workshop.connection
    connection.register("lines", chunk.lines)
    connection.register("batches", _batches_table(chunk.batches))
    connection.execute(sql.parse)
    connection.execute(load_query("curate_identities"))
    connection.execute(sql.type, sql.parameters)
    connection.unregister("lines")
    _load_seen(current)
    connection.execute(load_query("curate_copies"))
    _count(current, chunk)
    connection.execute(load_query("curate_refused"))
    _keep_unreadable(connection, chunk.unreadable)
    identity.link_identities(connection)
    connection.execute(load_query("curate_events"))
    _keep_events(current)


def _keep_events(current: _Round) -> None:
    """Set the chunk's new events aside as they are: copying them to others would cost more than all their checks."""
    connection = current.workshop.connection
    events = connection.table("typed").shape[0]
    if events:
        name = f"chunk_{len(current.chunks)}"
        connection.execute(f"DROP TABLE IF EXISTS {name}")
        connection.execute(f"ALTER TABLE typed RENAME TO {name}")
        current.chunks.append(name)
        current.waiting += events


def _write_events(current: _Round) -> None:
    """Write the events set aside as data files, by now under the leads that links found since have made theirs."""
    if not current.chunks:
        return
    connection = current.workshop.connection
    table, definition = current.workshop.table(EVENTS)
    chunks = " UNION ALL ".join(f"FROM {name}" for name in current.chunks)
    connection.execute(load_query("new_events").format(columns=_event_columns(current), chunks=chunks))
    current.written += write_rows(connection, table, definition, "new_events")
    connection.execute("DROP VIEW new_events")
    for name in current.chunks:
        connection.execute(f"DROP TABLE {name}")
    current.chunks, current.waiting = [], 0


def _batches_table(batches: Sequence[Batch]) -> pa.Table:
    moment = pa.timestamp("us", "UTC")
    return pa.table(
        {
            "batch_index": pa.array(range(len(batches)), pa.int32()),
            "batch_id": [batch.batch_id for batch in batches],
            "landed_at": pa.array([batch.landed_at for batch in batches], moment),
            "latest_at": pa.array([batch.landed_at + AHEAD for batch in batches], moment),
            "history": [batch.history for batch in batches],
        }
    )


def _event_columns(current: _Round) -> str:
    fields = current.workshop.declarations.typed_columns()
    return ", ".join(
        f'e."{field_column(name)}" AS "{name}"' if name in fields else f'e."{name}"'
        for name in current.workshop.table(EVENTS)[1].columns
        if name != "lead_id"
    )


def _load_seen(current: _Round) -> None:
    """Learn the keys of the events in the lake that a line of this chunk could repeat.

    An event without an id of its own is its content, time included, so that a copy lies in the same month; one with an
    id may lie in any.
    """
    connection = current.workshop.connection
    if not current.events.files:
        return
    months = {row[0] for row in connection.execute(load_query("curate_months")).fetchall()}
    wanted = [
        path
        for path, file in current.events.files.items()
        if path not in current.loaded and (None in months or file.partition[0] in months)
    ]
    if wanted:
        connection.execute(load_query("seen_keys").format(scan=current.events.scan(files=wanted)))
        current.loaded.update(wanted)


def _keep_unreadable(connection: duckdb.DuckDBPyConnection, unreadable: Sequence[UnreadableLine]) -> None:
    rows = [
        (line.batch.stream, line.batch.batch_id, line.number, line.reason, line.content, line.batch.landed_at)
        for line in unreadable
    ]
    if rows:
        connection.executemany("INSERT INTO refused_lines VALUES (?, ?, ?, ?, ?, ?)", rows)


def _count(current: _Round, chunk: Chunk) -> None:
    rows = current.workshop.connection.execute(load_query("curate_counts")).fetchall()
    for index, read, quarantined, duplicates in rows:
        counts = current.counts[chunk.batches[index]]
        counts.read += read
        counts.quarantined += quarantined
        counts.duplicates += duplicates
        counts.curated += read - quarantined - duplicates
    for line in chunk.unreadable:
        current.counts[line.batch].read += 1
        current.counts[line.batch].quarantined += 1


def _commit_quarantine(current: _Round) -> None:
    """Quarantined lines of these batches replace any that a killed run left of them."""
    connection = current.workshop.connection
    table, definition = current.workshop.table(QUARANTINE)
    pinned = pin(table)
    # Two streams can have batches of one id: the same content landed at the same moment.
    key, names = "stream, batch_id", [[batch.stream, batch.batch_id] for batch in current.counts]
    connection.execute("CREATE OR REPLACE TEMP TABLE round_batches (stream VARCHAR, batch_id VARCHAR)")
    connection.executemany("INSERT INTO round_batches VALUES (?, ?)", names)
    if connection.table("refused_lines").shape[0] or files_with(connection, pinned, key, "round_batches"):
        replace_rows(
            connection,
            table,
            definition,
            pinned,
            key=key,
            keys="round_batches",
            rows="refused_lines",
            properties={},
        )


def _commit_identities(current: _Round) -> str | None:
    """New identities, and old ones that now belong to another lead; the table's version afterwards."""
    connection = current.workshop.connection
    table, definition = current.workshop.table(IDENTITIES)
    pinned = pin(table)
    connection.execute(load_query("identity_changes").format(scan=pinned.scan()))
    if connection.table("changed_identities").shape[0] == 0:
        return pinned.version
    changed, properties = "changed_identities", {KEY_PROPERTY: fingerprint(current.workshop.identity_key)}
    table = replace_rows(
        connection, table, definition, pinned, key="identity_id", keys=changed, rows=changed, properties=properties
    )
    return pin(table).version


def _relink(current: _Round) -> tuple[list[DataFile], list[DataFile]]:
    """The data files that this round's events come in, and those they replace, once every event is under its lead.

    A link found late may concern files of earlier builds, and files written earlier in this round.
    """
    connection = current.workshop.connection
    if connection.table("relinked").shape[0] == 0:
        return current.written, []
    table, definition = current.workshop.table(EVENTS)
    fresh = {file.file_path: file for file in current.written}
    everything = PinnedTable(EVENTS, pin(table).columns, files={**current.events.files, **fresh})
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE relinked_leads AS SELECT DISTINCT identity_id AS lead_id FROM relinked"
    )
    touched = files_with(connection, everything, "lead_id", "relinked_leads")
    if not touched:
        return current.written, []
    connection.execute(load_query("events_relinked").format(scan=everything.scan(files=touched)))
    rewritten = write_rows(connection, table, definition, "relinked_events")
    kept = [file for path, file in fresh.items() if path not in touched]
    return kept + rewritten, [current.events.files[path] for path in touched if path in current.events.files]


def _summary(current: _Round, identities_version: str | None) -> dict[str, str]:
    consumed = {
        batch.key: {
            "read": counts.read,
            "curated": counts.curated,
            "duplicates": counts.duplicates,
            "quarantined": counts.quarantined,
            "refused": counts.refused,
        }
        for batch, counts in current.counts.items()
    }
    known_until = max(batch.landed_at for batch in current.counts)
    earlier = current.events.properties.get(KNOWN_UNTIL)
    if earlier is not None:
        known_until = max(known_until, datetime.fromisoformat(earlier))
    summary = {
        CONSUMED: json.dumps(consumed),
        BUILT_AT: current.workshop.now.astimezone(UTC).isoformat(),
        KNOWN_UNTIL: known_until.astimezone(UTC).isoformat(),
        KEY_PROPERTY: fingerprint(current.workshop.identity_key),
        "leadlake.rules_version": current.workshop.declarations.scoring.version,
    }
    if identities_version is not None:
        summary[upstream_property(IDENTITIES)] = identities_version
    return summary
