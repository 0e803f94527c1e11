"""Curating: raw batches become events, identities and quarantined lines, a chunk of lines at a time.

A round of them (`round.py`) ends with one commit of the events. A run killed before it leaves nothing that anybody
reads, and the next run reads the same batches again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

import duckdb
import pyarrow as pa
from duckdb.func import FunctionNullHandling

from lake_access.building import identity
from lake_access.building.event_sql import EventSql, compile_stream
from lake_access.building.json_strictness import json_fault
from lake_access.building.key_guard import check_key
from lake_access.building.lines import Chunk, UnreadableLine, UnsoundBatchError, read_ahead, read_chunks
from lake_access.building.record import BatchCounts
from lake_access.building.round import Round, commit_round, keep_chunk, open_round, write_events
from lake_access.building.workshop import Workshop
from lake_access.errors import RefusedError
from lake_access.queries import load_query
from lake_access.raw import Batch

# Text taken at a time: enough for DuckDB's threads, little enough to stay in few hundred megabytes.
CHUNK_BYTES = 32 << 20
# Events gathered before they are written: data files of a useful size.
ROWS_PER_WRITE = 1_000_000
# How far an event may lie ahead of its landing: clocks differ.
AHEAD = timedelta(days=1)


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
    current = read_batches(workshop, batches, progress)
    commit_round(current)
    return current.counts


def read_batches(
    workshop: Workshop,
    batches: Sequence[Batch],
    progress: Callable[[int], None] = lambda _lines: None,
    *,
    whole: bool = False,
) -> Round:
    """A round that has read every line of these batches; nothing is committed yet.

    Raises:
        RefusedError: a raw batch that was built before is damaged or gone since.
    """
    refused: dict[Batch, str] = {}
    while True:
        current, told = open_round(workshop, batches, refused, whole=whole), _Told(progress)
        try:
            _read(current, told)
            return current
        except UnsoundBatchError as unsound:
            # That shows at its end only. It is seldom, so that all are read again without it.
            _refuse_damage(current, unsound)
            refused[unsound.batch] = str(unsound)
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


def _refuse_damage(current: Round, unsound: UnsoundBatchError) -> None:
    earlier = current.earlier.get(unsound.batch)
    if earlier is not None and earlier.refused is None:
        # What was built of it is all that there is of it now.
        raise RefusedError(
            f"{unsound} It was sound when it was built, so its events stay and nothing was replayed. Restore it from a "
            "backup, or replay a range without it."
        ) from unsound


def _read(current: Round, progress: Callable[[int], None]) -> None:
    workshop = current.workshop
    sound = [batch for batch, counts in current.counts.items() if counts.refused is None]
    for stream, of_stream in groupby(_in_reading_order(workshop, sound), key=lambda batch: batch.stream):
        sql = compile_stream(workshop.declarations, stream)
        for chunk in read_ahead(read_chunks(workshop.store, list(of_stream), CHUNK_BYTES)):
            _curate_chunk(current, sql, chunk)
            if current.waiting >= ROWS_PER_WRITE:
                write_events(current)
            progress(len(chunk.lines) + len(chunk.unreadable))
    write_events(current)


def _in_reading_order(workshop: Workshop, batches: Sequence[Batch]) -> list[Batch]:
    """Stream by stream, a CRM's own first: they link addresses with keys, and what is linked late is written again."""
    streams = workshop.declarations.sources
    return sorted(batches, key=lambda batch: (streams[batch.stream].kind == "touch", batch.stream))


def _curate_chunk(current: Round, sql: EventSql, chunk: Chunk) -> None:
    connection = current.workshop.connection
    connection.register("lines", chunk.lines)
    connection.register("batches", _batches_table(chunk.batches))
    connection.execute(sql.parse)
    connection.execute(load_query("curate_identities"))
    _type_lines(connection, sql)
    connection.unregister("lines")
    current.months |= {row[0] for row in connection.execute(load_query("curate_months")).fetchall()}
    connection.execute(load_query("curate_copies"))
    _count(current, chunk)
    connection.execute(load_query("curate_refused"))
    _keep_unreadable(connection, chunk.unreadable)
    identity.link_identities(connection)
    connection.execute(load_query("curate_events"))
    keep_chunk(current)


def _type_lines(connection: duckdb.DuckDBPyConnection, sql: EventSql) -> None:
    """Make `typed`: each line with its values, and the reason to refuse it if there is one."""
    # DuckDB knows no size of an Arrow table, takes the lines for the smaller side of each join, and would read along
    # the other one, which is so small that a single thread does all the work.
    connection.execute("SET disabled_optimizers = 'build_side_probe_side'")
    connection.execute(sql.type, sql.parameters)
    connection.execute("RESET disabled_optimizers")


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
