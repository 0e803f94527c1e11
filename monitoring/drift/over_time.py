"""Drift week by week against a baseline, and since when it lasts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from lake_access.drift.compared import Population, Side, population
from lake_access.lake import PinnedLake
from lake_access.queries import load_query
from monitoring.drift.columns import Wish
from monitoring.drift.compare import compare
from monitoring.drift.result import DatasetDrift

WEEK = timedelta(weeks=1)
Baseline = Side | Literal["previous week"]
Progress = Callable[[str, float | None], None]


@dataclass(frozen=True)
class WeekDrift:
    """One week (its Monday, UTC) against the baseline; `champion` is the version that took over within it."""

    week: date
    drift: DatasetDrift
    champion: str | None = None


def drift_by_week(
    pinned: PinnedLake,
    baseline: Baseline,
    versions: Sequence[str] = (),
    columns: Sequence[str] = (),
    wish: Wish | None = None,
    champions: Mapping[datetime, str] | None = None,
    progress: Progress = lambda _step, _share: None,
) -> tuple[WeekDrift, ...]:
    """Each week that begins and ends within the lake's moments and, with a fixed baseline, after it.

    The baseline is a part of the lake (what a model was trained on, a fixed period), or the week before each.
    `champions` says when which version became champion.

    Raises:
        QueryRefusedError: a column that is not there.
    """
    taken = {_monday(moment): version for moment, version in sorted((champions or {}).items())}
    weeks = []
    with population(pinned, versions) as people:
        mondays = list(_mondays(people, baseline))
        for place, monday in enumerate(mondays):
            progress(f"Comparing the week of {monday}", place / len(mondays))
            found = _compare_week(people, baseline, monday, columns, wish)
            weeks.append(WeekDrift(monday, replace(found, snapshot_ids=pinned.snapshot_ids), taken.get(monday)))
    return tuple(weeks)


def since_when(weeks: Sequence[WeekDrift], column: str) -> date | None:
    """The first week from which on the column differs by more than chance in every week; None if it does not last."""
    first = None
    for week in weeks:
        if not week.drift.column(column).beyond_chance:
            first = None
        elif first is None:
            first = week.week
    return first


def _compare_week(
    people: Population, baseline: Baseline, monday: date, columns: Sequence[str], wish: Wish | None
) -> DatasetDrift:
    current = _week(monday)
    reference = baseline if isinstance(baseline, Side) else _week(monday - WEEK)
    found = compare(people.take(reference, current, columns), wish)
    return replace(found, reference=str(reference), current=str(current))


def _mondays(people: Population, baseline: Baseline) -> Iterator[date]:
    """The Mondays of whole weeks to compare."""
    ((first, last),) = people.connection.execute(load_query("drift_span")).fetchall()
    if first is None:
        return
    if isinstance(baseline, Side):
        first = max(first, baseline.until or first)
    monday = _monday(first)
    if _week(monday).since != first:
        monday += WEEK
    if not isinstance(baseline, Side):
        monday += WEEK
    while (until := _week(monday).until) is not None and until <= last:
        yield monday
        monday += WEEK


def _week(monday: date) -> Side:
    since = datetime.combine(monday, time(), UTC)
    return Side(since=since, until=since + WEEK)


def _monday(moment: datetime) -> date:
    day = moment.astimezone(UTC).date()
    return day - timedelta(days=day.weekday())


@dataclass(frozen=True)
class Change:
    """A column, and the week (its Monday) before and after which it differs most; `before` and `after` are the rows."""

    column: str
    week: date
    before: int
    after: int
    beyond_chance: bool


def date_changes(
    pinned: PinnedLake,
    columns: Sequence[str],
    versions: Sequence[str] = (),
    least_weeks: int = 2,
    progress: Progress = lambda _step, _share: None,
) -> tuple[Change, ...]:
    """When each column changed, if it changed once: the week that parts its history best.

    All weeks are tried, save some at either end; the one counts whose PSI between before and after weighs most by the
    rows on both sides, n·m / (n + m), as the statistic of a χ² test does. One that never changed has a week too:
    `beyond_chance` tells, for as many tries as were made (Bonferroni).
    """
    best = dict[str, tuple[float, Change]]()
    with population(pinned, versions) as people:
        mondays = list(_mondays(people, Side()))
        tried = mondays[least_weeks : len(mondays) - least_weeks + 1]
        for place, monday in enumerate(tried):
            progress(f"Trying the week of {monday}", place / len(tried))
            moment = datetime.combine(monday, time(), UTC)
            found = compare(people.take(Side(until=moment), Side(since=moment), columns), Wish(halves=0))
            for column in found.columns:
                before, after = (side.rows - side.missing for side in (column.reference, column.current))
                weight = (column.psi or 0.0) * before * after / max(before + after, 1)
                beyond = column.chance_p * len(tried) * len(found.columns) <= found.alpha
                if column.column not in best or weight > best[column.column][0]:
                    best[column.column] = weight, Change(column.column, monday, before, after, beyond)
    return tuple(change for _, change in sorted(best.values(), key=lambda one: -one[0]))
