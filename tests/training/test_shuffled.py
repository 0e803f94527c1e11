"""The shuffled reference: it is blind to the time, and the same for the same seed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from training.dataset import Dataset
from training.fit import DEFAULTS
from training.metrics import METRICS
from training.retraining import Trained
from training.shuffled import shuffled_metrics


def of(dataset: Dataset, linear: Trained, seed: int = 0) -> dict[str, float]:
    algorithm = linear.model.algorithm
    model = linear.model
    return shuffled_metrics(dataset, algorithm, model.numeric, model.categorical, DEFAULTS[algorithm], seed)


def test_the_same_seed_gives_the_same_figures(dataset: Dataset, linear: Trained) -> None:
    found = of(dataset, linear)

    assert set(found) == set(METRICS)
    assert found["roc_auc"] > 0.6
    assert of(dataset, linear) == found
    assert of(dataset, linear, seed=1) != found


def test_a_feature_that_turns_round_in_the_newest_leads_costs_them_and_not_the_shuffled(
    dataset: Dataset, linear: Trained
) -> None:
    from sklearn.metrics import roc_auc_score

    from training.encoding import learn_encoding
    from training.fit import fit_classifier

    turned = np.where(np.arange(len(dataset)) < 0.8 * len(dataset), 1.0, -1.0)
    values = turned * dataset.converted + np.random.default_rng(5).normal(0, 0.5, len(dataset))
    changing = replace(dataset, features=dataset.features.assign(turning=values))
    older, newest = linear.split.fit, linear.split.test
    encoding = learn_encoding(changing.features, ("turning",), ())
    matrix = encoding.matrix(changing.features)
    parameters = DEFAULTS["gradient_boosting"]
    fitted = fit_classifier("gradient_boosting", encoding, matrix[older], dataset.converted[older], parameters, 0)
    by_time = roc_auc_score(dataset.converted[newest], fitted.predict_proba(matrix[newest])[:, 1])

    shuffled = shuffled_metrics(changing, "gradient_boosting", ("turning",), (), parameters, 0)

    assert by_time < 0.3
    assert shuffled["roc_auc"] > 0.6


def test_leads_of_one_outcome_give_nothing(dataset: Dataset, linear: Trained) -> None:
    assert of(replace(dataset, converted=np.zeros(len(dataset), dtype=np.bool_)), linear) == {}


@pytest.mark.parametrize("leads", [500])
def test_few_leads_are_enough(dataset: Dataset, linear: Trained, leads: int) -> None:
    few = replace(
        dataset,
        lead_ids=dataset.lead_ids[:leads],
        moments=dataset.moments[:leads],
        sources=dataset.sources[:leads],
        converted=dataset.converted[:leads],
        features=dataset.features.iloc[:leads],
    )

    assert set(of(few, linear)) == set(METRICS)
