"""`leadlake replay` and `leadlake quarantine retry`: what was built before is built again from raw, in its place.

Of a range of batches, the events leave and their lines are read again beside the events of all others. That is as good
as building from nothing while no line that was valid is refused now; where one is, everything is replayed instead.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from lake_access.building.build import (
    BuildResult,
    Progress,
    build_downstream,
    count_in,
    landed_batches,
    repeat_in_workshop,
    tell_state,
)
from lake_access.building.curate import read_batches
from lake_access.building.round import commit_round, refuses_what_was_valid
from lake_access.building.workshop import Workshop
from lake_access.declarations import nearest
from lake_access.errors import RefusedError
from lake_access.iceberg.commits import pin
from lake_access.iceberg.tables import BATCHES, QUARANTINE
from lake_access.lake import Lake
from lake_access.quarantine import QuarantineFilters
from lake_access.queries import load_query
from lake_access.raw import Batch

Choose = Callable[[Workshop, Sequence[Batch]], list[Batch]]


@dataclass(frozen=True)
class ReplayRange:
    """Which batches to replay: of one stream or all, landed from one day to another (UTC), both included."""

    source: str | None = None
    since: date | None = None
    until: date | None = None

    @property
    def is_everything(self) -> bool:
        return self.source is None and self.since is None and self.until is None

    def holds(self, batch: Batch) -> bool:
        day = batch.landed_at.date()
        return (
            self.source in (None, batch.stream)
            and (self.since is None or self.since <= day)
            and (self.until is None or day <= self.until)
        )


@dataclass
class ReplayResult(BuildResult):
    """What a replay did, as a build tells it; its counts are of the batches replayed.

    `whole`: everything that has landed was replayed; `widened`: though less was asked for, since a line of those that
    were valid is refused now. `freed`: how many lines fewer are in quarantine.
    """

    replayed: int = 0
    whole: bool = False
    widened: bool = False
    freed: int = 0


def replay(
    lake: Lake,
    chosen: ReplayRange,
    now: datetime,
    progress: Progress = lambda _stage, _lines: None,
    *,
    given_up: Collection[str] = (),
) -> ReplayResult:
    """Build a range of batches again from raw, by the declarations of now, in place of what the tables hold of them.

    Afterwards the tables are those of a lake that was built from nothing, but for the times and ids of commits. A range
    that holds no batch changes nothing. `given_up` are keys of raw batches that were built and are gone on purpose:
    with them, everything is replayed, even where nothing is left.

    Raises:
        RefusedError: the source is unknown, or a raw batch that was built is damaged or gone; nothing was changed.
        ConflictError: others kept committing first.
        StorageError: the lake or its database cannot be reached, read or written.
    """
    refuse_unknown_source(chosen.source, lake.settings.declarations.sources)
    if chosen.is_everything:
        return _replay(lake, lambda _workshop, landed: list(landed), now, progress, whole=True, given_up=given_up)
    return _replay(lake, lambda _workshop, landed: [b for b in landed if chosen.holds(b)], now, progress, whole=False)


def retry(
    lake: Lake, filters: QuarantineFilters, now: datetime, progress: Progress = lambda _stage, _lines: None
) -> ReplayResult:
    """Replay the batches that hold such quarantined lines, and those refused whole for such a reason.

    Raises:
        RefusedError: the source is unknown, or a raw batch that was built is damaged or gone; nothing was changed.
        ConflictError: others kept committing first.
        StorageError: the lake or its database cannot be reached, read or written.
    """
    refuse_unknown_source(filters.source, lake.settings.declarations.sources)

    def choose(workshop: Workshop, landed: Sequence[Batch]) -> list[Batch]:
        scans = {name.split(".")[1]: pin(workshop.table(name)[0]).scan() for name in (QUARANTINE, BATCHES)}
        query = load_query("batches_to_retry").format(**scans)
        keys = {key for (key,) in workshop.connection.execute(query, filters.parameters).fetchall()}
        return [batch for batch in landed if batch.key in keys]

    return _replay(lake, choose, now, progress, whole=False)


def refuse_unknown_source(source: str | None, declared: Collection[str]) -> None:
    """Refuse a stream that is not declared.

    Raises:
        RefusedError: naming the nearest that is.
    """
    if source is not None and source not in declared:
        raise RefusedError(f'unknown source "{source}"{nearest(source, declared)}; nothing was changed.')


def _replay(
    lake: Lake, choose: Choose, now: datetime, progress: Progress, *, whole: bool, given_up: Collection[str] = ()
) -> ReplayResult:
    result = ReplayResult(whole=whole)
    replaced = False

    def work(workshop: Workshop) -> None:
        nonlocal replaced
        # Who was overtaken after the commit of the events has replayed, and only what follows is left to do.
        if not replaced:
            landed = landed_batches(workshop)
            chosen = choose(workshop, landed)
            if not (chosen or given_up):
                tell_state(workshop, result)
                return
            _replace(workshop, chosen, landed, result, progress, given_up)
            replaced = True
        build_downstream(workshop, result, progress)

    repeat_in_workshop(lake, now, work)
    return result


def _replace(
    workshop: Workshop,
    chosen: Sequence[Batch],
    landed: Sequence[Batch],
    result: ReplayResult,
    progress: Progress,
    given_up: Collection[str],
) -> None:
    """Replay the chosen batches in one round; or all that landed, where that must be."""
    widened = False
    if result.whole:
        _refuse_lost(workshop, landed, given_up)
    current = read_batches(workshop, chosen, lambda lines: progress("events", lines), whole=result.whole)
    if not result.whole and refuses_what_was_valid(current):
        widened = True
        _refuse_lost(workshop, landed, given_up)
        progress("all events", 0)
        current = read_batches(workshop, landed, lambda lines: progress("all events", lines), whole=True)
    commit_round(current)
    result.whole, result.widened = current.whole, widened
    result.replayed = len(current.counts)
    count_in(result, current.counts)
    result.freed = sum(
        before.quarantined - current.counts[batch].quarantined for batch, before in current.earlier.items()
    )


def _refuse_lost(workshop: Workshop, landed: Sequence[Batch], given_up: Collection[str]) -> None:
    """Refuse to make the tables from less than they were made from: what is gone from raw is only there by now."""
    keys = {*(batch.key for batch in landed), *given_up}
    recorded = load_query("built_keys").format(batches=pin(workshop.table(BATCHES)[0]).scan())
    lost = sorted(
        key
        for (key,) in workshop.connection.execute(recorded).fetchall()
        if key not in keys and key.split("/")[1] in workshop.declarations.sources
    )
    if lost:
        more = f" and {len(lost) - 1:,} more" if len(lost) > 1 else ""
        raise RefusedError(
            f"{lost[0]}{more}: built before, and gone from the lake's raw events; nothing was replayed, since what was "
            "built of it would be lost. Restore it from a backup, or replay a range."
        )
