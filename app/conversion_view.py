"""From the answer of the conversion query to what the conversion page draws: names, colours, order, and what fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app import formatting, palette
from app.charts import Rate
from lake_access.conversion import Conversion, ConversionRow, Dimension
from lake_access.declarations import Declarations

DIMENSION_NAMES: Mapping[Dimension, str] = {
    "source": "Source",
    "last_source": "Last source",
    "band": "Score band",
    "location": "Location",
    "device": "Device",
    "month": "Month",
}
ORDERED: frozenset[Dimension] = frozenset({"band", "month"})
MOST_VALUES = 12
MOST_MONTHS = 36


@dataclass(frozen=True)
class Reading:
    """How cells are read: the labels and colours of all the lake's sources, and the n under which a cell is faint."""

    source_labels: Mapping[str, str]
    source_colours: Mapping[str, str]
    minimum_cell: int

    def name(self, dimension: Dimension, value: str) -> str:
        """What a reader calls a value."""
        return self.source_labels.get(value, value) if dimension in ("source", "last_source") else value

    def rate(self, dimension: Dimension, value: str, row: ConversionRow) -> Rate:
        """A cell as it is drawn for one of its values."""
        is_source = dimension in ("source", "last_source")
        return Rate(
            name=self.name(dimension, value),
            leads=row.leads,
            conversions=row.conversions,
            rate=row.rate,
            low=row.low,
            high=row.high,
            colour=self.source_colours.get(value, palette.NEUTRAL) if is_source else palette.NEUTRAL,
            faint=row.leads < self.minimum_cell,
        )


@dataclass(frozen=True)
class Margin:
    """Rates by one dimension: the values drawn, in their order, their rates, and how many values there are in all."""

    dimension: Dimension
    values: tuple[str, ...]
    rates: tuple[Rate, ...]
    found: int

    @property
    def leaves_out(self) -> str:
        """One sentence on the values that are not drawn; empty if all are."""
        if self.found == len(self.values):
            return ""
        kind = "latest" if self.dimension == "month" else "largest"
        return f"The {kind} {len(self.values)} of {self.found} are drawn; the table has them all."


@dataclass(frozen=True)
class Grid:
    """Rates by two dimensions, at the places of the values that their margins draw."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: Mapping[tuple[int, int], Rate]


def reading_of(declarations: Declarations, sources: Sequence[str]) -> Reading:
    """How to read cells of a lake with these declarations, in which leads came from these sources."""
    declared = [name for name in declarations.streams_of("touch") if declarations.sources[name].source_field is None]
    labels = {name: declarations.source_label(name) for name in sources}
    return Reading(
        source_labels=formatting.distinct_labels(sources, labels),
        source_colours=palette.source_colours(declared, sources),
        minimum_cell=declarations.lake.minimum_cell,
    )


def margin(answer: Conversion, reading: Reading) -> Margin:
    """The rates by one dimension: bands and months in their own order, all else with the most leads first."""
    (dimension,) = answer.dimensions
    rows = list(answer.rows)
    if dimension == "month":
        drawn = rows[-MOST_MONTHS:]
    elif dimension in ORDERED:
        drawn = rows
    else:
        drawn = sorted(rows, key=lambda row: -row.leads)[:MOST_VALUES]
    values = tuple(row.keys[dimension] for row in drawn)
    rates = tuple(reading.rate(dimension, value, row) for value, row in zip(values, drawn, strict=True))
    return Margin(dimension, values, rates, len(rows))


def grid(answer: Conversion, rows: Margin, columns: Margin, reading: Reading) -> Grid:
    """The rates of an answer by two dimensions, laid out as its margins are."""
    row_places = {value: place for place, value in enumerate(rows.values)}
    column_places = {value: place for place, value in enumerate(columns.values)}
    cells = {}
    for row in answer.rows:
        row_value, column_value = row.keys[rows.dimension], row.keys[columns.dimension]
        if row_value in row_places and column_value in column_places:
            place = (row_places[row_value], column_places[column_value])
            cells[place] = reading.rate(rows.dimension, row_value, row)
    return Grid(_heads(rows), _heads(columns), cells)


def _heads(of: Margin) -> tuple[str, ...]:
    return tuple(formatting.month(rate.name) if of.dimension == "month" else rate.name for rate in of.rates)
