"""Whether a model is still right while outcomes are late: expected against actual conversions, cohort by cohort.

A cohort is the leads whom a version first scored in one week, without those that had converted by then: of them a score
foretells nothing. What came is counted over its mature leads alone. For the others there is an estimate from the scores
themselves, confidence-based performance estimation: if the probabilities are calibrated, a lead with probability p is a
conversion with weight p and none with weight 1 - p. It sees a shift of the leads, but not that the same leads convert
otherwise than before; what comes true is held against it.
Source: NannyML's documentation, "Estimation of Performance of the Monitored Model", confidence-based performance
estimation (CBPE): https://nannyml.readthedocs.io/en/stable/how_it_works/performance_estimation.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from math import isnan, sqrt

import numpy as np
import numpy.typing as npt

from lake_access.drift.scores import ScoredCount, scored_cohorts
from lake_access.intervals import wilson_interval
from lake_access.lake import PinnedLake
from lake_access.ranking import roc_auc
from training.versions import SCORE_SCALE, Interval

Weights = npt.NDArray[np.float64]
Z_95 = 1.959963984540054


@dataclass(frozen=True)
class Confusion:
    """Leads by whether they were called (a score from the threshold on) and converted; or expected ones."""

    true_positives: float
    false_positives: float
    false_negatives: float
    true_negatives: float


@dataclass(frozen=True)
class Cohort:
    """A week's leads of a version.

    `expected` are the conversions that the mature leads' probabilities sum up to, with the 95% range of what chance
    makes of them; `rate` is what came of the mature, None without any; `estimated…` is over all leads
    of the cohort, from the scores alone: an estimate; `roc_auc` and `actual` are over the mature leads alone, and
    `estimated…_of_mature` is the estimate over just these, for what came true to be held against.
    """

    version: str
    week: date
    leads: int
    mature: int
    conversions: int
    mean_score: float
    expected: Interval
    rate: Interval | None
    roc_auc: float | None
    actual: Confusion
    estimated_roc_auc: float | None
    estimated: Confusion
    estimated_roc_auc_of_mature: float | None
    estimated_of_mature: Confusion

    @property
    def is_mature(self) -> bool:
        return self.mature == self.leads

    @property
    def as_expected(self) -> bool:
        """Whether what came is within what chance makes of the expected."""
        return self.expected.low <= self.conversions <= self.expected.high


def cohorts(
    pinned: PinnedLake,
    version: str,
    threshold: int,
    source: str | None = None,
    probabilities: Sequence[float] | None = None,
) -> tuple[Cohort, ...]:
    """Every week's cohort of a version, the oldest first.

    `probabilities` has the calibrated one for each score from 0 to 100; without it a score says its hundredth.
    """
    scale = SCORE_SCALE + 1
    chances = np.arange(scale) / SCORE_SCALE if probabilities is None else np.asarray(probabilities, dtype=np.float64)
    found = scored_cohorts(pinned, version, source)
    weeks = dict.fromkeys(count.week for count in found)
    return tuple(
        _cohort(version, week, [count for count in found if count.week == week], chances, threshold) for week in weeks
    )


def expected_conversions(leads: Weights, chances: Weights) -> Interval:
    """The sum of the probabilities, with the 95% range of such a sum of independent leads (normal, never below 0)."""
    mean = float(leads @ chances)
    spread = Z_95 * sqrt(float(leads @ (chances * (1 - chances))))
    return Interval(mean, max(0.0, mean - spread), min(float(leads.sum()), mean + spread))


def confusion(positives: Weights, negatives: Weights, threshold: int) -> Confusion:
    """Leads counted by score, called from the threshold on."""
    return Confusion(
        float(positives[threshold:].sum()),
        float(negatives[threshold:].sum()),
        float(positives[:threshold].sum()),
        float(negatives[:threshold].sum()),
    )


def _cohort(version: str, week: date, counts: Iterable[ScoredCount], chances: Weights, threshold: int) -> Cohort:
    leads, mature, conversions = np.zeros((3, len(chances)))
    for count in counts:
        leads[count.score] += count.leads
        mature[count.score] += count.mature
        conversions[count.score] += count.conversions
    matured, came = int(mature.sum()), int(conversions.sum())
    estimated = (leads * chances, leads * (1 - chances))
    of_mature = (mature * chances, mature * (1 - chances))
    return Cohort(
        version=version,
        week=week,
        leads=int(leads.sum()),
        mature=matured,
        conversions=came,
        mean_score=float(leads @ np.arange(len(chances)) / leads.sum()),
        expected=expected_conversions(mature, chances),
        rate=Interval(came / matured, *wilson_interval(came, matured)) if matured else None,
        roc_auc=roc_auc_by_score(conversions, mature - conversions),
        actual=confusion(conversions, mature - conversions, threshold),
        estimated_roc_auc=roc_auc_by_score(*estimated),
        estimated=confusion(*estimated, threshold),
        estimated_roc_auc_of_mature=roc_auc_by_score(*of_mature),
        estimated_of_mature=confusion(*of_mature, threshold),
    )


def roc_auc_by_score(positives: Weights, negatives: Weights) -> float | None:
    """The area under the ROC curve of leads counted by score; None without one of each kind."""
    area = float(roc_auc(positives[::-1], negatives[::-1]))
    return None if isnan(area) else area
