"""What changed between two groups of leads, and whether that is more than chance would bring.

Each function gives the change with a 95% interval; it is beyond chance where the interval leaves out "no change". A
group of fewer than `minimum` is too small to tell. No test here looks at more than one figure: of many figures looked
at, one in twenty passes by chance alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import NormalDist

from lake_access.headline import RankedTimes, ScoreSums
from lake_access.intervals import wilson_interval

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Difference:
    """A change, its interval, and the change that would be none (0 of a difference, 1 of a ratio)."""

    change: float
    low: float
    high: float
    none: float = 0.0

    @property
    def beyond_chance(self) -> bool:
        return not self.low <= self.none <= self.high


def of_proportions(successes: int, trials: int, before: int, trials_before: int, minimum: int) -> Difference | None:
    """The difference of two independent proportions; None where either rests on fewer than `minimum` trials.

    Source: R. G. Newcombe, Interval estimation for the difference between independent proportions, Statistics in
    Medicine 17 (1998), method 10: from the Wilson intervals of both.
    """
    if min(trials, trials_before) < max(1, minimum):
        return None
    share, share_before = successes / trials, before / trials_before
    low, high = wilson_interval(successes, trials, CONFIDENCE)
    low_before, high_before = wilson_interval(before, trials_before, CONFIDENCE)
    change = share - share_before
    return Difference(
        change,
        change - sqrt((share - low) ** 2 + (high_before - share_before) ** 2),
        change + sqrt((high - share) ** 2 + (share_before - low_before) ** 2),
    )


def of_counts(daily: Sequence[int], daily_before: Sequence[int], minimum: int) -> Difference | None:
    """The ratio of two rates of events a day; None where either period counts fewer than `minimum`, or is a day.

    What comes day by day scatters more than pure chance (Poisson) would have it, by weekday if nothing else: the
    interval is as much wider as the daily counts scatter about their period's mean, and never narrower.

    Source: P. McCullagh and J. A. Nelder, Generalized Linear Models (1989), chapter 6 and section 4.5: log-linear
    rates, overdispersion by Pearson's chi-square.
    """
    total, total_before = sum(daily), sum(daily_before)
    if min(total, total_before) < max(1, minimum) or min(len(daily), len(daily_before)) < 2:
        return None
    rate, rate_before = total / len(daily), total_before / len(daily_before)
    chi_square = sum((count - rate) ** 2 for count in daily) / rate
    chi_square += sum((count - rate_before) ** 2 for count in daily_before) / rate_before
    dispersion = max(1.0, chi_square / (len(daily) + len(daily_before) - 2))
    ratio = rate / rate_before
    spread = _z() * sqrt(dispersion * (1 / total + 1 / total_before))
    return Difference(ratio, exp(log(ratio) - spread), exp(log(ratio) + spread), none=1.0)


def of_means(now: ScoreSums, before: ScoreSums, minimum: int) -> Difference | None:
    """The difference of two mean scores; None where either rests on fewer than `minimum` leads.

    The variances may differ. Source: B. L. Welch, The significance of the difference between two means when the
    population variances are unequal, Biometrika 29 (1938), with the normal quantile, which suits from some 30 on.
    """
    if min(now.scored, before.scored) < max(2, minimum):
        return None
    spread = _z() * sqrt(now.variance / now.scored + before.variance / before.scored)
    change = now.mean - before.mean
    return Difference(change, change - spread, change + spread)


def longer_times(ranked: RankedTimes, minimum: int) -> Difference | None:
    """The chance that a lead of the first group took longer than one of the second, less a half; None under `minimum`.

    The interval is that of the Mann-Whitney test: it leaves out 0 exactly where the test, in its normal form with ties
    and the correction for continuity, gives p < 0.05.

    Source: H. B. Mann and D. R. Whitney, On a test of whether one of two random variables is stochastically larger than
    the other, Annals of Mathematical Statistics 18 (1947).
    """
    first, second = ranked.first, ranked.second
    if min(first, second) < max(1, minimum):
        return None
    pairs, both = first * second, first + second
    variance = pairs / 12 * (both + 1 - ranked.ties / (both * (both - 1)))
    spread = (_z() * sqrt(max(variance, 0.0)) + 0.5) / pairs
    change = ranked.u / pairs - 0.5
    return Difference(change, change - spread, change + spread)


def _z() -> float:
    return NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)
