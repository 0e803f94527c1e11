"""Which features matter to a model: what average precision loses when one is dealt out anew among the test leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

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
    for first in range(0, len(model.encoding.columns), together):
        places = range(first, min(first + together, len(model.encoding.columns)))
        after = _dealt_anew(model, matrix, places, converted, rng)
        for place, precisions in zip(places, np.reshape(after, (len(places), REPEATS)), strict=True):
            losses = whole - precisions
            found.append(Importance(model.encoding.columns[place], float(losses.mean()), float(losses.std())))
    return sorted(found, key=lambda one: (-one.loss, one.feature))


def _dealt_anew(
    model: Model, matrix: Floats, places: Sequence[int], converted: Flags, rng: np.random.Generator
) -> list[float]:
    """The average precision with each of these columns dealt out anew, so many times each; predicted at once."""
    dealt = np.asfortranarray(np.tile(matrix, (len(places) * REPEATS, 1)))
    parts = [place for place in places for _ in range(REPEATS)]
    for number, place in enumerate(parts):
        rows = slice(number * len(matrix), (number + 1) * len(matrix))
        dealt[rows, place] = rng.permutation(matrix[:, place])
    return [
        metrics(probabilities, converted)["average_precision"]
        for probabilities in np.split(model.matrix_probabilities(dealt), len(parts))
    ]


def _average_precision(model: Model, matrix: Floats, converted: Flags) -> float:
    return metrics(model.matrix_probabilities(matrix), converted)["average_precision"]
