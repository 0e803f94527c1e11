"""Permutation importances against scikit-learn's average precision, column by column and predicted one at a time."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from training.importance import REPEATS, permutation_importances
from training.retraining import Trained


@pytest.mark.parametrize("algorithm", ["logistic_regression", "gradient_boosting"])
def test_each_importance_is_what_average_precision_loses(linear: Trained, boosted: Trained, algorithm: str) -> None:
    trained = linear if algorithm == "logistic_regression" else boosted
    test = trained.split.test
    matrix, converted = trained.matrix[test], trained.dataset.converted[test]
    whole = average_precision_score(converted, trained.probabilities)
    rng = np.random.default_rng(7)
    expected = {}
    for place, name in enumerate(trained.model.encoding.columns):
        losses = []
        for _ in range(REPEATS):
            dealt = matrix.copy()
            dealt[:, place] = rng.permutation(matrix[:, place])
            told = trained.model.matrix_probabilities(dealt)
            losses.append(whole - average_precision_score(converted, told))
        expected[name] = (np.mean(losses), np.std(losses))

    found = permutation_importances(trained.model, matrix, converted, seed=7)

    assert {one.feature for one in found} == set(expected)
    for one in found:
        assert (one.loss, one.spread) == pytest.approx(expected[one.feature], abs=1e-12), one.feature
    assert [one.loss for one in found] == sorted((one.loss for one in found), reverse=True)
