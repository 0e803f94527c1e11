"""Permutation importances against scikit-learn's average precision, column by column and predicted one at a time."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from training import importance
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


def test_importances_do_not_follow_how_many_leads_are_predicted_at_once(
    boosted: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    matrix, converted = boosted.matrix[boosted.split.test], boosted.dataset.converted[boosted.split.test]
    together = permutation_importances(boosted.model, matrix, converted, seed=3)

    for at_once in (1, 5 * len(matrix)):
        monkeypatch.setattr(importance, "PREDICTED_LEADS", at_once)

        assert permutation_importances(boosted.model, matrix, converted, seed=3) == together


def test_a_feature_that_is_the_same_for_all_leads_has_no_importance(boosted: Trained) -> None:
    matrix, converted = boosted.matrix[boosted.split.test], boosted.dataset.converted[boosted.split.test]
    columns = boosted.model.encoding.columns
    alike = np.repeat(matrix[:1], len(matrix), axis=0)
    some = matrix.copy()
    some[:, 0] = np.nan

    assert {(one.loss, one.spread) for one in permutation_importances(boosted.model, alike, converted, seed=3)} == {
        (0.0, 0.0)
    }
    found = {one.feature: one for one in permutation_importances(boosted.model, some, converted, seed=3)}
    assert (found[columns[0]].loss, found[columns[0]].spread) == (0.0, 0.0)
    assert any(one.loss > 0 for one in found.values())
