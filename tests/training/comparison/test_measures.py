from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from tests.training.comparison.made_leads import made
from training.comparison.bootstrap import paired_differences
from training.comparison.measures import MEASURES, Measured, calibration_by_chance


def with_ties(leads: int = 3_000) -> tuple[np.ndarray, np.ndarray]:
    compared, _, second = made(leads)
    return np.round(second.probability, 2), compared.converted


def measured(probability: np.ndarray, converted: np.ndarray, weights: np.ndarray) -> list[dict[str, float]]:
    return [dict(zip(MEASURES, row, strict=True)) for row in Measured(probability, converted).under(weights)]


def test_metrics_equal_those_of_scikit_learn_for_any_weights_with_ties() -> None:
    probability, converted = with_ties()
    rng = np.random.default_rng(3)
    weights = np.vstack([np.ones(len(converted)), rng.integers(0, 4, (5, len(converted)))])

    for row, found in zip(weights, measured(probability, converted, weights), strict=True):
        counted = {"y_true": converted, "sample_weight": row}
        assert found["roc_auc"] == pytest.approx(metrics.roc_auc_score(y_score=probability, **counted), abs=1e-12)
        assert found["average_precision"] == pytest.approx(
            metrics.average_precision_score(y_score=probability, **counted), abs=1e-12
        )
        assert found["brier"] == pytest.approx(metrics.brier_score_loss(y_proba=probability, **counted), abs=1e-12)
        assert found["log_loss"] == pytest.approx(metrics.log_loss(y_proba=probability, **counted), abs=1e-12)


def test_the_error_of_calibration_is_the_mean_gap_of_ten_bins_of_as_many_leads() -> None:
    compared, _, second = made(3_000)
    leads = pd.DataFrame({"predicted": second.probability, "converted": compared.converted})
    means = leads.groupby(pd.qcut(leads.predicted, 10, labels=False)).mean()

    (found,) = measured(second.probability, compared.converted, np.ones((1, 3_000)))

    assert found["ece"] == pytest.approx((means.predicted - means.converted).abs().mean(), abs=1e-12)


def test_lift_and_capture_count_the_best_tenth_and_fifth() -> None:
    compared, _, second = made(1_000)
    best_first = compared.converted[np.argsort(-second.probability)]

    (found,) = measured(second.probability, compared.converted, np.ones((1, 1_000)))

    assert found["lift_10"] == pytest.approx(best_first[:100].mean() / best_first.mean())
    assert found["lift_20"] == pytest.approx(best_first[:200].mean() / best_first.mean())
    assert found["capture_20"] == pytest.approx(best_first[:200].sum() / best_first.sum())


def test_a_tie_at_the_edge_of_the_best_tenth_counts_by_its_share() -> None:
    converted = np.array([True] * 5 + [False] * 15)

    (found,) = measured(np.full(20, 0.25), converted, np.ones((1, 20)))

    assert found["lift_10"] == pytest.approx(1.0)
    assert found["roc_auc"] == pytest.approx(0.5)


def test_weights_count_a_lead_as_often_as_copies_of_it_would() -> None:
    probability, converted = with_ties(400)
    weights = np.random.default_rng(1).integers(0, 3, 400)
    copies = np.repeat(np.arange(400), weights)

    weighted = Measured(probability, converted).under(weights[None, :].astype(float))
    copied = Measured(probability[copies], converted[copies]).under(np.ones((1, len(copies))))

    others = [place for place, name in enumerate(MEASURES) if name != "ece"]  # whose bins stay those of the leads
    np.testing.assert_allclose(weighted[:, others], copied[:, others], atol=1e-12)


def test_leads_of_one_outcome_have_no_metric() -> None:
    assert np.isnan(Measured(np.array([0.1, 0.9]), np.array([True, True])).under(np.ones((1, 2)))).all()
    assert paired_differences(np.array([0.1, 0.9]), np.array([0.2, 0.8]), np.array([False, False]), seed=1) == ()


def test_the_interval_of_the_difference_is_that_of_a_plain_paired_bootstrap() -> None:
    compared, first, second = made(600)
    rng = np.random.default_rng(5)
    drawn = []
    for _ in range(60):
        places = rng.integers(0, 600, 600)
        aucs = [metrics.roc_auc_score(compared.converted[places], each.probability[places]) for each in (first, second)]
        drawn.append(aucs[1] - aucs[0])

    found = paired_differences(first.probability, second.probability, compared.converted, seed=5, resamples=60)

    assert (found[0].difference.low, found[0].difference.high) == pytest.approx(np.percentile(drawn, [2.5, 97.5]))
    assert found[0].difference.value == pytest.approx(found[0].second.value - found[0].first.value)
    assert found[0].beyond_chance
    assert found[0].loss < 0


def test_a_paired_interval_is_narrower_than_those_of_the_versions_apart() -> None:
    compared, first, _ = made(2_000)
    nearly = np.clip(first.probability + np.random.default_rng(2).normal(0, 0.01, 2_000), 0, 1)

    auc = paired_differences(first.probability, nearly, compared.converted, seed=1, resamples=200)[0]

    assert auc.difference.high - auc.difference.low < 0.5 * (auc.first.high - auc.first.low)


def test_a_version_does_not_differ_from_itself() -> None:
    compared, first, _ = made(500)

    for each in paired_differences(first.probability, first.probability, compared.converted, seed=9, resamples=50):
        assert (each.difference.value, each.difference.low, each.difference.high) == (0, 0, 0)
        assert not each.beyond_chance


def test_chance_alone_makes_a_right_model_look_so_far_off_but_seldom_further() -> None:
    rng = np.random.default_rng(8)
    probability = rng.beta(2, 6, 400)
    limit = calibration_by_chance(probability, seed=1)

    errors = [measured(probability, rng.random(400) < probability, np.ones((1, 400)))[0]["ece"] for _ in range(400)]

    assert np.mean(np.array(errors) <= limit) == pytest.approx(0.95, abs=0.03)
    assert calibration_by_chance(np.repeat(probability, 100), seed=1) < limit / 5
