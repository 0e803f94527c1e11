"""What the tests need of two samples of numbers, from one pass over them in their order.

The Wasserstein distance is the integral of |F − G|, the Kolmogorov-Smirnov distance its greatest height: both follow
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
    """The area and the greatest height between two cumulative shares, as far as the numbers have passed by."""

    rows: int
    others: int
    area: float = 0.0
    height: float = 0.0
    _passed: tuple[int, int] = (0, 0)
    _last: float | None = None

    def pass_by(self, values: Floats, ours: Counts, theirs: Counts) -> None:
        """More numbers, in ascending order, with how many rows of either side have each."""
        if len(values) == 0:
            return
        difference = (ours.cumsum() + self._passed[0]) * (1 / self.rows)
        difference -= (theirs.cumsum() + self._passed[1]) * (1 / self.others)
        np.abs(difference, out=difference)
        steps = np.diff(values)
        self.area += float(difference[:-1] @ steps)
        self.height = max(self.height, float(difference[:-1][steps > 0].max(initial=0.0)))
        if self._last is not None:
            before = abs(self._passed[0] / self.rows - self._passed[1] / self.others)
            self.area += before * float(values[0] - self._last)
            if values[0] > self._last:
                self.height = max(self.height, before)
        self._passed = (self._passed[0] + int(ours.sum()), self._passed[1] + int(theirs.sum()))
        self._last = float(values[-1])


@dataclass
class Deviation:
    """Rows, mean and squared deviations of numbers that pass by; two portions are joined as by Chan et al. (1979)."""

    rows: int = 0
    mean: float = 0.0
    squares: float = 0.0

    def pass_by(self, values: Floats, counts: Counts) -> None:
        """More numbers, each so many times."""
        rows = int(counts.sum())
        if rows == 0:
            return
        mean = float(values @ counts) / rows
        squares = float(((values - mean) ** 2) @ counts)
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

    `halves` has the same two distances, area and height, between random halves of the reference, and their rows.
    """

    rows: int
    others: int
    area: float
    height: float
    deviation: float
    bins: tuple[Counts, Counts] | None
    halves: Sequence[Gap] = field(default=())

    @property
    def wasserstein(self) -> float:
        """The area in standard deviations of the reference, of which Evidently takes at least 0.001."""
        return self.area / max(self.deviation, 0.001)


def pass_numbers(
    portions: Iterable[Portion], rows: int, others: int, edges: Floats | None, coins: Sequence[Coins] = ()
) -> Numbers:
    """All of it in one pass; `rows` of the reference and `others` of the current side are to come."""
    gap, deviation = Gap(rows, others), Deviation()
    halves = [Gap(coin.heads, coin.rows - coin.heads) for coin in coins]
    ours = theirs = np.zeros(0 if edges is None else len(edges) - 1, dtype=np.int64)
    for portion in portions:
        gap.pass_by(portion.values, portion.reference, portion.current)
        if edges is not None:
            ours = ours + _within(edges, portion.values, portion.reference)
            theirs = theirs + _within(edges, portion.values, portion.current)
        values = portion.values[portion.reference > 0]
        first = deviation.rows
        deviation.pass_by(portion.values, portion.reference)
        for coin, half in zip(coins, halves, strict=True):
            heads = coin.of(first, deviation.rows)
            half.pass_by(values, heads, 1 - heads)
    bins = None if edges is None else (ours, theirs)
    return Numbers(rows, others, gap.area, gap.height, deviation.of_population, bins, halves)


def _within(edges: Floats, values: Floats, counts: Counts) -> Counts:
    """The bins' counts of a portion, of which the edges may lie far outside."""
    return into_bins(edges, values, counts)
