"""Counting leads by score and band: rates with their Wilson intervals, calibration, and leads from band to band."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from lake_access.intervals import wilson_interval
from training.comparison.outcome import BandCell, CalibrationBin, CountedRate, ScoreCount
from training.metrics import Flags, Floats, calibration_table
from training.versions import SCORE_SCALE

Integers = NDArray[np.int64]
SCORES_A_BAR = 5


def scores_of(probability: Floats) -> Integers:
    """The score that a reader sees: 100 × the probability, rounded."""
    return np.rint(SCORE_SCALE * probability).astype(np.int64)


def counted_rate(leads: int, conversions: int) -> CountedRate:
    """A rate with its counts and interval."""
    low, high = wilson_interval(conversions, leads)
    return CountedRate(leads, conversions, conversions / leads if leads else None, low, high)


def band_places(scores: Integers, bands: Mapping[str, int]) -> Integers:
    """The place of each score's band among `bands`, which stand from low to high and begin at 0."""
    return np.searchsorted(np.array(list(bands.values())), scores, side="right") - 1


def band_matrix(first: Integers, second: Integers, converted: Flags, bands: Mapping[str, int]) -> tuple[BandCell, ...]:
    """The leads of every pair of bands, those of the first version's lowest band first."""
    names = list(bands)
    pairs = band_places(first, bands) * len(names) + band_places(second, bands)
    leads = np.bincount(pairs, minlength=len(names) ** 2)
    conversions = np.bincount(pairs[converted], minlength=len(names) ** 2)
    return tuple(
        BandCell(names[place // len(names)], names[place % len(names)], counted_rate(int(leads[place]), int(won)))
        for place, won in enumerate(conversions)
    )


def calibration(probability: Floats, converted: Flags) -> tuple[CalibrationBin, ...]:
    """What was predicted against what came, in the bins of the metric `ece`, lowest first."""
    return tuple(
        CalibrationBin(row.predicted, counted_rate(row.leads, row.conversions))
        for row in calibration_table(probability, converted)
    )


def score_counts(first: Integers, second: Integers) -> tuple[ScoreCount, ...]:
    """How many leads have which scores, five scores a bar; the highest bar holds 100 as well."""
    bars = SCORE_SCALE // SCORES_A_BAR
    counts = [np.bincount(np.minimum(scores // SCORES_A_BAR, bars - 1), minlength=bars) for scores in (first, second)]
    return tuple(
        ScoreCount(
            bar * SCORES_A_BAR,
            SCORE_SCALE if bar == bars - 1 else (bar + 1) * SCORES_A_BAR - 1,
            int(counts[0][bar]),
            int(counts[1][bar]),
        )
        for bar in range(bars)
    )
