"""The 95% interval of a metric, and of its difference between two versions: percentile bootstraps over leads.

Leads are drawn with their outcomes, not by class: how many converted is a finding too.
Source: B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap (1993), chapter 13 (percentile intervals).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from training.comparison.outcome import Difference
from training.metrics import METRICS, Flags, Floats, RankedLeads, Tally, calibration_bins, metrics_of, ranked, tally
from training.versions import Interval

DRAWS = 1_000
# Beyond so many different probabilities a draw counts neighbours together.
MOST_GROUPS = 2_000
RESAMPLES = 400
# Resamples are measured some at a time, so that the memory they take does not grow with their number.
_CELLS_AT_ONCE = 4_000_000
_ENDS = (2.5, 97.5)


def metrics_with_intervals(
    probabilities: Floats, converted: Flags, seed: int, draws: int = DRAWS
) -> dict[str, Interval]:
    """Every metric with its interval.

    With more than 2,000 different probabilities neighbours are counted together in the draws, and the interval is moved
    by what that does to the value.
    """
    counted = tally(probabilities, converted)
    grouped = _grouped(counted)
    exact, centre = metrics_of(counted), metrics_of(grouped)
    drawn = metrics_of(_draw(grouped, np.random.default_rng(seed), draws))
    found = {}
    for name in METRICS:
        value = float(exact[name][0])
        usable = drawn[name][np.isfinite(drawn[name])]
        low, high = np.percentile(usable, _ENDS) if len(usable) else (np.nan, np.nan)
        shift = value - float(centre[name][0])
        found[name] = Interval(value, float(low) + shift, float(high) + shift)
    return found


def paired_differences(
    first: Floats, second: Floats, converted: Flags, seed: int, resamples: int = RESAMPLES
) -> tuple[Difference, ...]:
    """Every metric under both versions and their difference; none where all leads are of one outcome.

    Both versions are measured on the same resamples of the same leads, so that what makes a resample easy or hard is in
    both and leaves their difference.
    """
    if converted.all() or not converted.any():
        return ()
    leads = (ranked(first, converted), ranked(second, converted))
    values = [_columns(each.under(np.ones((1, len(converted)))))[0] for each in leads]
    drawn = [np.concatenate(parts) for parts in zip(*_resampled(leads, seed, resamples), strict=True)]
    # A resample of one outcome has no ROC AUC, in neither version.
    firsts, seconds = (each[~np.isnan(each[:, 0])] for each in drawn)
    return tuple(
        Difference(
            name,
            _interval(values[0][place], firsts[:, place]),
            _interval(values[1][place], seconds[:, place]),
            _interval(values[1][place] - values[0][place], seconds[:, place] - firsts[:, place]),
            higher_is_better,
        )
        for place, (name, higher_is_better) in enumerate(METRICS.items())
    )


def _resampled(leads: tuple[RankedLeads, RankedLeads], seed: int, resamples: int) -> Iterator[tuple[Floats, Floats]]:
    count = len(leads[0].order)
    rng = np.random.default_rng(seed)
    at_once = max(1, _CELLS_AT_ONCE // count)
    for start in range(0, resamples, at_once):
        weights = np.empty((min(at_once, resamples - start), count))
        for row in weights:
            row[:] = np.bincount(rng.integers(0, count, count), minlength=count)
        yield _columns(leads[0].under(weights)), _columns(leads[1].under(weights))


def _columns(counted: Tally) -> Floats:
    """A column for each metric, a row for each of the tally's."""
    return np.column_stack([*metrics_of(counted).values()])


def _interval(value: float, drawn: Floats) -> Interval:
    if len(drawn) == 0:
        return Interval(float(value), float(value), float(value))
    low, high = np.percentile(drawn, _ENDS)
    return Interval(float(value), float(low), float(high))


def _grouped(counted: Tally) -> Tally:
    """Neighbours together, as many leads in each group, where there are more groups than a draw needs."""
    groups = len(counted.probability)
    if groups <= MOST_GROUPS:
        return counted
    leads = (counted.converted + counted.other)[0]
    place = ((np.cumsum(leads) - leads / 2) * MOST_GROUPS / leads.sum()).astype(np.intp)
    starts = np.flatnonzero(np.diff(place, prepend=-1))
    did, other, weighted = (
        np.add.reduceat(values, starts)
        for values in (counted.converted[0], counted.other[0], counted.probability * leads)
    )
    return Tally(weighted / (did + other), did[np.newaxis], other[np.newaxis], calibration_bins(did + other))


def _draw(counted: Tally, rng: np.random.Generator, draws: int) -> Tally:
    cells = np.concatenate([counted.converted[0], counted.other[0]])
    leads = int(cells.sum())
    drawn = rng.multinomial(leads, cells / leads, size=draws).astype(np.float64)
    half = len(counted.probability)
    return Tally(counted.probability, drawn[:, :half], drawn[:, half:], counted.bins)
