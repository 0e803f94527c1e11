"""Whether a difference between two sides is more than chance: p-values that keep their promise, and many at once.

Not all of Evidently's tests keep it: its χ² takes the reference for the truth. These count both sides as samples.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import chdtrc

from monitoring.drift.statistics import Counts

# How probable a false alarm may be, over all columns of a comparison together.
ALPHA = 0.01
# W. G. Cochran, Some Methods for Strengthening the Common χ² Tests, Biometrics 10 (1954).
LEAST_EXPECTED = 5


def contingency_p(reference: Counts, current: Counts) -> float:
    """The χ² test that both sides are samples of one population; values that are too rare for it count as one value.

    Of two values of which one is rare, Fisher's exact test. Source: K. Pearson (1900), R. A. Fisher (1934).
    """
    share = min(reference.sum(), current.sum()) / (reference.sum() + current.sum())
    rare = (reference + current) * share < LEAST_EXPECTED
    ours, theirs = _pooled(reference, rare), _pooled(current, rare)
    if len(ours) < 2:
        return 1.0
    table = np.array([ours, theirs])
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    if len(ours) == 2 and expected.min() < LEAST_EXPECTED:
        from scipy.stats import fisher_exact

        return float(fisher_exact(table)[1])
    return float(chdtrc(len(ours) - 1, ((table - expected) ** 2 / expected).sum()))


def share_p(ours: int, rows: int, theirs: int, others: int) -> float:
    """The same for two shares: of so many rows, and of so many others."""
    return contingency_p(np.array([ours, rows - ours]), np.array([theirs, others - theirs]))


def either(p_values: Sequence[float]) -> float:
    """One p-value for several tests of one column: the least times their number (Bonferroni)."""
    return min(1.0, len(p_values) * min(p_values))


def adjusted(p_values: Sequence[float]) -> list[float]:
    """The p-values for many columns at once: all below alpha together have a chance of alpha of holding a false alarm.

    Source: S. Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scand. J. Statist. 6 (1979).
    """
    found, order = [1.0] * len(p_values), np.argsort(p_values, kind="stable")
    least = 0.0
    for place, column in enumerate(order):
        least = max(least, min(1.0, (len(p_values) - place) * p_values[column]))
        found[column] = least
    return found


def _pooled(counts: Counts, rare: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Counts:
    kept = counts[~rare]
    return np.append(kept, counts[rare].sum()) if rare.any() else kept
