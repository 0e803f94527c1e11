"""From the lake's answers to what the overview draws: headline cards with their changes, and the trend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal, TypeVar

import pandas as pd

from app import formatting
from app.charts.trend import TrendPoint
from app.comparison import Comparison
from app.conversion_views.view import Reading, whole
from app.grain import Grain
from app.lake_session import ask, conversion_of
from app.periods import Days, day_count
from lake_access import differences
from lake_access.conversion import Conversion, ConversionFilters, ConversionRow
from lake_access.differences import Difference
from lake_access.headline import RankedTimes, ScoreSums, Times, ranked_times, score_sums, times_to_convert
from lake_access.lake import PinnedLake

Row = TypeVar("Row")
Tone = Literal["green", "red", "gray"]
BEYOND, WITHIN = "beyond chance", "within chance"
TOO_FEW, YOUNG = "too few to compare", "not comparable yet"


@dataclass(frozen=True)
class PeriodFigures:
    """A period's leads and what became of them.

    `came` and `converted` count day by day: all leads that came, and the conversions of those that count. `counted` is
    what rates are over; None where no lead counts.
    """

    came: tuple[int, ...]
    young: int
    converted: tuple[int, ...]
    counted: ConversionRow | None
    scores: ScoreSums | None
    times: Times | None

    @property
    def leads(self) -> int:
        return sum(self.came)


@dataclass(frozen=True)
class Change:
    """What a card says of the change: how much, in which direction, and in words whether that is beyond chance."""

    text: str
    verdict: str
    direction: Literal["up", "down", "off"] = "off"
    tone: Tone = "gray"


@dataclass(frozen=True)
class Card:
    """A headline figure: its value, what it rests on, how it changed, and its course over the period."""

    label: str
    value: str
    basis: str
    change: Change | None
    course: tuple[float, ...]
    help: str


@dataclass(frozen=True)
class Course:
    """The figures of a period, month by month, week by week or day by day."""

    came: Conversion
    counted: Conversion
    scores: tuple[ScoreSums, ...]
    times: tuple[Times, ...]


def period_figures(
    pinned: PinnedLake, filters: ConversionFilters, days: Days, grain: Grain | None = None
) -> PeriodFigures:
    """The figures of the leads that `filters` leave in, which were created within `days`.

    Where their course by `grain` is asked for too, one scan of the leads tells the times of both.
    """
    came = conversion_of(pinned, ("day",), replace(filters, all_leads=True))
    counted = conversion_of(pinned, ("day",), filters)
    return PeriodFigures(
        came=daily_counts({row.keys["day"]: row.leads for row in came.rows}, days),
        young=came.immature,
        converted=daily_counts({row.keys["day"]: row.conversions for row in counted.rows}, days),
        counted=whole(counted),
        scores=_only(ask(score_sums, pinned, filters)),
        times=_only(ask(times_to_convert, pinned, filters, grain)),
    )


def course_of(pinned: PinnedLake, filters: ConversionFilters, grain: Grain) -> Course:
    """The same by month, week or day of creation."""
    return Course(
        came=conversion_of(pinned, (grain,), replace(filters, all_leads=True)),
        counted=conversion_of(pinned, (grain,), filters),
        scores=ask(score_sums, pinned, filters, grain),
        times=ask(times_to_convert, pinned, filters, grain)[1:],
    )


def ranks_of(pinned: PinnedLake, compared: Comparison | None) -> RankedTimes | None:
    """The times to convert of both periods, ranked together."""
    return None if compared is None else ask(ranked_times, pinned, compared.now, compared.before)


def trend_points(course: Course, grain: Grain, reading: Reading) -> tuple[TrendPoint, ...]:
    """What the trend draws: every period with leads, in order."""
    mature = {row.keys[grain]: row for row in course.counted.rows}
    points = []
    for row in sorted(course.came.rows, key=lambda row: row.keys[grain]):
        period = row.keys[grain]
        counts = mature.get(period)
        rate = None if counts is None else reading.rate(grain, period, counts)
        points.append(TrendPoint(period, row.leads, row.leads - (counts.leads if counts else 0), rate))
    return tuple(points)


def trend_frame(points: Sequence[TrendPoint]) -> pd.DataFrame:
    """The trend as a table, a row a period; rates from 0 to 1, absent where no lead counts."""
    rates = [point.rate for point in points]
    return pd.DataFrame(
        {
            "period": [point.period for point in points],
            "leads": [point.leads for point in points],
            "left_out": [point.young for point in points],
            "counted": [rate.leads if rate else 0 for rate in rates],
            "conversions": [rate.conversions if rate else 0 for rate in rates],
            "rate": [rate.rate if rate else None for rate in rates],
            "low": [rate.low if rate else None for rate in rates],
            "high": [rate.high if rate else None for rate in rates],
        }
    )


def cards(
    figures: PeriodFigures,
    course: Course,
    compared: tuple[PeriodFigures, PeriodFigures] | None,
    ranked: RankedTimes | None,
    minimum: int,
) -> list[Card]:
    """The headline of a period; `compared` is the period whose change is told, and the one that it is compared with."""
    counted, scores, times = figures.counted, figures.scores, figures.times
    leads, conversions = (counted.leads, counted.conversions) if counted else (0, 0)
    over = f"of {formatting.count(leads)} counted"
    return [
        Card(
            "Leads",
            formatting.count(figures.leads),
            f"{formatting.count(figures.young)} of them young",
            _change_of_leads(compared, minimum),
            tuple(float(row.leads) for row in course.came.rows),
            "All leads that came, young ones too.",
        ),
        Card(
            "Conversion rate",
            formatting.percentage(counted.rate) if counted else "–",
            formatting.interval(counted.low, counted.high) if counted else "no lead counts yet",
            _change_of_rate(compared, minimum),
            tuple(row.rate for row in course.counted.rows),
            "Conversions over leads that count, with its 95% Wilson interval.",
        ),
        Card(
            "Conversions",
            formatting.count(conversions),
            over,
            _change_of_conversions(compared, minimum),
            tuple(float(row.conversions) for row in course.counted.rows),
            "Customers among the leads that count.",
        ),
        Card(
            "Time to convert",
            formatting.span(times.median) if times else "–",
            formatting.spans(times.lower, times.upper) if times else "none yet",
            _change_of_times(compared, ranked, minimum),
            tuple(row.median / 86_400 for row in course.times),
            "The median, from a lead's first touch to its conversion; below it the range of the middle half.",
        ),
        Card(
            "Average score",
            formatting.score(scores.mean) if scores else "–",
            f"of {formatting.count(scores.scored)} leads" if scores else "no scored lead",
            _change_of_scores(compared, minimum),
            tuple(row.mean for row in course.scores),
            "The mean final score by the rules, 0 to 100, of the leads that count: a score grows with a lead's events.",
        ),
    ]


def _change_of_leads(compared: tuple[PeriodFigures, PeriodFigures] | None, minimum: int) -> Change | None:
    if compared is None:
        return None
    now, before = compared
    return _told_ratio(differences.of_counts(now.came, before.came, minimum))


def _change_of_rate(compared: tuple[PeriodFigures, PeriodFigures] | None, minimum: int) -> Change | None:
    if compared is None:
        return None
    now, before = (figures.counted for figures in compared)
    if now is None or before is None:
        return Change("", TOO_FEW)
    found = differences.of_proportions(now.conversions, now.leads, before.conversions, before.leads, minimum)
    return Change("", TOO_FEW) if found is None else _told(found, formatting.signed_points(found.change), found.change)


def _change_of_conversions(compared: tuple[PeriodFigures, PeriodFigures] | None, minimum: int) -> Change | None:
    if compared is None:
        return None
    now, before = compared
    if now.young or before.young:
        return Change("", YOUNG)
    return _told_ratio(differences.of_counts(now.converted, before.converted, minimum))


def _change_of_times(
    compared: tuple[PeriodFigures, PeriodFigures] | None, ranked: RankedTimes | None, minimum: int
) -> Change | None:
    if compared is None or ranked is None:
        return None
    now, before = (figures.times for figures in compared)
    found = differences.longer_times(ranked, minimum)
    if now is None or before is None or found is None:
        return Change("", TOO_FEW)
    change = now.median - before.median
    return _told(found, formatting.signed_span(change), change, more_is_better=False)


def _change_of_scores(compared: tuple[PeriodFigures, PeriodFigures] | None, minimum: int) -> Change | None:
    if compared is None:
        return None
    now, before = (figures.scores for figures in compared)
    found = None if now is None or before is None else differences.of_means(now, before, minimum)
    return Change("", TOO_FEW) if found is None else _told(found, formatting.signed_score(found.change), found.change)


def _told_ratio(found: Difference | None) -> Change:
    if found is None:
        return Change("", TOO_FEW)
    return _told(found, formatting.signed_share(found.change), found.change - 1)


def _told(found: Difference, text: str, change: float, more_is_better: bool = True) -> Change:
    direction: Literal["up", "down", "off"] = "up" if change > 0 else "down" if change < 0 else "off"
    if not found.beyond_chance:
        return Change(text, WITHIN, direction)
    return Change(text, BEYOND, direction, "green" if (change > 0) is more_is_better else "red")


def daily_counts(counts: dict[str, int], days: Days) -> tuple[int, ...]:
    """A count for every day, 0 where nothing came."""
    return tuple(counts.get(formatting.day(day), 0) for day in _each(days))


def _each(days: Days) -> list[date]:
    return [days[0] + timedelta(days=number) for number in range(max(0, day_count(days)))]


def _only(rows: tuple[Row, ...]) -> Row | None:
    """What is told of all leads: the first row."""
    return rows[0] if rows else None
