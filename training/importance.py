"""Which features matter to a model: what average precision loses when one is dealt out anew among the test leads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from training.dataset import Flags, Floats
from training.evaluate import metrics
from training.model import Model

LEADS = 10_000
REPEATS = 3


@dataclass(frozen=True)
class Importance:
    """The mean loss of average precision without a feature's own values, and its spread over the repeats."""

    feature: str
    loss: float
    spread: float


def permutation_importances(model: Model, matrix: Floats, converted: Flags, seed: int) -> list[Importance]:
    """The importance of every feature (Breiman 2001), the greatest first; of more than 10,000 leads, by a sample."""
    rng = np.random.default_rng(seed)
    if len(matrix) > LEADS:
        rows = np.sort(rng.choice(len(matrix), LEADS, replace=False))
        matrix, converted = matrix[rows], converted[rows]
    whole = _average_precision(model, matrix, converted)
    found = []
    for place, name in enumerate(model.encoding.columns):
        losses = [whole - after for after in _dealt_anew(model, matrix, place, converted, rng)]
        found.append(Importance(name, float(np.mean(losses)), float(np.std(losses))))
    return sorted(found, key=lambda one: (-one.loss, one.feature))


def _dealt_anew(
    model: Model, matrix: Floats, place: int, converted: Flags, rng: np.random.Generator
) -> Iterator[float]:
    """The average precision with one column dealt out anew, for each repeat; all are predicted at once."""
    dealt = np.asfortranarray(np.tile(matrix, (REPEATS, 1)))
    dealt[:, place] = np.concatenate([rng.permutation(matrix[:, place]) for _ in range(REPEATS)])
    for probabilities in np.split(model.matrix_probabilities(dealt), REPEATS):
        yield metrics(probabilities, converted)["average_precision"]


def _average_precision(model: Model, matrix: Floats, converted: Flags) -> float:
    return metrics(model.matrix_probabilities(matrix), converted)["average_precision"]
