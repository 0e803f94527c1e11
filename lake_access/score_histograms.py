"""Scores counted: for each kind of score, how many leads have each of 0 to 100, and how many of them converted.

Everything that the page Scores says follows from these 101 numbers: nothing of it takes a row of a lead to Python.

A lead has one score of each kind:
- by the rules, its final score as it is by now;
- by a model version online, the first score that the scoring system gave it with that version: what was foretold,
  before anything that came of it;
- by a model version offline, the first score that the version gave it here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from lake_access.conversion import created_range
from lake_access.lake import PinnedLake
from lake_access.planning import ConversionFilters, lead_conditions
from lake_access.queries import load_query

HIGHEST = 100
SCORES = range(HIGHEST + 1)
RECENT_WEEKS = 8
# Weeks are counted from the first Monday since 1970.
_FIRST_MONDAY = date(1970, 1, 5)

_AMONG_KEPT = "AND lead_id IN (SELECT lead_id FROM kept)"

Counts = tuple[int, ...]


class ScoreKind(NamedTuple):
    """Whose scores: of the rules where `version` is None, else of a model version, given `online` or `offline`."""

    version: str | None = None
    mode: str | None = None

    @property
    def is_rules(self) -> bool:
        return self.version is None


RULES = ScoreKind()


@dataclass(frozen=True)
class ScoreHistogram:
    """Leads by score: each tuple has a count for every score from 0 to 100.

    `mature` leads and their `conversions` are those that a forecast can be held against. `late` are the mature leads
    that had converted before they were first scored, which tell nothing of a forecast; `young` those whose outcome
    window is open.
    """

    kind: ScoreKind
    mature: Counts
    conversions: Counts
    late: Counts
    young: Counts

    def leads(self, all_leads: bool) -> Counts:
        """Leads with each score, however early: the mature ones, or all."""
        parts = [self.mature, self.late, *([self.young] if all_leads else [])]
        return tuple(sum(counts) for counts in zip(*parts, strict=True))


@dataclass(frozen=True)
class ScoreHistograms:
    """The histograms of the rules and of every model version, first the version that was the last to score a lead.

    So many leads are `unscored` by the rules. `queries` are the SQL of the rules' and of the versions', with the
    parameters of both.
    """

    histograms: tuple[ScoreHistogram, ...]
    unscored: int
    queries: tuple[str, str]
    parameters: Mapping[str, object]

    def of(self, kind: ScoreKind) -> ScoreHistogram:
        """One of them; empty where no lead has such a score."""
        return next((found for found in self.histograms if found.kind == kind), _histogram(kind, []))


@dataclass(frozen=True)
class Arrivals:
    """Leads that came in whole weeks (Monday to Sunday, UTC), by score: a tuple of counts for each week in order.

    `weeks` are their Mondays, none where the filters and the lake hold no whole week.
    """

    kind: ScoreKind
    weeks: tuple[date, ...]
    leads: tuple[Counts, ...]
    sql: str
    parameters: Mapping[str, object]


def score_histograms(pinned: PinnedLake, filters: ConversionFilters) -> ScoreHistograms:
    """The leads that the filters leave in, counted by score; whether young ones count is for who draws them.

    Raises:
        StorageError: a data file cannot be read.
    """
    conditions, parameters = lead_conditions(filters, pinned.settings.declarations.bands)
    narrowed = _AMONG_KEPT if conditions else ""
    queries = (
        load_query("score_histogram_rules").format(conditions=conditions),
        load_query("score_histogram_versions").format(conditions=conditions, narrowed=narrowed),
    )
    cells: dict[ScoreKind, list[tuple[Any, ...]]] = {RULES: []}
    unscored, newest = 0, Counter[ScoreKind]()
    for sql in queries:
        for version, mode, score, *counted, given in pinned.rows(sql, parameters):
            kind = ScoreKind(version, mode)
            if score is None:
                unscored += counted[2]
            else:
                cells.setdefault(kind, []).append((score, *counted))
                newest[kind] = max(newest[kind], given)
    rules, *versions = (_histogram(kind, found) for kind, found in cells.items())
    versions.sort(key=lambda of: (of.kind.mode != "online", -newest[of.kind], of.kind.version))
    return ScoreHistograms((rules, *versions), unscored, queries, parameters)


def score_arrivals(pinned: PinnedLake, kind: ScoreKind, filters: ConversionFilters) -> Arrivals:
    """The leads of the last whole weeks that the filters and the lake hold, `RECENT_WEEKS` at most, by their score.

    Raises:
        StorageError: a data file cannot be read.
    """
    weeks = _whole_weeks(pinned, filters)
    if not weeks:
        return Arrivals(kind, (), (), "", {})
    within = replace(filters, since=weeks[0], until=weeks[-1] + timedelta(days=6))
    conditions, parameters = lead_conditions(within, pinned.settings.declarations.bands)
    if not kind.is_rules:
        parameters |= {"version": kind.version, "mode": kind.mode}
    sql = load_query("score_arrivals_rules" if kind.is_rules else "score_arrivals_version").format(
        conditions=conditions
    )
    leads = [[0] * len(SCORES) for _ in weeks]
    first = (weeks[0] - _FIRST_MONDAY).days // 7
    for week, score, count in pinned.rows(sql, parameters):
        leads[week - first][score] += count
    return Arrivals(kind, weeks, tuple(tuple(counts) for counts in leads), sql, parameters)


def _histogram(kind: ScoreKind, cells: Sequence[tuple[Any, ...]]) -> ScoreHistogram:
    """A histogram from rows of score, mature, late, leads, conversions."""
    counts = {name: [0] * len(SCORES) for name in ("mature", "conversions", "late", "young")}
    for score, mature, late, leads, conversions in cells:
        if not mature:
            counts["young"][score] += leads
        elif late:
            counts["late"][score] += leads
        else:
            counts["mature"][score] += leads
            counts["conversions"][score] += conversions
    return ScoreHistogram(kind, **{name: tuple(values) for name, values in counts.items()})


def _whole_weeks(pinned: PinnedLake, filters: ConversionFilters) -> tuple[date, ...]:
    """The Mondays of the last whole weeks: of what the lake knows, from its first lead on, within the filters' days."""
    known, days = pinned.known_until, created_range(pinned)
    if known is None or days is None:
        return ()
    following = min([_day(known), *([filters.until + timedelta(days=1)] if filters.until else [])])
    earliest = max([days[0], *([filters.since] if filters.since else [])])
    end = following - timedelta(days=following.weekday())
    mondays = [end - timedelta(weeks=back) for back in range(RECENT_WEEKS, 0, -1)]
    return tuple(monday for monday in mondays if monday >= earliest)


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()
