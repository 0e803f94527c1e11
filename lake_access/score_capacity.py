"""Which leads to call when only so many can be called a week, and how many conversions that promises.

From two observations: how many leads came with each score in the recent weeks, and what share of the mature leads with
such scores converted. Whether a call changes anything is not known from them: the rate is that of leads as they were
treated.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from lake_access.intervals import wilson_interval
from lake_access.score_histograms import SCORES, Arrivals, ScoreHistogram


@dataclass(frozen=True)
class CutOff:
    """Calling every lead with `score` or more: how many that is in a mean week, and what is to be expected of it.

    `rate` is that of the `mature` leads with such scores, with its 95% Wilson interval; `expected`, `low` and `high`
    are `weekly` times these.
    """

    score: int
    weekly: float
    mature: int
    conversions: int
    rate: float
    rate_low: float
    rate_high: float

    @property
    def expected(self) -> float:
        return self.weekly * self.rate

    @property
    def low(self) -> float:
        return self.weekly * self.rate_low

    @property
    def high(self) -> float:
        return self.weekly * self.rate_high


@dataclass(frozen=True)
class Capacity:
    """What so many calls a week reach: the lowest cut-off whose mean week fits, and the next one, which would not.

    `fitting` is None where even the highest score brings more leads than can be called. `least` and `most` are the
    leads at or above the cut-off in the quietest and the busiest of the weeks; `one_week` holds the conversions of 95%
    of single weeks: see `single_week`.
    """

    calls: int
    fitting: CutOff | None
    next_lower: CutOff | None
    least: int
    most: int
    one_week: tuple[int, int]


def cut_offs(histogram: ScoreHistogram, arrivals: Arrivals) -> list[CutOff]:
    """Every score as a cut-off, from the highest down, where it brings leads and a mature lead tells a rate.

    None without a whole week.
    """
    weeks = len(arrivals.weeks)
    if not weeks:
        return []
    weekly, mature, conversions = 0, 0, 0
    found: list[CutOff] = []
    for score in reversed(SCORES):
        came = sum(week[score] for week in arrivals.leads)
        weekly, mature = weekly + came, mature + histogram.mature[score]
        conversions += histogram.conversions[score]
        if mature and weekly and (came or not found):
            interval = wilson_interval(conversions, mature)
            found.append(CutOff(score, weekly / weeks, mature, conversions, conversions / mature, *interval))
    return found


def capacity(histogram: ScoreHistogram, arrivals: Arrivals, calls: int) -> Capacity | None:
    """The cut-off for so many calls a week; None where no whole week brought leads, or no mature lead tells a rate."""
    offered = cut_offs(histogram, arrivals)
    if not offered:
        return None
    fitting = max((cut for cut in offered if cut.weekly <= calls), key=lambda cut: cut.weekly, default=None)
    lower = next((cut for cut in offered if fitting is None or cut.score < fitting.score), None)
    if fitting is None:
        return Capacity(calls, None, lower, 0, 0, (0, 0))
    by_week = [sum(week[fitting.score :]) for week in arrivals.leads]
    one_week = single_week(fitting.conversions, fitting.mature, round(fitting.weekly))
    return Capacity(calls, fitting, lower, min(by_week), max(by_week), one_week)


def single_week(conversions: int, mature: int, called: int, confidence: float = 0.95) -> tuple[int, int]:
    """Between which numbers of conversions a single week lies with this confidence, of so many leads called.

    The posterior predictive (beta-binomial) interval with equal tails under Jeffreys' prior Beta(1/2, 1/2): it holds
    both how little is known of the rate and the chance of a week. Sources: Gelman et al., Bayesian Data Analysis, 3rd
    edition, 2.4 and 2.8; Brown, Cai, DasGupta, Interval Estimation for a Binomial Proportion, Stat. Sci. 16 (2001).
    """
    a, b = conversions + 0.5, mature - conversions + 0.5
    k = np.arange(called, dtype=float)
    steps = np.log((called - k) * (k + a)) - np.log((k + 1) * (called - k - 1 + b))
    logs = np.concatenate([[0.0], np.cumsum(steps)])
    weights = np.exp(logs - np.max(logs))  # up to a factor, without which small ones would all round to 0
    cumulative = np.cumsum(weights) / np.sum(weights)
    tail = (1 - confidence) / 2
    return int(np.searchsorted(cumulative, tail)), int(np.searchsorted(cumulative, 1 - tail))


def week_range(arrivals: Arrivals) -> tuple[date, date] | None:
    """The first Monday and the last Sunday of the weeks."""
    if not arrivals.weeks:
        return None
    return arrivals.weeks[0], date.fromordinal(arrivals.weeks[-1].toordinal() + 6)
