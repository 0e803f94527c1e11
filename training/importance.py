"""Which features matter to a model: what average precision loses when one is dealt out anew among the test leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.dataset import Flags, Floats
from training.metrics import metrics
from training.model import Model

LEADS = 5_000
REPEATS = 3
# Predicting many leads at once costs less than some at a time; so many, with their features, are some dozens of MB.
PREDICTED_LEADS = 100_000


@dataclass(frozen=True)
class Importance:
    """The mean loss of average precision without a feature's own values, and its spread over the repeats."""

    feature: str
    loss: float
    spread: float


def permutation_importances(model: Model, matrix: Floats, converted: Flags, seed: int) -> list[Importance]:
    """The importance of every feature (Breiman 2001), the greatest first; of more than 5,000 leads, by a sample."""
    rng = np.random.default_rng(seed)
    if len(matrix) > LEADS:
        rows = np.sort(rng.choice(len(matrix), LEADS, replace=False))
        matrix, converted = matrix[rows], converted[rows]
    whole = _average_precision(model, matrix, converted)
    found = []
    together = max(1, PREDICTED_LEADS // (len(matrix) * REPEATS))
    columns = model.encoding.columns
    # Dealt for every column, asked about or not: what chance gives one does not depend on the others.
    deals = [[rng.permutation(len(matrix)) for _ in range(REPEATS)] for _ in columns]
    asked = sorted(asked_columns(model))
    for first in range(0, len(asked), together):
        places = asked[first : first + together]
        after = _dealt_anew(model, matrix, places, [deals[place] for place in places], converted)
        for place, precisions in zip(places, np.reshape(after, (len(places), REPEATS)), strict=True):
            losses = whole - precisions
            found.append(Importance(columns[place], float(losses.mean()), float(losses.std())))
    found += [Importance(columns[place], 0.0, 0.0) for place in range(len(columns)) if place not in asked]
    return sorted(found, key=lambda one: (-one.loss, one.feature))


def asked_columns(model: Model) -> frozenset[int]:
    """The places of the columns that the model asks about: of trees those of any split, of the linear model all."""
    if model.algorithm == "logistic_regression":
        return frozenset(range(len(model.encoding.columns)))
    booster = model.classifier.calibrated_classifiers_[0].estimator.estimator
    nodes = [tree.nodes for trees in booster._predictors for tree in trees]
    return frozenset(int(place) for each in nodes for place in each["feature_idx"][each["is_leaf"] == 0])


def _dealt_anew(
    model: Model,
    matrix: Floats,
    places: Sequence[int],
    deals: Sequence[Sequence[npt.NDArray[np.intp]]],
    converted: Flags,
) -> list[float]:
    """The average precision with each of these columns dealt out anew, so many times each; predicted at once."""
    dealt = np.asfortranarray(np.tile(matrix, (len(places) * REPEATS, 1)))
    parts = [(place, order) for place, orders in zip(places, deals, strict=True) for order in orders]
    for number, (place, order) in enumerate(parts):
        rows = slice(number * len(matrix), (number + 1) * len(matrix))
        dealt[rows, place] = matrix[order, place]
    return [
        metrics(probabilities, converted)["average_precision"]
        for probabilities in np.split(model.matrix_probabilities(dealt), len(parts))
    ]


def _average_precision(model: Model, matrix: Floats, converted: Flags) -> float:
    return metrics(model.matrix_probabilities(matrix), converted)["average_precision"]
