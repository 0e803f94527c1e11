"""Metrics against scikit-learn's for any weights, with and without ties; tables by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from tests.training.comparison.made_leads import made
from tests.training.made_probabilities import drawn
from training.metrics import (
    METRICS,
    calibration_by_chance,
    calibration_table,
    lift_table,
    metrics,
    metrics_by,
    metrics_of,
    ranked,
)


def with_ties(leads: int = 3_000) -> tuple[np.ndarray, np.ndarray]:
    compared, _, second = made(leads)
    return np.round(second.probability, 2), compared.converted


def measured(probability: np.ndarray, converted: np.ndarray, weights: np.ndarray) -> list[dict[str, float]]:
    found = metrics_of(ranked(probability, converted).under(weights))
    return [{name: float(values[row]) for name, values in found.items()} for row in range(len(weights))]


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("leads", [60, 5_000])
def test_metrics_equal_those_of_scikit_learn(leads: int, ties: bool) -> None:
    p, y = drawn(leads, ties=ties)

    found = metrics(p, y)

    assert found["roc_auc"] == pytest.approx(roc_auc_score(y, p), abs=1e-12)
    assert found["average_precision"] == pytest.approx(average_precision_score(y, p), abs=1e-12)
    assert found["brier"] == pytest.approx(brier_score_loss(y, p), abs=1e-12)
    assert found["log_loss"] == pytest.approx(log_loss(y, p), abs=1e-12)


def test_probabilities_of_nought_and_one_cost_what_scikit_learn_says() -> None:
    p, y = np.array([0.0, 0.0, 1.0, 1.0]), np.array([False, True, True, False])

    assert metrics(p, y)["log_loss"] == pytest.approx(log_loss(y, p), rel=1e-12)


def test_lift_capture_and_calibration_without_ties_are_those_of_sorted_leads() -> None:
    p, y = drawn(1_000, ties=False)
    ordered = y[np.argsort(-p)]

    found = metrics(p, y)

    assert found["lift_10"] == pytest.approx(ordered[:100].mean() / y.mean())
    assert found["capture_20"] == pytest.approx(ordered[:200].sum() / y.sum())
    bins = np.array_split(np.argsort(p), 10)
    expected = sum(len(rows) / 1_000 * abs(p[rows].mean() - y[rows].mean()) for rows in bins)
    assert found["ece"] == pytest.approx(expected)
    table = calibration_table(p, y)
    assert [row.leads for row in table] == [100] * 10
    assert [row.predicted for row in table] == pytest.approx([p[rows].mean() for rows in bins])
    assert lift_table(p, y)[-1].capture == 1


def test_leads_that_tie_at_the_edge_count_by_their_share() -> None:
    p, y = np.full(10, 0.3), np.array([True] * 4 + [False] * 6)

    assert metrics(p, y)["lift_20"] == pytest.approx(1.0)
    assert metrics(p, y)["roc_auc"] == 0.5


def test_what_needs_both_outcomes_is_not_told_without() -> None:
    found = metrics(np.array([0.1, 0.2]), np.array([False, False]))

    assert np.isnan(found["roc_auc"])
    assert np.isnan(found["average_precision"])
    assert found["brier"] == pytest.approx(0.025)


def test_groups_have_their_own_metrics_and_leave_out_what_cannot_be_told() -> None:
    p, y = drawn(600, ties=False)
    groups = np.array(["a", "b"] * 300, dtype=object)
    y[groups == "b"] = False

    found = metrics_by(groups, p, y)

    assert found["a"]["roc_auc"] == pytest.approx(roc_auc_score(y[::2], p[::2]))
    assert found["b"]["leads"] == 300
    assert "roc_auc" not in found["b"]


def test_metrics_equal_those_of_scikit_learn_for_any_weights_with_ties() -> None:
    probability, converted = with_ties()
    rng = np.random.default_rng(3)
    weights = np.vstack([np.ones(len(converted)), rng.integers(0, 4, (5, len(converted)))])

    for row, found in zip(weights, measured(probability, converted, weights), strict=True):
        counted = {"y_true": converted, "sample_weight": row}
        assert found["roc_auc"] == pytest.approx(roc_auc_score(y_score=probability, **counted), abs=1e-12)
        assert found["average_precision"] == pytest.approx(
            average_precision_score(y_score=probability, **counted), abs=1e-12
        )
        assert found["brier"] == pytest.approx(brier_score_loss(y_proba=probability, **counted), abs=1e-12)
        assert found["log_loss"] == pytest.approx(log_loss(y_proba=probability, **counted), abs=1e-12)


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

    (weighted,) = measured(probability, converted, weights[None, :].astype(float))
    copied = metrics(probability[copies], converted[copies])

    for name in set(METRICS) - {"ece"}:  # whose bins stay those of the leads
        assert weighted[name] == pytest.approx(copied[name], abs=1e-12)


def test_chance_alone_makes_a_right_model_look_so_far_off_but_seldom_further() -> None:
    rng = np.random.default_rng(8)
    probability = rng.beta(2, 6, 400)
    limit = calibration_by_chance(probability, seed=1)

    errors = [measured(probability, rng.random(400) < probability, np.ones((1, 400)))[0]["ece"] for _ in range(400)]

    assert np.mean(np.array(errors) <= limit) == pytest.approx(0.95, abs=0.03)
    assert calibration_by_chance(np.repeat(probability, 100), seed=1) < limit / 5
