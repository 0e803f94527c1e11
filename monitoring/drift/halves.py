"""Random halves of the reference: what a statistic is where nothing has drifted.

Halves of counts are drawn without replacement and are equal to a row. Of a column of many different numbers, which
passes by in order and is not held, each row goes to one half or the other by a coin: a bit a row and half.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monitoring.drift.statistics import Counts


def halves_of(counts: Counts, number: int, rng: np.random.Generator) -> Iterator[tuple[Counts, Counts]]:
    """So many pairs of random halves of these rows; none of fewer than two rows."""
    rows = int(counts.sum())
    if rows < 2:
        return
    for _ in range(number):
        half = rng.multivariate_hypergeometric(counts, rows // 2, method="marginals")
        yield half, counts - half


@dataclass(frozen=True)
class Coins:
    """A coin for each of so many rows."""

    bits: npt.NDArray[np.uint8]
    heads: int
    rows: int

    def of(self, first: int, following: int) -> npt.NDArray[np.uint8]:
        """1 or 0 for the rows from the first on, up to the following one."""
        cut = np.unpackbits(self.bits[first // 8 : -(-following // 8)])
        return cut[first % 8 : first % 8 + following - first]


def toss(rows: int, rng: np.random.Generator) -> Coins:
    """A coin for each row."""
    bits = rng.integers(0, 256, size=-(-rows // 8), dtype=np.uint8)
    if rows % 8:
        bits[-1] &= 0xFF << (8 - rows % 8) & 0xFF
    return Coins(bits, int(np.bitwise_count(bits).sum()), rows)
