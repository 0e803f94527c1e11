"""`leadlake build`: raw → curated → everything downstream, only what is new."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from lake_access.building.curate import curate, equip
from lake_access.building.downstream import build_leads, build_scores
from lake_access.building.features import build_features
from lake_access.building.identity import identity_key
from lake_access.building.record import BatchCounts, catch_up
from lake_access.building.rollups import build_rollups
from lake_access.building.workshop import Workshop, open_workshop
from lake_access.engine_errors import engine_errors
from lake_access.errors import ConflictError
from lake_access.iceberg.commits import pin
from lake_access.iceberg.tables import BATCHES, EVENTS, LEADS
from lake_access.lake import Lake
from lake_access.queries import load_query
from lake_access.raw import Batch, list_batches

# A build that is killed has no more to read again than so many batches.
BATCHES_PER_COMMIT = 500
ATTEMPTS = 8
# While tables are loaded, another build may commit. What follows the events is loaded before them: then a table can be
# behind what it was made from, where our own commit fails, but never ahead unnoticed.
_LOADED_LAST = (EVENTS,)

Progress = Callable[[str, int], None]


@dataclass
class BuildResult:
    """What a build did: lines read = curated + duplicates + quarantined; `leads` and `snapshots` as they stand now."""

    read: int = 0
    curated: int = 0
    duplicates: int = 0
    quarantined: int = 0
    leads: int = 0
    batches: int = 0
    refused: list[str] = field(default_factory=list)
    snapshots: dict[str, int | None] = field(default_factory=dict)


def build(lake: Lake, now: datetime, progress: Progress = lambda _stage, _lines: None) -> BuildResult:
    """Build what has landed since the last build; `progress` is told the stage and the lines read since the last call.

    Another build at the same time is no harm: who commits second reads again what is left to do.

    Raises:
        ConflictError: others kept committing first.
        StorageError: the lake or its database cannot be reached, read or written.
    """
    result = BuildResult()
    repeat_in_workshop(lake, now, lambda workshop: _build(workshop, result, progress))
    return result


def repeat_in_workshop(lake: Lake, now: datetime, work: Callable[[Workshop], None]) -> None:
    """Do this work, and begin anew, with the tables as they are then, where somebody else committed first.

    Raises:
        ConflictError: others kept committing first.
        StorageError: the lake or its database cannot be reached, read or written.
    """
    for attempt in range(ATTEMPTS):
        try:
            workshop = open_workshop(lake.settings, lake.store, lake.catalog, identity_key(lake.settings), now)
            with workshop.connection, engine_errors("the build"):
                begin(workshop)
                work(workshop)
            return
        except ConflictError:
            if attempt == ATTEMPTS - 1:
                raise


def begin(workshop: Workshop) -> None:
    """Load every table, in an order that lets no commit of others go unnoticed, and end what a killed build began."""
    for name in [*(name for name in workshop.definitions if name not in _LOADED_LAST), *_LOADED_LAST]:
        workshop.table(name)
    equip(workshop)
    catch_up(workshop)


def unbuilt_batches(workshop: Workshop) -> list[Batch]:
    """Raw batches that no build has consumed, oldest landing first."""
    built = pin(workshop.table(BATCHES)[0])
    query = load_query("built_keys").format(batches=built.scan())
    known = {row[0] for row in workshop.connection.execute(query).fetchall()}
    return [batch for batch in landed_batches(workshop) if batch.key not in known]


def landed_batches(workshop: Workshop) -> list[Batch]:
    """Every raw batch of the declared streams, oldest landing first."""
    landed = (batch for stream in workshop.declarations.sources for batch in list_batches(workshop.store, stream))
    return sorted(landed, key=lambda batch: (batch.batch_id, batch.stream))


def _build(workshop: Workshop, result: BuildResult, progress: Progress) -> None:
    for some in _portions(unbuilt_batches(workshop)):
        count_in(result, curate(workshop, some, lambda lines: progress("events", lines)))
        catch_up(workshop)
    build_downstream(workshop, result, progress)


def build_downstream(workshop: Workshop, result: BuildResult, progress: Progress) -> None:
    """Bring everything that is made from the events up to them, and say how the lake stands now."""
    catch_up(workshop)
    progress("leads", 0)
    build_leads(workshop)
    progress("scores", 0)
    build_scores(workshop)
    progress("rollups", 0)
    build_rollups(workshop)
    progress("features", 0)
    build_features(workshop)
    tell_state(workshop, result)


def tell_state(workshop: Workshop, result: BuildResult) -> None:
    """How many leads there are, and at which snapshot each table is."""
    result.leads = pin(workshop.table(LEADS)[0]).rows
    snapshots = {name: workshop.table(name)[0].current_snapshot() for name in workshop.definitions}
    result.snapshots = {name: None if newest is None else newest.snapshot_id for name, newest in snapshots.items()}


def _portions(batches: Sequence[Batch]) -> Iterator[list[Batch]]:
    waiting = iter(batches)
    while some := list(islice(waiting, BATCHES_PER_COMMIT)):
        yield some


def count_in(result: BuildResult, counts: Mapping[Batch, BatchCounts]) -> None:
    """Add what became of these batches' lines to the result."""
    result.batches += len(counts)
    for of_batch in counts.values():
        result.read += of_batch.read
        result.curated += of_batch.curated
        result.duplicates += of_batch.duplicates
        result.quarantined += of_batch.quarantined
        if of_batch.refused is not None:
            result.refused.append(of_batch.refused)
