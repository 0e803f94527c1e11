"""What has landed and waits to be built: the batches, and how many lines they hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lake_access.iceberg.tables import BATCHES
from lake_access.lake import Lake, PinnedLake
from lake_access.queries import load_query
from lake_access.raw import Batch, landed_record, list_batches


def waiting_batches(lake: Lake, pinned: PinnedLake) -> list[Batch]:
    """The raw batches of declared streams that no build has consumed, as of the pinned snapshots."""
    built = {key for (key,) in pinned.rows(load_query("built_keys").format(batches=BATCHES))}
    landed = (batch for stream in lake.settings.declarations.sources for batch in list_batches(lake.store, stream))
    return [batch for batch in landed if batch.key not in built]


def count_lines(lake: Lake, batches: Sequence[Batch], seconds: float, clock: Callable[[], float]) -> int | None:
    """The lines of these batches, as noted when they landed; None where a note is corrupt, or time runs out.

    `clock` tells seconds that only go forward, as `time.monotonic` does.
    """
    deadline, lines = clock() + seconds, 0
    for stream in sorted({batch.stream for batch in batches}):
        # A batch's name holds the head of its content's SHA-256, and the note is named by the whole.
        notes = {stored.key.rpartition("/")[2][:16]: stored.key for stored in lake.store.list(f"raw/{stream}/landed/")}
        for batch in batches:
            if batch.stream == stream:
                key = notes.get(batch.batch_id.removesuffix("-history").rpartition("-")[2])
                note = None if key is None or clock() > deadline else landed_record(lake.store, key)
                if note is None:
                    return None
                lines += int(note["lines"])
    return lines
