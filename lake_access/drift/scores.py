"""Scores of model versions counted: of the same leads under two versions, and of cohorts with what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from lake_access.lake import PinnedLake
from lake_access.queries import load_query


@dataclass(frozen=True)
class PairCount:
    """So many leads of a source have this newest score under either version."""

    source: str | None
    reference: int
    current: int
    leads: int


@dataclass(frozen=True)
class Move:
    """A lead and its newest score under either version."""

    lead_id: str
    source: str | None
    reference: int
    current: int


@dataclass(frozen=True)
class ScoredCount:
    """Leads by the version and the week (its Monday) of their first score, and by that score."""

    version: str
    week: date
    score: int
    leads: int
    mature: int
    conversions: int


def paired_scores(pinned: PinnedLake, reference: str, current: str) -> tuple[PairCount, ...]:
    """The leads that both versions scored, by source and both scores."""
    found = pinned.rows(load_query("drift_pairs"), {"reference": reference, "current": current})
    return tuple(PairCount(*row) for row in found)


def biggest_moves(pinned: PinnedLake, reference: str, current: str, most: int = 20) -> tuple[Move, ...]:
    """The leads whose scores are furthest apart."""
    parameters = {"reference": reference, "current": current, "most": most}
    return tuple(Move(*row) for row in pinned.rows(load_query("drift_moves"), parameters))


def scored_cohorts(
    pinned: PinnedLake, version: str | None = None, source: str | None = None
) -> tuple[ScoredCount, ...]:
    """The leads that each version, or one, scored, by the week of the first score."""
    found = pinned.rows(load_query("drift_cohorts"), {"version": version, "source": source})
    return tuple(ScoredCount(*row) for row in found)


def scored_versions(pinned: PinnedLake) -> tuple[tuple[str, int], ...]:
    """The model versions that scored leads, the first to do so first, with how many scores each gave."""
    return tuple((version, scores) for version, scores in pinned.rows(load_query("drift_versions")))


def moments_span(pinned: PinnedLake) -> tuple[date, date] | None:
    """The first and the last day of which features are known; None where there are none."""
    ((first, last),) = pinned.rows(load_query("drift_moments_span"))
    return None if first is None else (first, last)
