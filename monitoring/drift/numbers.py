"""What the tests need of two samples of numbers, from one pass over them in their order.

The Wasserstein distance is the integral of |F - G|, the Kolmogorov-Smirnov distance its greatest height: both follow
from how many rows of either side lie at or below each number, and the gap to the next one. Source: SciPy's
`wasserstein_distance` and `ks_2samp`, to which they are equal but for the order of additions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import sqrt

import numpy as np

from lake_access.drift.counting import Portion
from monitoring.drift.halves import Coins
from monitoring.drift.statistics import Counts, Floats, into_bins


@dataclass
class Gap:
    """The area and the greatest height between two cumulative shares, as far as the numbers have passed by.

    The difference of the shares is a whole number, in units of 1 / (rows · others), so that nothing is lost over
    many millions of rows. Only of a gap `with_height` is the height known.
    """

    rows: int
    others: int
    with_height: bool = True
    _area: float = 0.0
    _height: float = 0.0
    _level: int = 0
    _last: float | None = None

    @property
    def area(self) -> float:
        return self._area / self.rows / self.others

    @property
    def height(self) -> float:
        return self._height / self.rows / self.others

    def pass_by(self, values: Floats, steps: Floats, weights: Counts) -> None:
        """More numbers, in ascending order, with the steps between them, and what each adds to the difference.

        A row of the one side adds as much as the other side has rows; a row of the other side takes away likewise.
        """
        if len(values) == 0:
            return
        levels = weights.cumsum()
        levels += self._level
        heights = np.abs(levels).astype(np.float64)
        self._area += float(heights[:-1] @ steps)
        if self.with_height:
            self._height = max(self._height, float(heights[:-1][steps > 0].max(initial=0.0)))
        if self._last is not None and values[0] > self._last:
            self._area += abs(self._level) * float(values[0] - self._last)
            self._height = max(self._height, float(abs(self._level)))
        self._level, self._last = int(levels[-1]), float(values[-1])


@dataclass
class Deviation:
    """Rows, mean and squared deviations of numbers that pass by; two portions are joined as by Chan et al. (1979)."""

    rows: int = 0
    mean: float = 0.0
    squares: float = 0.0
    distinct: int = 0
    _last: float | None = None

    def pass_by(self, values: Floats, counts: Counts) -> None:
        """More numbers in ascending order, each so many times and at least once."""
        rows = int(counts.sum())
        if rows == 0:
            return
        self.distinct += int(np.count_nonzero(np.diff(values))) + (self._last != values[0])
        self._last = float(values[-1])
        mean = float(values @ counts) / rows
        apart_from_mean = values - mean
        squares = float((apart_from_mean * apart_from_mean) @ counts)
        apart, together = mean - self.mean, self.rows + rows
        self.squares += squares + apart * apart * self.rows * rows / together
        self.mean += apart * rows / together
        self.rows = together

    @property
    def of_population(self) -> float:
        return sqrt(self.squares / self.rows)


@dataclass(frozen=True)
class Numbers:
    """The distances between two samples of numbers, the reference's spread, and the rows in each bin.

    `distinct` is how many different numbers the reference has; `halves` has the distances between its random halves.
    """

    rows: int
    others: int
    area: float
    height: float
    deviation: float
    distinct: int
    bins: tuple[Counts, Counts] | None
    halves: Sequence[Gap] = field(default=())

    @property
    def wasserstein(self) -> float:
        """The area in standard deviations of the reference, of which Evidently takes at least 0.001."""
        return self.area / max(self.deviation, 0.001)


def pass_numbers(
    portions: Iterable[Portion],
    rows: int,
    others: int,
    edges: Floats | None,
    coins: Sequence[Coins] = (),
    *,
    heights_of_halves: bool = False,
) -> Numbers:
    """All of it in one pass; `rows` of the reference and `others` of the current side are to come."""
    gap, deviation = Gap(rows, others), Deviation()
    halves = [Gap(coin.heads, coin.rows - coin.heads, heights_of_halves) for coin in coins]
    ours = theirs = np.zeros(0 if edges is None else len(edges) - 1, dtype=np.int64)
    for portion in portions:
        steps = np.diff(portion.values)
        gap.pass_by(portion.values, steps, portion.reference * others - portion.current * rows)
        if edges is not None:
            ours = ours + into_bins(edges, portion.values, portion.reference)
            theirs = theirs + into_bins(edges, portion.values, portion.current)
        held = portion.reference > 0
        values, first = portion.values[held], deviation.rows
        deviation.pass_by(values, portion.reference[held])
        if coins:
            _toss(values, coins, halves, first)
    bins = None if edges is None else (ours, theirs)
    return Numbers(rows, others, gap.area, gap.height, deviation.of_population, deviation.distinct, bins, halves)


def _toss(values: Floats, coins: Sequence[Coins], halves: Sequence[Gap], first: int) -> None:
    """These rows of the reference, one for each number, go to either half."""
    steps = np.diff(values)
    for coin, half in zip(coins, halves, strict=True):
        adds = np.array([-half.rows, half.others], dtype=np.int64)
        half.pass_by(values, steps, adds[coin.of(first, first + len(values))])
