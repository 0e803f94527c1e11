"""How one column is spread on both sides of a comparison, counted in SQL: by value, or in bins of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

from lake_access.drift.compared import AskedQuery, ColumnKind, Compared, Side, lake_to_compare
from lake_access.drift.counting import column_value, counts_query, profile, profile_query, value_counts
from lake_access.engine_errors import engine_errors
from lake_access.lake import PinnedLake
from lake_access.queries import load_query

# Numbers of so many different values have a bar for each, others are put into bins; of categories the commonest.
MOST_VALUES = 20
BINS = 24
MOST_CATEGORIES = 14


@dataclass(frozen=True)
class Bar:
    """Rows of either side with a value, or with numbers from `low` up to `high`."""

    label: str
    reference: int
    current: int
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Distribution:
    """A column on both sides; `present` has the rows with a value on either, `rest` how many values have no bar.

    `queries` are what it was asked by, one after another: the sides, how many rows have a value, and the bars.
    """

    column: str
    kind: ColumnKind
    bars: tuple[Bar, ...]
    present: tuple[int, int]
    missing: tuple[int, int]
    rest: int = 0
    queries: tuple[AskedQuery, ...] = ()


def distribution(pinned: PinnedLake, reference: Side, current: Side, column: str) -> Distribution:
    """One column of two parts of the lake.

    Raises:
        QueryRefusedError: a column that is not there, or sides of which one has a version and the other none.
        StorageError: a data file cannot be read.
    """
    with lake_to_compare(pinned, reference, current, [column]) as compared:
        return column_distribution(compared, column)


def column_distribution(compared: Compared, column: str) -> Distribution:
    """One column of a comparison."""
    known = profile(compared)[column]
    sides = (known.reference, known.current)
    present, missing = (sides[0].present, sides[1].present), (sides[0].missing, sides[1].missing)
    most = 100_000 if known.kind == "category" else MOST_VALUES
    counted = value_counts(compared, column, most)
    rest = 0
    asked = [*compared.queries, profile_query(compared)]
    if known.kind != "category" and not counted.complete:
        bars, by = _bins(compared, column)
        asked += by
    else:
        asked.append(counts_query(compared, column, most))
        told = zip(counted.values, counted.reference, counted.current, strict=True)
        bars = [Bar(_label(value), int(ours), int(theirs)) for value, ours, theirs in told]
        if known.kind == "category":
            bars.sort(key=lambda bar: (-(bar.reference + bar.current), bar.label))
            rest = max(0, len(bars) - MOST_CATEGORIES)
            bars = bars[:MOST_CATEGORIES]
    return Distribution(column, known.kind, tuple(bars), present, missing, rest, tuple(asked))


def _bins(compared: Compared, column: str) -> tuple[list[Bar], list[AskedQuery]]:
    value = column_value(column, compared.columns[column])
    with engine_errors("the comparison"):
        ends = load_query("drift_ends").format(value=value)
        ((low, high),) = compared.connection.execute(ends).fetchall()
        low, width, bins = _widths(low, high, whole=compared.columns[column] == "integer")
        asked = load_query("drift_bins").format(value=value), {"low": low, "high": low + bins * width, "bins": bins}
        found = compared.connection.execute(*asked).fetchall()
    held = {place: (reference, current) for place, reference, current in found}
    edges = [low + place * width for place in range(bins + 1)]
    bars = [
        Bar(f"{edges[place]:.4g}", *held.get(place, (0, 0)), low=edges[place], high=edges[place + 1])
        for place in range(bins)
    ]
    return bars, [(ends, {}), asked]


def _widths(low: float, high: float, *, whole: bool) -> tuple[float, float, int]:
    """Where bins begin, how wide they are and how many; of whole numbers each bin holds as many of them."""
    if whole:
        first = floor(low)
        width = max(1, ceil((high - first + 1) / BINS))
        return float(first), float(width), ceil((high - first + 1) / width)
    return low, ((high - low) or 1.0) / BINS, BINS


def _label(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
