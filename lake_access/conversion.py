"""Conversion: how many leads came, how many became customers, by any of the known dimensions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from lake_access.declarations import UNSCORED
from lake_access.errors import QueryRefusedError
from lake_access.iceberg.tables import LEADS
from lake_access.intervals import wilson_interval
from lake_access.lake import PinnedLake
from lake_access.queries import load_query

Dimension = Literal["source", "last_source", "band", "location", "device", "month"]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
UNKNOWN = "unknown"

_EXPRESSIONS: Mapping[Dimension, str] = {
    "source": f"coalesce(source, '{UNKNOWN}')",
    "last_source": f"coalesce(last_source, '{UNKNOWN}')",
    "location": f"coalesce(location, '{UNKNOWN}')",
    "device": f"coalesce(device_model, '{UNKNOWN}')",
    "month": "strftime(created_at, '%Y-%m')",
}


@dataclass(frozen=True)
class ConversionFilters:
    """Which leads count: created from `since` to `until`, both days included (UTC); empty tuples leave all in.

    Young leads, whose outcome window is still open, count only with `all_leads`.
    """

    since: date | None = None
    until: date | None = None
    sources: tuple[str, ...] = ()
    all_leads: bool = False


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
    """The answer: cells ordered by their keys, bands from low to high; `immature` leads are too young to count."""

    snapshot: int | None
    immature: int
    dimensions: tuple[Dimension, ...]
    rows: Sequence[ConversionRow]


def conversion(pinned: PinnedLake, by: Sequence[Dimension], filters: ConversionFilters | None = None) -> Conversion:
    """Leads, conversions and rate for each combination of the dimensions that has leads; one row for no dimension.

    Raises:
        QueryRefusedError: a dimension that is not known, or the same one twice.
    """
    filters = filters or ConversionFilters()
    bands = pinned.settings.declarations.bands
    found = pinned.rows(conversion_sql(by, bands), _parameters(filters, bands if "band" in by else {}))
    order = {name: position for position, name in enumerate([*bands, UNSCORED])}
    rows = [_row(by, values) for values in found if values[-3] > 0]
    rows.sort(
        key=lambda row: [
            (order.get(value, 0), value) if name == "band" else (0, value) for name, value in row.keys.items()
        ]
    )
    return Conversion(pinned.snapshot(LEADS), sum(values[-1] for values in found), tuple(by), rows)


def conversion_sql(by: Sequence[Dimension], bands: Mapping[str, int]) -> str:
    """The SQL of the answer, its parameters named: what a page shows of a chart.

    Raises:
        QueryRefusedError: a dimension that is not known, or the same one twice.
    """
    for dimension in by:
        if dimension not in DIMENSIONS:
            raise QueryRefusedError(f'unknown dimension "{dimension}"; known are {", ".join(DIMENSIONS)}.')
        if list(by).count(dimension) > 1:
            raise QueryRefusedError(f'the dimension "{dimension}" is named twice; name it once.')
    columns = "".join(f"{_expression(dimension, bands)} AS {dimension},\n    " for dimension in by)
    grouping = f"GROUP BY {', '.join(str(number) for number in range(1, len(by) + 1))}" if by else ""
    return load_query("conversion").format(dimensions=columns, grouping=grouping)


def lead_sources(pinned: PinnedLake) -> list[str]:
    """Every first-touch source that leads have, in alphabetical order."""
    return [row[0] for row in pinned.rows(load_query("lead_sources"))]


def created_range(pinned: PinnedLake) -> tuple[date, date] | None:
    """The days (UTC) of the oldest and the newest lead; None where there is no lead."""
    ((first, last),) = pinned.rows(load_query("created_range"))
    return None if first is None else (first, last)


def _expression(dimension: Dimension, bands: Mapping[str, int]) -> str:
    if dimension != "band":
        return _EXPRESSIONS[dimension]
    cases = " ".join(f"WHEN final_score >= $edge{number} THEN $band{number}" for number in reversed(range(len(bands))))
    return f"CASE {cases} ELSE '{UNSCORED}' END"


def _parameters(filters: ConversionFilters, bands: Mapping[str, int]) -> dict[str, object]:
    named: dict[str, object] = {
        "since": filters.since,
        "until": filters.until,
        "sources": list(filters.sources),
        "all_leads": filters.all_leads,
    }
    for number, (name, edge) in enumerate(bands.items()):
        named |= {f"band{number}": name, f"edge{number}": edge}
    return named


def _row(by: Sequence[Dimension], values: Sequence[object]) -> ConversionRow:
    leads, conversions = int(str(values[-3])), int(str(values[-2]))
    low, high = wilson_interval(conversions, leads)
    keys: dict[str, str] = {str(dimension): str(value) for dimension, value in zip(by, values, strict=False)}
    return ConversionRow(keys, leads, conversions, conversions / leads, low, high)
