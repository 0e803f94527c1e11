"""Metrics against scikit-learn's, intervals against a bootstrap over leads, tables by hand."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from training.evaluate import (
    MOST_GROUPS,
    calibration_table,
    lift_table,
    metrics,
    metrics_by,
    metrics_with_intervals,
)

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def drawn(leads: int, *, ties: bool, seed: int = 3) -> tuple[Floats, Flags]:
    rng = np.random.default_rng(seed)
    logit = rng.normal(-2, 1.2, leads)
    converted = rng.random(leads) < 1 / (1 + np.exp(-logit))
    told = 1 / (1 + np.exp(-(logit + rng.normal(0, 0.8, leads))))
    return (np.round(told, 2) if ties else told), converted


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


@pytest.mark.parametrize("name", ["roc_auc", "average_precision", "brier", "log_loss", "lift_10"])
def test_intervals_are_those_of_a_bootstrap_over_leads(name: str) -> None:
    p, y = drawn(4_000, ties=False)
    assert len(np.unique(p)) > MOST_GROUPS
    rng = np.random.default_rng(11)
    rows = [rng.integers(0, len(p), len(p)) for _ in range(400)]
    values = [metrics(p[some], y[some])[name] for some in rows]

    found = metrics_with_intervals(p, y, seed=1)[name]

    low, high = np.quantile(values, [0.025, 0.975])
    assert found.low < found.value < found.high
    assert found.low == pytest.approx(low, abs=0.12 * (high - low))
    assert found.high == pytest.approx(high, abs=0.12 * (high - low))


def test_the_same_seed_gives_the_same_intervals() -> None:
    p, y = drawn(500, ties=False)

    assert metrics_with_intervals(p, y, seed=4) == metrics_with_intervals(p, y, seed=4)


def test_groups_have_their_own_metrics_and_leave_out_what_cannot_be_told() -> None:
    p, y = drawn(600, ties=False)
    groups = np.array(["a", "b"] * 300, dtype=object)
    y[groups == "b"] = False

    found = metrics_by(groups, p, y)

    assert found["a"]["roc_auc"] == pytest.approx(roc_auc_score(y[::2], p[::2]))
    assert found["b"]["leads"] == 300
    assert "roc_auc" not in found["b"]
