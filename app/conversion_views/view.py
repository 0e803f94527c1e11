"""From the answer of the conversion query to what the conversion page draws: names, colours, order, and what fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app import formatting, palette
from app.charts.rates import Rate
from lake_access.conversion import Conversion, ConversionRow, Dimension
from lake_access.declarations import UNSCORED, Declarations
from lake_access.intervals import wilson_interval

DIMENSION_NAMES: Mapping[Dimension, str] = {
    "source": "Source",
    "last_source": "Last source",
    "band": "Score band",
    "location": "Location",
    "device": "Device",
    "campaign": "Campaign",
    "model_version": "Model version",
    "scored": "Scored",
    "contacted": "Contacted by sales",
    "action": "First sales action",
    "month": "Month",
    "week": "Week",
    "day": "Day",
}
TIMES: tuple[Dimension, ...] = ("month", "week", "day")
MOST_VALUES = 12
MOST_MONTHS = 36  # or weeks, or days


@dataclass(frozen=True)
class Reading:
    """How cells are read: labels and colours of all the lake's sources, the scale of bands, the n of a faint cell."""

    source_labels: Mapping[str, str]
    source_colours: Mapping[str, str]
    bands: Sequence[str]
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
    """Rates by one dimension: the values drawn, in their order, their rates, and the rows of all values there are."""

    dimension: Dimension
    values: tuple[str, ...]
    rates: tuple[Rate, ...]
    rows: tuple[ConversionRow, ...]

    @property
    def found(self) -> int:
        return len(self.rows)

    @property
    def is_time(self) -> bool:
        return self.dimension in TIMES

    @property
    def leaves_out(self) -> str:
        """One sentence on the values that are not drawn; empty if all are."""
        if self.found == len(self.values):
            return ""
        kind = "latest" if self.is_time else "largest"
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
        bands=[*declarations.bands, UNSCORED],
        minimum_cell=declarations.lake.minimum_cell,
    )


def whole(answer: Conversion) -> ConversionRow | None:
    """The rate over all cells; None where there are none."""
    return _cell({}, answer.rows) if answer.rows else None


def margin(answer: Conversion, dimension: Dimension, reading: Reading) -> Margin:
    """The rates by one dimension of an answer, each a sum of its cells' conversions over a sum of their leads.

    Bands, months, weeks and days stand in their own order, all else with the most leads first.
    """
    cells: dict[str, list[ConversionRow]] = {}
    for row in answer.rows:
        cells.setdefault(row.keys[dimension], []).append(row)
    rows = [_cell({dimension: value}, summands) for value, summands in cells.items()]
    if dimension in TIMES:
        drawn = sorted(rows, key=lambda row: row.keys[dimension])[-MOST_MONTHS:]
    elif dimension == "band":
        drawn = sorted(rows, key=lambda row: reading.bands.index(row.keys["band"]))
    else:
        drawn = sorted(rows, key=lambda row: (-row.leads, row.keys[dimension]))[:MOST_VALUES]
    values = tuple(row.keys[dimension] for row in drawn)
    rates = tuple(reading.rate(dimension, value, row) for value, row in zip(values, drawn, strict=True))
    return Margin(dimension, values, rates, tuple(sorted(rows, key=lambda row: row.keys[dimension])))


def grid(answer: Conversion, rows: Margin, columns: Margin, reading: Reading) -> Grid:
    """The rates of an answer by two dimensions, laid out as its margins are."""
    row_places = {value: place for place, value in enumerate(rows.values)}
    column_places = {value: place for place, value in enumerate(columns.values)}
    cells = {}
    for row in answer.rows:
        row_value, column_value = row.keys[rows.dimension], row.keys[columns.dimension]
        if row_value in row_places and column_value in column_places:
            place = (row_places[row_value], column_places[column_value])
            name = f"{reading.name(rows.dimension, row_value)}, {reading.name(columns.dimension, column_value)}"
            cells[place] = replace(reading.rate(rows.dimension, row_value, row), name=name)
    return Grid(_heads(rows), _heads(columns), cells)


def _cell(keys: dict[str, str], summands: Sequence[ConversionRow]) -> ConversionRow:
    leads, conversions = (
        sum(counts) for counts in zip(*((row.leads, row.conversions) for row in summands), strict=True)
    )
    return ConversionRow(keys, leads, conversions, conversions / leads, *wilson_interval(conversions, leads))


def _heads(of: Margin) -> tuple[str, ...]:
    return tuple(formatting.month(rate.name) if of.dimension == "month" else rate.name for rate in of.rates)
