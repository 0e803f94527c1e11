"""What the page Drift asks of the lake; SciPy is imported only once something is compared, and Evidently never.

Functions for `app.lake_session.ask`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from lake_access.drift.compared import AskedQuery, Side, lake_to_compare
from lake_access.drift.counting import profile, profile_query
from lake_access.lake import PinnedLake
from monitoring.drift.result import DatasetDrift
from monitoring.late_outcomes import Cohort, cohorts
from monitoring.score_shift import ScoreShift, score_shift

LIVE_HALVES = 3
MOST_MOVES = 20


@dataclass(frozen=True)
class TooFew:
    """What there is instead of a comparison where a side has too few rows."""

    reference_rows: int
    current_rows: int


@dataclass(frozen=True)
class Comparison:
    """A comparison, with the queries that made its sides and looked at their columns."""

    drift: DatasetDrift
    queries: tuple[AskedQuery, ...]


def compared(pinned: PinnedLake, reference: Side, current: Side, least: int) -> Comparison | TooFew:
    """Both sides over all their rows, at least so many each; the noise floor is of three halves of the reference."""
    with lake_to_compare(pinned, reference, current) as both:
        known = next(iter(profile(both).values()))
        if min(known.reference.rows, known.current.rows) < least:
            return TooFew(known.reference.rows, known.current.rows)
        from monitoring.drift.columns import Wish
        from monitoring.drift.compare import compare

        found = compare(both, Wish(halves=LIVE_HALVES))
        queries = (*both.queries, profile_query(both))
    told = replace(found, reference=str(reference), current=str(current), snapshot_ids=pinned.snapshot_ids)
    return Comparison(told, queries)


def compared_by_source(
    pinned: PinnedLake, reference: Side, current: Side, sources: tuple[str, ...]
) -> dict[str | None, DatasetDrift]:
    """The same within each source, each column by the test that it has over all leads (None)."""
    from monitoring.drift.columns import Wish
    from monitoring.drift.mattering import drift_by_source

    return drift_by_source(pinned, reference, current, sources, wish=Wish(halves=0))


def shifted(pinned: PinnedLake, reference: str, current: str) -> ScoreShift:
    """The leads that both versions scored."""
    return score_shift(pinned, reference, current, MOST_MOVES)


def cohorts_of(pinned: PinnedLake, version: str, threshold: int) -> tuple[Cohort, ...]:
    """A version's leads by the week of their first score."""
    return cohorts(pinned, version, threshold)
