"""CBPE's estimates are what drawing the outcomes from the calibrated probabilities gives, over and over.

An independent derivation of what `monitoring/late_outcomes.py` computes in closed form. Sources of the method:
NannyML's documentation of CBPE, and J. Białek, J. Kivimäki, W. Kuberski, N. Perrakis, Estimating Model Performance
Under Covariate Shift Without Labels, arXiv:2401.08348 (2024), which compares with it. NannyML itself is not among our
requirements.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.metrics import confusion_matrix, roc_auc_score

from monitoring.late_outcomes import confusion, roc_auc_by_score
from training.versions import SCORE_SCALE

DRAWS = 600
LEADS = 1_500
THRESHOLD = 60
Floats = npt.NDArray[np.float64]
# Probabilities by score: as the score says; over-confident scores, calibrated; far from every threshold.
CALIBRATIONS: dict[str, Floats] = {
    "a score says its hundredth": np.arange(SCORE_SCALE + 1) / SCORE_SCALE,
    "over-confident scores": 0.45 * (np.arange(SCORE_SCALE + 1) / SCORE_SCALE) ** 2 + 0.01,
    "hardly any conversions": 0.08 * np.arange(SCORE_SCALE + 1) / SCORE_SCALE + 0.005,
}


@pytest.mark.parametrize("calibration", CALIBRATIONS)
def test_the_estimates_are_the_mean_of_outcomes_drawn_many_times(calibration: str) -> None:
    rng, chances = np.random.default_rng(20), CALIBRATIONS[calibration]
    scores = (SCORE_SCALE * rng.beta(2, 3, LEADS)).round().astype(np.int64)
    leads = np.bincount(scores, minlength=SCORE_SCALE + 1).astype(np.float64)
    estimated_auc = roc_auc_by_score(leads * chances, leads * (1 - chances))
    estimated = confusion(leads * chances, leads * (1 - chances), THRESHOLD)

    drawn = []
    for _ in range(DRAWS):
        converted = rng.random(LEADS) < chances[scores]
        (true_negatives, false_positives), (false_negatives, true_positives) = confusion_matrix(
            converted, scores >= THRESHOLD
        )
        drawn.append(
            (
                roc_auc_score(converted, scores),
                *(true_positives, false_positives, false_negatives, true_negatives),
            )
        )
    means = np.mean(drawn, axis=0)
    errors = 4 * np.std(drawn, axis=0) / np.sqrt(DRAWS)

    assert estimated_auc is not None
    # The closed form is a ratio of expectations, which is off the expectation of the ratio by no more than 1 / leads.
    assert abs(estimated_auc - means[0]) < errors[0] + 1 / LEADS
    assert errors[0] < 0.012  # or this would say nothing
    figures = (
        estimated.true_positives, estimated.false_positives, estimated.false_negatives, estimated.true_negatives
    )  # fmt: skip
    for figure, mean, error in zip(figures, means[1:], errors[1:], strict=True):
        assert abs(figure - mean) < error


def test_the_estimates_are_off_where_the_scores_are_not_calibrated() -> None:
    """The comparison above can fail: outcomes drawn from other probabilities than those that are believed."""
    rng, believed = np.random.default_rng(20), CALIBRATIONS["a score says its hundredth"]
    scores = (SCORE_SCALE * rng.beta(2, 3, LEADS)).round().astype(np.int64)
    leads = np.bincount(scores, minlength=SCORE_SCALE + 1).astype(np.float64)
    estimated = confusion(leads * believed, leads * (1 - believed), THRESHOLD)
    converted = rng.random((DRAWS, LEADS)) < CALIBRATIONS["over-confident scores"][scores]
    drawn = (converted & (scores >= THRESHOLD)).sum(axis=1)

    assert estimated.true_positives > drawn.mean() + 20 * drawn.std() / np.sqrt(DRAWS)
