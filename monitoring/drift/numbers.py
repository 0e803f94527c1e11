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
import numpy.typing as npt

from lake_access.drift.ordering import Portion
from monitoring.drift.halves import Coins
from monitoring.drift.statistics import Counts, Floats, into_bins


@dataclass
class Gap:
    """The area and the greatest height between two cumulative shares, as far as the numbers have passed by.

    The difference of the shares is a whole number, in units of 1 / (rows · others), and as such a float without error
    up to some ninety million rows a side. Only of a gap `with_height` is the height known.
    """

    rows: int
    others: int
    with_height: bool = True
    _area: float = 0.0
    _height: float = 0.0
    _ours: float = 0.0
    _both: float = 0.0
    _level: float = 0.0
    _last: float | None = None

    @property
    def area(self) -> float:
        return self._area / self.rows / self.others

    @property
    def height(self) -> float:
        return self._height / self.rows / self.others

    def pass_by(self, values: Floats, steps: Floats, ours: Floats, both: Floats) -> None:
        """More numbers, in ascending order, with the steps between them; and cumulated how many rows have each.

        `ours` counts those of the one side, and is overwritten; `both` those of either.
        """
        if len(values) == 0:
            return
        rows_of_both = both[-1] + self._both
        ours += self._ours
        self._ours = float(ours[-1])
        # ours · others - theirs · rows, where theirs = both - ours.
        ours *= self.rows + self.others
        ours -= (both + self._both) * self.rows
        heights = np.abs(ours, out=ours)
        # Not a product of vectors: BLAS would share so few numbers out to all cores, and have them wait for each other.
        self._area += float((heights[:-1] * steps).sum())
        if self.with_height:
            self._height = max(self._height, float(heights[:-1][steps > 0].max(initial=0.0)))
        if self._last is not None and values[0] > self._last:
            self._area += self._level * float(values[0] - self._last)
            self._height = max(self._height, self._level)
        self._both, self._level, self._last = float(rows_of_both), float(heights[-1]), float(values[-1])


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
        mean = float((values * counts).sum()) / rows
        apart_from_mean = values - mean
        squares = float((apart_from_mean * apart_from_mean * counts).sum())
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
        gap.pass_by(
            portion.values, steps, _cumulated(portion.reference), _cumulated(portion.reference + portion.current)
        )
        if edges is not None:
            ours = ours + into_bins(edges, portion.values, portion.reference)
            theirs = theirs + into_bins(edges, portion.values, portion.current)
        held = portion.reference > 0
        values, counts, first = portion.values[held], portion.reference[held], deviation.rows
        deviation.pass_by(values, counts)
        if coins and len(values):
            _toss(values, counts, coins, halves, first)
    bins = None if edges is None else (ours, theirs)
    return Numbers(rows, others, gap.area, gap.height, deviation.of_population, deviation.distinct, bins, halves)


def _toss(values: Floats, counts: Counts, coins: Sequence[Coins], halves: Sequence[Gap], first: int) -> None:
    """These rows of the reference go to either half."""
    steps, both = np.diff(values), _cumulated(counts)
    rows = int(both[-1])
    starts = (both - counts).astype(np.intp)
    for coin, half in zip(coins, halves, strict=True):
        heads = coin.of(first, first + rows)
        if rows > len(values):
            heads = np.add.reduceat(heads, starts, dtype=np.int64)
        half.pass_by(values, steps, _cumulated(heads), both)


def _cumulated(counts: npt.NDArray[np.integer]) -> Floats:
    told: Floats = np.cumsum(counts, dtype=np.float64)
    return told
