"""The statistics that Evidently 0.7 takes of two samples, from counts instead of rows.

Source of every formula and of its quirks: Evidently 0.7.23, `legacy/calculations/stattests`. A count is of a value, in
the order of the values and in the same places on both sides; both sides have rows.
"""

from __future__ import annotations

import warnings
from math import ceil, log2, sqrt

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc, kolmogorov, ndtr

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# SciPy's own line between the exact distribution of D and its limit.
EXACT_KS_ROWS = 10_000


def chi_square_p(reference: Counts, current: Counts) -> float:
    """Evidently's χ²: the reference is the truth, its counts scaled to the current rows; 0 for an unseen value."""
    expected = reference * (current.sum() / reference.sum())
    if (expected == 0).any():
        return 0.0
    if len(expected) == 1:
        return 1.0
    return float(chdtrc(len(expected) - 1, (((current - expected) ** 2) / expected).sum()))


def z_p(reference: Counts, current: Counts) -> float:
    """The z-test of two shares with a pooled variance: of all values but the lowest; 1 where there is but one."""
    rows, others = int(reference.sum()), int(current.sum())
    ours, theirs = float(rows - reference[0]) / rows, float(others - current[0]) / others
    pooled = float(ours * rows + theirs * others) / (rows + others)
    spread = pooled * (1 - pooled) * (1.0 / rows + 1.0 / others)
    if spread <= 0:
        return 1.0
    return float(2 * (1 - ndtr(abs((ours - theirs) / np.sqrt(spread)))))


def jensen_shannon(reference: Counts, current: Counts) -> float:
    """The Jensen-Shannon distance, in natural logarithms: the root of the divergence, as SciPy has it."""
    ours, theirs = reference / reference.sum(), current / current.sum()
    middle = (ours + theirs) / 2
    return sqrt(max(_relative_entropy(ours, middle) + _relative_entropy(theirs, middle), 0.0) / 2)


def psi(reference: Counts, current: Counts) -> float:
    """The population stability index; a share of nothing is filled as Evidently fills it, side by side."""
    ours, theirs = _filled(reference / reference.sum()), _filled(current / current.sum())
    return float(((ours - theirs) * np.log(ours / theirs)).sum())


def ks_p(distance: float, rows: int, others: int) -> float:
    """The two-sided p-value of a Kolmogorov-Smirnov distance, as SciPy has it for more than 10,000 rows."""
    # Importing it takes half a second, which no page should wait for.
    from scipy.stats import kstwo

    effective = float(rows) * others / (float(rows) + others)
    return float(np.clip(kstwo.sf(distance, np.round(effective)), 0, 1))


def ks_limit_p(distance: float, rows: int, others: int) -> float:
    """The same from Kolmogorov's limit, of many rows on both sides; that of SciPy takes a second for millions."""
    return float(kolmogorov(distance * sqrt(float(rows) * others / (float(rows) + others))))


def ks_p_exact(values: Floats, reference: Counts, current: Counts) -> float:
    """The same of few rows, from the distribution of D for just so many."""
    from scipy.stats import ks_2samp

    with warnings.catch_warnings():
        # Where the exact distribution cannot be had, SciPy takes the limiting one, and says so.
        warnings.simplefilter("ignore", RuntimeWarning)
        return float(ks_2samp(np.repeat(values, reference), np.repeat(values, current))[1])


def bin_edges(low: float, high: float, rows: int, *, whole: bool) -> Floats:
    """NumPy's edges by Sturges' rule, from the extremes of both sides together; `whole`: no bin narrower than 1.

    Source: `numpy.histogram_bin_edges(…, bins="sturges")`.
    """
    width = (high - low) / (log2(rows) + 1.0)
    if whole and width < 1:
        width = 1.0
    return np.linspace(low, high, ceil((high - low) / width) + 1)


def into_bins(edges: Floats, values: Floats, counts: Counts) -> Counts:
    """The rows in each bin, of sorted values with their counts: closed on the left, the last bin on both ends."""
    places = np.searchsorted(values, edges, side="left")
    places[-1] = len(values)
    before = np.concatenate([[0], counts.cumsum()])
    return np.diff(before[places]).astype(np.int64)


def _relative_entropy(shares: Floats, middle: Floats) -> float:
    there = shares > 0
    return float((shares[there] * np.log(shares[there] / middle[there])).sum())


def _filled(shares: Floats) -> Floats:
    least = shares[shares > 0].min()
    filling = least / 10**6 if least <= 0.0001 else 0.0001
    return np.where(shares == 0, filling, shares)
