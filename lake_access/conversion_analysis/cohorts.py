"""Cohorts: of the leads of a month, how many had converted by each age, counting only leads that are old enough.

An age is in whole days of the calendar (UTC) since the day of creation, as maturity is: a lead of day d is
observed at age a once the newest batch landed after day d + a, and has converted by a if it did so by day d + a.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta
from typing import Literal

from lake_access.declarations import Declarations
from lake_access.intervals import wilson_interval
from lake_access.lake import PinnedLake
from lake_access.planning import ConversionFilters, plan_ages
from lake_access.rollup_definitions import conversion_ages

Maturity = Literal["whole", "part", "none"]


@dataclass(frozen=True)
class CohortCell:
    """A month of creation at an age: its leads that are old enough, how many had converted by then, and the rate.

    `maturity` says whether all, some or none of the month's leads are old enough; without any there is no rate.
    """

    month: str
    age: int
    leads: int
    conversions: int
    maturity: Maturity
    low: float
    high: float

    @property
    def rate(self) -> float | None:
        return self.conversions / self.leads if self.leads else None


@dataclass(frozen=True)
class Cohorts:
    """Months in their order with their leads of any age, and a cell for each month and age."""

    months: Mapping[str, int]
    ages: tuple[int, ...]
    cells: Sequence[CohortCell]
    sql: str
    parameters: Mapping[str, object]
    answered_by: str

    def count(self, maturity: Maturity) -> int:
        """How many cells are so mature."""
        return sum(cell.maturity == maturity for cell in self.cells)


def ages_of(declarations: Declarations) -> tuple[int, ...]:
    """The ages in days at which cohorts are read, the outcome window among them."""
    return conversion_ages(declarations)


def cohorts(pinned: PinnedLake, filters: ConversionFilters) -> Cohorts:
    """Conversion by age of the leads of each month, young and mature: which are old enough is judged age by age."""
    ages = ages_of(pinned.settings.declarations)
    planned = plan_ages(pinned, replace(filters, all_leads=True))
    known = pinned.known_until
    today = None if known is None else known.astimezone(UTC).date()
    days: dict[date, dict[int | None, int]] = defaultdict(dict)
    for created_on, age, leads in pinned.rows(planned.sql, planned.parameters):
        days[created_on][age] = leads
    months: dict[str, list[date]] = defaultdict(list)
    for day in sorted(days):
        months[f"{day:%Y-%m}"].append(day)
    cells = [_cell(month, age, of_month, days, today) for month, of_month in months.items() for age in ages]
    sizes = {month: sum(sum(days[day].values()) for day in of_month) for month, of_month in months.items()}
    return Cohorts(sizes, ages, cells, planned.sql, planned.parameters, planned.table)


def _cell(
    month: str, age: int, of_month: Sequence[date], days: Mapping[date, Mapping[int | None, int]], today: date | None
) -> CohortCell:
    observed = [day for day in of_month if today is not None and day + timedelta(days=age) < today]
    leads = sum(sum(days[day].values()) for day in observed)
    conversions = sum(
        count for day in observed for within, count in days[day].items() if within is not None and within <= age
    )
    maturity: Maturity = "none" if not observed else "whole" if len(observed) == len(of_month) else "part"
    return CohortCell(month, age, leads, conversions, maturity, *wilson_interval(conversions, leads))
