"""The figures of a period of leads that are no count: their scores, and how long they took to convert."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lake_access.lake import PinnedLake
from lake_access.planning import ConversionFilters, Dimension, lead_conditions, name_of_period, plan_score_sums
from lake_access.queries import load_query

WHOLE = ""


@dataclass(frozen=True)
class ScoreSums:
    """Leads with a final score, and the sums that their mean and variance follow from; `period` is "" for all."""

    period: str
    scored: int
    total: int
    squares: int

    @property
    def mean(self) -> float:
        return self.total / self.scored

    @property
    def variance(self) -> float:
        """The sample's variance, with n - 1; 0 for a single lead."""
        if self.scored < 2:
            return 0.0
        # In whole numbers up to the end: nothing cancels out.
        return (self.scored * self.squares - self.total**2) / (self.scored * (self.scored - 1))


@dataclass(frozen=True)
class Times:
    """Converted leads, and the quartiles of their time to convert in seconds; `period` is "" for all of them."""

    period: str
    converted: int
    lower: float
    median: float
    upper: float


@dataclass(frozen=True)
class RankedTimes:
    """Two groups' times to convert, ranked together.

    `u` counts the pairs in which the first group's lead took longer, ties as half a pair; `ties` is the sum of n³ - n
    over groups of equal times.
    """

    first: int
    second: int
    u: float
    ties: float


def score_sums(pinned: PinnedLake, filters: ConversionFilters, grain: Dimension | None = None) -> tuple[ScoreSums, ...]:
    """The final scores of the leads that count: by month, week or day of creation in their order, or as one row.

    A score grows with a lead's events: those of young leads are not yet what they will be, and count only when asked
    for. Periods without a scored lead have no row. A rollup answers where one can.
    """
    planned = plan_score_sums(pinned, f"'{WHOLE}'" if grain is None else name_of_period(grain), filters)
    return tuple(ScoreSums(*row) for row in pinned.rows(planned.sql, planned.parameters))


def times_to_convert(
    pinned: PinnedLake, filters: ConversionFilters, grain: Dimension | None = None
) -> tuple[Times, ...]:
    """How long the leads that count took to convert: all of them in the first row, then each month, week or day.

    Quartiles are interpolated, as NumPy and pandas do by default. What has no conversion has no row.
    """
    conditions, parameters = lead_conditions(filters, pinned.settings.declarations.bands)
    sql = load_query("times_to_convert").format(
        period=f"'{WHOLE}'" if grain is None else name_of_period(grain),
        sets="(period)" if grain is None else "(), (period)",
        conditions=conditions,
    )
    rows = pinned.rows(sql, {**parameters, "all_leads": filters.all_leads})
    return tuple(Times(period, converted, *quartiles) for period, converted, quartiles in rows)


def ranked_times(pinned: PinnedLake, first: ConversionFilters, second: ConversionFilters) -> RankedTimes:
    """The times to convert of two groups of leads, for a test of whether one takes longer.

    Whether young leads count is as `first` says.
    """
    conditions, parameters = lead_conditions(first, pinned.settings.declarations.bands)
    others, theirs = lead_conditions(second, pinned.settings.declarations.bands)
    sql = load_query("ranked_times").format(first=conditions, second=re.sub(r"\$(\w+)", r"$earlier_\1", others))
    earlier = {f"earlier_{name}": value for name, value in theirs.items()}
    (row,) = pinned.rows(sql, {**parameters, **earlier, "all_leads": first.all_leads})
    return RankedTimes(*row)
