"""Rates and answers made by hand, for tests of what is drawn."""

from __future__ import annotations

from app.charts.rates import Rate
from lake_access.conversion import Conversion, ConversionRow, Dimension
from lake_access.intervals import wilson_interval


def rate(name: str, conversions: int, leads: int, faint: bool = False, colour: str = "#6b8299") -> Rate:
    low, high = wilson_interval(conversions, leads)
    return Rate(name, leads, conversions, conversions / leads, low, high, colour, faint)


def answer(by: tuple[Dimension, ...], *cells: tuple[tuple[str, ...], int, int], immature: int = 0) -> Conversion:
    """An answer by these dimensions; a cell is its keys, its conversions and its leads."""
    rows = []
    for keys, conversions, leads in cells:
        low, high = wilson_interval(conversions, leads)
        named: dict[str, str] = dict(zip(by, keys, strict=True))
        rows.append(ConversionRow(named, leads, conversions, conversions / leads, low, high))
    return Conversion(snapshot=7312345678901234567, immature=immature, dimensions=by, rows=tuple(rows))
