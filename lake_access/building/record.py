"""What a round leaves beside its events: the record of its batches, the lines it refused, the identities it met.

It writes their rows as data files before it commits the events, and names the files in that one commit, with which all
of it counts. `curated.batches`, `curated.quarantine` and `curated.identities` then follow, each in a commit of its
own. Who is killed in between leaves that to the next build; who is killed before leaves nothing that anybody reads.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from lake_access.building.rewriting import replace_files
from lake_access.building.workshop import Workshop, upstream_property
from lake_access.iceberg.commits import (
    THIS_COMMIT,
    VERSION,
    Properties,
    commit,
    current_properties,
    data_files,
    local_path,
    pin,
    pin_nothing,
    said_by,
    scan_sql,
    write_rows,
)
from lake_access.iceberg.tables import BATCHES, EVENTS, IDENTITIES, QUARANTINE
from lake_access.queries import load_query
from lake_access.raw import Batch

# The data files that a commit of the events brings for other tables, by the table's name. Those that hold the record of
# batches built before are named under REPLAYED too.
FILES = f"{THIS_COMMIT}files"
REPLAYED = "replayed"
# There where everything built before gives way to this commit.
WHOLE = f"{THIS_COMMIT}whole"
_UPSTREAM = upstream_property(EVENTS)
# Whose rows give way to a commit's: those with the key of a row in the files that stand under this name.
_REPLACED = {
    BATCHES: ("key", BATCHES),
    QUARANTINE: ("stream, batch_id", REPLAYED),
    IDENTITIES: ("identity_id", IDENTITIES),
}


@dataclass
class BatchCounts:
    """What became of one batch's lines: read = curated + duplicates + quarantined; or why it was refused whole."""

    read: int = 0
    curated: int = 0
    duplicates: int = 0
    quarantined: int = 0
    refused: str | None = None


def write_record(workshop: Workshop, counts: Mapping[Batch, BatchCounts], *, replays: bool) -> dict[str, str]:
    """Write the rows of the three tables; what the commit of the events has to say of them.

    Reads the temporary tables refused_lines, changed_identities, and recounted_batches: batches of other rounds whose
    counts are others now. `replays`: some of these batches were built before.
    """
    workshop.connection.register("told_batches", _as_table(counts, workshop.now))
    workshop.connection.execute("CREATE OR REPLACE TABLE round_batches AS FROM told_batches")
    batches = _write(workshop, BATCHES, "round_batches")
    files = {
        BATCHES: batches + _write(workshop, BATCHES, "recounted_batches"),
        QUARANTINE: _write(workshop, QUARANTINE, "refused_lines"),
        IDENTITIES: _write(workshop, IDENTITIES, "changed_identities"),
        REPLAYED: batches if replays else [],
    }
    return {FILES: json.dumps(files)}


def catch_up(workshop: Workshop) -> None:
    """Bring `curated.batches`, `curated.quarantine` and `curated.identities` up to the commits of the events.

    Every build does so first, and so must whatever expires snapshots of the events.

    Raises:
        ConflictError: another build committed meanwhile.
    """
    for name in _REPLACED:
        for snapshot in _unfollowed(workshop.table(EVENTS)[0], workshop.table(name)[0]):
            _follow(workshop, name, said_by(snapshot))


def unfollowed(tables: Mapping[str, Table]) -> list[Snapshot]:
    """The commits of the events that not all three tables have followed yet, the oldest first."""
    if EVENTS not in tables:
        return []
    behind = [_unfollowed(tables[EVENTS], tables.get(name)) for name in _REPLACED]
    return max(behind, key=len)


def named_files(snapshot: Snapshot) -> list[str]:
    """The data files that a commit of the events brings for the other tables."""
    files: Mapping[str, Sequence[str]] = json.loads(said_by(snapshot).get(FILES, "{}"))
    return [path for of_table in files.values() for path in of_table]


def _unfollowed(events: Table, table: Table | None) -> list[Snapshot]:
    """The commits of the events that the table has not followed yet, the oldest first."""
    followed = None if table is None else current_properties(table).get(_UPSTREAM)
    commits: list[Snapshot] = []
    for snapshot in reversed(events.metadata.snapshots):
        if said_by(snapshot).get(VERSION) == followed:
            break
        commits.append(snapshot)
    return commits[::-1]


def _follow(workshop: Workshop, name: str, said: Properties) -> None:
    table, definition = workshop.table(name)
    files: Mapping[str, Sequence[str]] = json.loads(said.get(FILES, "{}"))
    added, pinned = data_files(table, name, files.get(name, ())), pin(table)
    properties = {_UPSTREAM: said[VERSION]}
    if WHOLE in said:
        commit(table, added, list(pinned.files.values()), properties)
        return
    key, source = _REPLACED[name]
    named = [local_path(file) for file in files.get(source, ())]
    columns = pin_nothing(workshop.table(BATCHES if source == REPLAYED else source)[0]).columns
    query = load_query("followed_keys").format(key=key, scan=scan_sql(columns, named))
    workshop.connection.execute(query)
    replace_files(
        workshop.connection,
        table,
        definition,
        pinned,
        key=key,
        keys="followed_keys",
        added=added,
        properties=properties,
    )


def _write(workshop: Workshop, name: str, rows: str) -> list[str]:
    table, definition = workshop.table(name)
    return [file.file_path for file in write_rows(workshop.connection, table, definition, rows)]


def _as_table(counts: Mapping[Batch, BatchCounts], built_at: datetime) -> pa.Table:
    moment = pa.timestamp("us", "UTC")
    schema = pa.schema(
        {
            "batch_id": pa.string(), "stream": pa.string(), "key": pa.string(), "landed_at": moment,
            "history": pa.bool_(),
            "read": pa.int64(), "curated": pa.int64(), "duplicates": pa.int64(), "quarantined": pa.int64(),
            "refused": pa.string(), "built_at": moment,
        }
    )  # fmt: skip
    at = built_at.astimezone(UTC)
    return pa.Table.from_pylist([{**vars(batch), **vars(of), "built_at": at} for batch, of in counts.items()], schema)
