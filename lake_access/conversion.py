"""Conversion: how many leads came, how many became customers, by any of the known dimensions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from lake_access.declarations import UNSCORED
from lake_access.errors import QueryRefusedError
from lake_access.iceberg.tables import LEADS
from lake_access.intervals import wilson_interval
from lake_access.lake import PinnedLake
from lake_access.planning import DIMENSIONS, ConversionFilters, Dimension, plan, smallest_rollup
from lake_access.queries import load_query
from lake_access.rollup_definitions import CREATED_ON

__all__ = [
    "DIMENSIONS",
    "Conversion",
    "ConversionFilters",
    "ConversionRow",
    "Dimension",
    "conversion",
    "created_range",
    "lead_sources",
]


@dataclass(frozen=True)
class ConversionRow:
    """One cell: its place in the asked dimensions, its counts, and its rate with a 95% Wilson interval."""

    keys: dict[str, str]
    leads: int
    conversions: int
    rate: float
    low: float
    high: float


@dataclass(frozen=True)
class Conversion:
    """The answer: cells ordered by their keys, bands from low to high; `immature` leads are too young to count.

    `answered_by` is the table that was asked, in `sql` with its `parameters`.
    """

    snapshot: int | None
    immature: int
    dimensions: tuple[Dimension, ...]
    rows: Sequence[ConversionRow]
    answered_by: str = LEADS
    sql: str = ""
    parameters: Mapping[str, object] = field(default_factory=dict)


def conversion(pinned: PinnedLake, by: Sequence[Dimension], filters: ConversionFilters | None = None) -> Conversion:
    """Leads, conversions and rate for each combination of the dimensions that has leads; one row for no dimension.

    A rollup answers where one can, else the leads do, with the same figures.

    Raises:
        QueryRefusedError: a dimension that is not known, or the same one twice.
    """
    _check(by)
    planned = plan(pinned, by, filters or ConversionFilters())
    found = pinned.rows(planned.sql, planned.parameters)
    names = [str(dimension) for dimension in by]
    rows = [_row(names, values) for values in _in_order(pinned, by, found) if values[-3] > 0]
    immature = sum(values[-1] for values in found)
    return Conversion(pinned.snapshot(LEADS), immature, tuple(by), rows, planned.table, planned.sql, planned.parameters)


def lead_sources(pinned: PinnedLake) -> list[str]:
    """Every first-touch source that leads have, in alphabetical order."""
    return [row.keys["source"] for row in conversion(pinned, ["source"], ConversionFilters(all_leads=True)).rows]


def created_range(pinned: PinnedLake) -> tuple[date, date] | None:
    """The days (UTC) of the oldest and the newest lead; None where there is no lead."""
    rollup = smallest_rollup(pinned, set())
    table, created = (LEADS, "created_at") if rollup is None else (rollup.name, CREATED_ON)
    ((first, last),) = pinned.rows(load_query("created_range").format(table=table, created=created))
    return None if first is None else (first, last)


def _check(by: Sequence[Dimension]) -> None:
    for dimension in by:
        if dimension not in DIMENSIONS:
            raise QueryRefusedError(f'unknown dimension "{dimension}"; known are {", ".join(DIMENSIONS)}.')
        if list(by).count(dimension) > 1:
            raise QueryRefusedError(f'the dimension "{dimension}" is named twice; name it once.')


def _in_order(
    pinned: PinnedLake, by: Sequence[Dimension], found: Sequence[tuple[Any, ...]]
) -> Sequence[tuple[Any, ...]]:
    """The cells ordered by their keys, bands from low to high."""
    if "band" not in by:
        return sorted(found)
    places = {name: place for place, name in enumerate([*pinned.settings.declarations.bands, UNSCORED])}
    band = list(by).index("band")
    return sorted(found, key=lambda values: (*values[:band], places[values[band]], *values[band + 1 :]))


def _row(names: Sequence[str], values: tuple[Any, ...]) -> ConversionRow:
    *keys, leads, conversions, _ = values
    low, high = wilson_interval(conversions, leads)
    return ConversionRow(dict(zip(names, keys, strict=True)), leads, conversions, conversions / leads, low, high)
