"""Curating: raw batches become events, identities and quarantined lines, a chunk of lines at a time.

A round of them (`round.py`) ends with one commit of the events. A run killed before it leaves nothing that anybody
reads, and the next run reads the same batches again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

import duckdb
import pyarrow as pa
from duckdb.func import FunctionNullHandling

from lake_access.building import identity
from lake_access.building.event_sql import EventSql, compile_stream, field_column
from lake_access.building.json_strictness import json_fault
from lake_access.building.lines import Chunk, UnreadableLine, read_chunks, refusal
from lake_access.building.record import BatchCounts
from lake_access.building.round import Round, commit_round, open_round, write_events
from lake_access.building.workshop import Workshop
from lake_access.errors import RefusedError
from lake_access.iceberg.tables import EVENTS
from lake_access.queries import load_query
from lake_access.raw import Batch

# Text taken at a time: enough for DuckDB's threads, little enough to stay in few hundred megabytes.
CHUNK_BYTES = 32 << 20
# Events gathered before they are written: data files of a useful size.
ROWS_PER_WRITE = 1_000_000


def equip(workshop: Workshop) -> None:
    """Give the workshop's connection the functions that curating calls: once, before the first `curate`."""
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
    current = open_round(workshop, batches)
    read_batches(current, progress)
    commit_round(current)
    return current.counts


def read_batches(current: Round, progress: Callable[[int], None] = lambda _lines: None) -> None:
    """Read every line of the round's batches; nothing is committed yet.

    Raises:
        RefusedError: a raw batch that was built before is damaged or gone since.
    """
    workshop, batches = current.workshop, current.counts
    for stream, of_stream in groupby(sorted(batches, key=lambda batch: batch.stream), key=lambda batch: batch.stream):
        sql = compile_stream(workshop.declarations, stream)
        for chunk in read_chunks(workshop.store, _sound(current, of_stream), CHUNK_BYTES):
            _curate_chunk(current, sql, chunk)
            if workshop.connection.table("new_events").shape[0] >= ROWS_PER_WRITE:
                write_events(current)
            progress(len(chunk.lines) + len(chunk.unreadable))
    write_events(current)


def _sound(current: Round, batches: Iterable[Batch]) -> list[Batch]:
    sound = []
    for batch in batches:
        current.counts[batch].refused = refusal(current.workshop.store, batch)
        if current.counts[batch].refused is None:
            sound.append(batch)
        elif batch in current.earlier and current.earlier[batch].refused is None:
            # What was built of it is all that there is of it now.
            raise RefusedError(
                f"{current.counts[batch].refused} It was sound when it was built, so its events stay and nothing was "
                "replayed. Restore it from a backup, or replay a range without it."
            )
    return sound


def _curate_chunk(current: Round, sql: EventSql, chunk: Chunk) -> None:
    connection = current.workshop.connection
    connection.register("lines", chunk.lines)
    connection.register("batches", _batches_table(chunk.batches))
    connection.execute(sql.parse)
    connection.execute(sql.type, sql.parameters)
    connection.unregister("lines")
    current.months |= {row[0] for row in connection.execute(load_query("curate_months")).fetchall()}
    connection.execute(load_query("curate_copies"))
    identity.link_identities(connection)
    connection.execute(load_query("curate_events").format(columns=_event_columns(current)))
    connection.execute(load_query("seen_add"))
    connection.execute(load_query("curate_refused"))
    _keep_unreadable(connection, chunk.unreadable)
    _count(current, chunk)


def _batches_table(batches: Sequence[Batch]) -> pa.Table:
    return pa.table(
        {
            "batch_index": pa.array(range(len(batches)), pa.int32()),
            "batch_id": [batch.batch_id for batch in batches],
            "landed_at": pa.array([batch.landed_at for batch in batches], pa.timestamp("us", "UTC")),
            "history": [batch.history for batch in batches],
        }
    )


def _event_columns(current: Round) -> str:
    fields = current.workshop.declarations.typed_columns()
    return ", ".join(
        f't."{field_column(name)}" AS "{name}"' if name in fields else f't."{name}"'
        for name in current.workshop.table(EVENTS)[1].columns
        if name != "lead_id"
    )


def _keep_unreadable(connection: duckdb.DuckDBPyConnection, unreadable: Sequence[UnreadableLine]) -> None:
    rows = [
        (line.batch.stream, line.batch.batch_id, line.number, line.reason, line.content, line.batch.landed_at)
        for line in unreadable
    ]
    if rows:
        connection.executemany("INSERT INTO refused_lines VALUES (?, ?, ?, ?, ?, ?)", rows)


def _count(current: Round, chunk: Chunk) -> None:
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
