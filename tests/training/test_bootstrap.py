"""Intervals against bootstraps over leads, done one resample at a time."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tests.training.comparison.made_leads import made
from tests.training.made_probabilities import drawn
from training.bootstrap import MOST_GROUPS, metrics_with_intervals, paired_differences
from training.metrics import metrics


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


def test_leads_of_one_outcome_have_no_difference() -> None:
    assert paired_differences(np.array([0.1, 0.9]), np.array([0.2, 0.8]), np.array([False, False]), seed=1) == ()


def test_the_interval_of_the_difference_is_that_of_a_plain_paired_bootstrap() -> None:
    compared, first, second = made(600)
    rng = np.random.default_rng(5)
    drawn = []
    for _ in range(60):
        places = rng.integers(0, 600, 600)
        aucs = [roc_auc_score(compared.converted[places], each.probability[places]) for each in (first, second)]
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
