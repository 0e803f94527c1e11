"""The numbers of both sides of a comparison in their order, in portions: a range of them at a time fits memory.

A range is read and sorted by itself, so that the memory does not grow with the rows. Where to cut, a sample says; one
number that many rows share is a range of its own, and only counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, inf, nextafter
from sys import float_info

import numpy as np
import numpy.typing as npt

from lake_access.drift.compared import Compared, SideName, identifier
from lake_access.engine_errors import engine_errors
from lake_access.queries import load_query

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
# Rows of both sides that are read at a time, and those of one side in a portion, whose arrays fit a processor's cache.
RANGE_ROWS = 1 << 21
PORTION_ROWS = 1 << 14


@dataclass(frozen=True)
class Portion:
    """Numbers in ascending order, equal ones perhaps apart, with how often each occurs on either side."""

    values: Floats
    reference: Counts
    current: Counts


def sorted_portions(compared: Compared, column: str, rows: int, range_rows: int = RANGE_ROWS) -> Iterator[Portion]:
    """Every number of both sides in ascending order, in portions; both sides together have so many `rows`."""
    value = f"{identifier(column)}::DOUBLE"
    cuts = _cuts(compared, value, rows, range_rows)
    for low, high in pairwise(cuts):
        if nextafter(low, inf) == high:
            counts = (_count(compared, side, value, low, high) for side in ("reference_rows", "current_rows"))
            yield Portion(np.array([low]), *(np.array([count], dtype=np.int64) for count in counts))
        else:
            sides = (_sorted(compared, side, value, low, high) for side in ("reference_rows", "current_rows"))
            yield from _merged(*sides)


def _cuts(compared: Compared, value: str, rows: int, range_rows: int) -> list[float]:
    """Where the ranges begin, and the end of the last."""
    ranges = ceil(rows / range_rows)
    # Every finite number is in the range between these; no other is.
    ends = [-float_info.max, inf]
    if ranges < 2:
        return ends
    sql = load_query("drift_some_values").format(value=value)
    with engine_errors("the comparison"):
        some = compared.connection.execute(sql, {"low": ends[0], "high": ends[1]}).fetchnumpy()["value"]
    if not len(some):
        return ends
    places = np.linspace(0, len(some), ranges, endpoint=False).astype(np.intp)[1:]
    cuts, times = np.unique(some[places], return_counts=True)
    shared = np.nextafter(cuts[times > 1], inf)
    return [ends[0], *map(float, np.union1d(cuts, shared)), ends[1]]


def _sorted(compared: Compared, side: SideName, value: str, low: float, high: float) -> Floats:
    sql = load_query("drift_values").format(side=side, value=value)
    with engine_errors("the comparison"):
        found: Floats = np.asarray(compared.connection.execute(sql, {"low": low, "high": high}).fetchnumpy()["value"])
    found.sort()
    return found


def _count(compared: Compared, side: SideName, value: str, low: float, high: float) -> int:
    sql = load_query("drift_value_count").format(side=side, value=value)
    with engine_errors("the comparison"):
        ((count,),) = compared.connection.execute(sql, {"low": low, "high": high}).fetchall()
    return int(count)


def _merged(reference: Floats, current: Floats) -> Iterator[Portion]:
    """Two sorted sides as one."""
    cuts = np.union1d(reference[PORTION_ROWS::PORTION_ROWS], current[PORTION_ROWS::PORTION_ROWS])
    pieces = (np.split(side, np.searchsorted(side, cuts)) for side in (reference, current))
    for ours, theirs in zip(*pieces, strict=True):
        both = np.concatenate([ours, theirs])
        if not len(both):
            continue
        # Stable sorting takes ordered runs as they are and merges them.
        order = np.argsort(both, kind="stable")
        yield Portion(both[order], *_sides_of(order, len(ours)))


def _sides_of(order: npt.NDArray[np.intp], ours: int) -> tuple[Counts, Counts]:
    is_reference = (order < ours).astype(np.int64)
    return is_reference, 1 - is_reference
