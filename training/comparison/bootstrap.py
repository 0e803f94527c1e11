"""The interval of a metric and of its difference between two versions: a paired bootstrap.

Both versions are measured on the same resamples of the same leads, so that what makes a resample easy or hard is in
both and leaves their difference.
Source: B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap (1993), chapter 13 (percentile intervals).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from training.comparison.measures import MEASURES, Floats, Measured, Truth
from training.comparison.outcome import Difference
from training.versions import Interval

RESAMPLES = 400
# Resamples are measured some at a time, so that the memory they take does not grow with their number.
_CELLS_AT_ONCE = 4_000_000
_ENDS = (2.5, 97.5)


def paired_differences(
    first: Floats, second: Floats, converted: Truth, seed: int, resamples: int = RESAMPLES
) -> tuple[Difference, ...]:
    """Every metric under both versions and their difference; none where all leads are of one outcome."""
    if converted.all() or not converted.any():
        return ()
    measured = (Measured(first, converted), Measured(second, converted))
    whole = np.ones((1, len(converted)))
    values = [each.under(whole)[0] for each in measured]
    drawn = [np.concatenate(parts) for parts in zip(*_resampled(measured, seed, resamples), strict=True)]
    # A resample of one outcome has no metric, in neither version.
    firsts, seconds = (each[~np.isnan(each[:, 0])] for each in drawn)
    return tuple(
        Difference(
            name,
            _interval(values[0][place], firsts[:, place]),
            _interval(values[1][place], seconds[:, place]),
            _interval(values[1][place] - values[0][place], seconds[:, place] - firsts[:, place]),
            higher_is_better,
        )
        for place, (name, higher_is_better) in enumerate(MEASURES.items())
    )


def _resampled(measured: tuple[Measured, Measured], seed: int, resamples: int) -> Iterator[tuple[Floats, Floats]]:
    leads = measured[0].leads
    rng = np.random.default_rng(seed)
    at_once = max(1, _CELLS_AT_ONCE // leads)
    for start in range(0, resamples, at_once):
        rows = min(at_once, resamples - start)
        weights = np.empty((rows, leads))
        for row in weights:
            row[:] = np.bincount(rng.integers(0, leads, leads), minlength=leads)
        yield measured[0].under(weights), measured[1].under(weights)


def _interval(value: float, drawn: Floats) -> Interval:
    if len(drawn) == 0:
        return Interval(float(value), float(value), float(value))
    low, high = np.percentile(drawn, _ENDS)
    return Interval(float(value), float(low), float(high))
