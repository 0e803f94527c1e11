"""Which features matter to a model: what average precision loses when one is dealt out anew among the test leads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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


@dataclass(frozen=True)
class Deal:
    """A column of the matrix dealt out anew: the rows that got another value than their own, and which."""

    column: int
    rows: npt.NDArray[np.intp]
    values: Floats


def permutation_importances(model: Model, matrix: Floats, converted: Flags, seed: int) -> list[Importance]:
    """The importance of every feature (Breiman 2001), the greatest first; of more than 5,000 leads, by a sample."""
    rng = np.random.default_rng(seed)
    if len(matrix) > LEADS:
        rows = np.sort(rng.choice(len(matrix), LEADS, replace=False))
        matrix, converted = matrix[rows], converted[rows]
    columns, told = model.encoding.columns, model.matrix_probabilities(matrix)
    deals = (_deal(matrix, column, rng) for column in range(len(columns)) for _ in range(REPEATS))
    after = [_average_precision(anew, converted) for anew in _probabilities_after(model, matrix, told, deals)]
    losses = _average_precision(told, converted) - np.reshape(after, (len(columns), REPEATS))
    found = [
        Importance(name, float(lost.mean()), float(lost.std())) for name, lost in zip(columns, losses, strict=True)
    ]
    return sorted(found, key=lambda one: (-one.loss, one.feature))


def _deal(matrix: Floats, column: int, rng: np.random.Generator) -> Deal:
    own = matrix[:, column]
    dealt = rng.permutation(own)
    rows = np.flatnonzero((dealt != own) & ~(np.isnan(dealt) & np.isnan(own)))
    return Deal(column, rows, dealt[rows])


def _probabilities_after(model: Model, matrix: Floats, told: Floats, deals: Iterable[Deal]) -> Iterator[Floats]:
    """The probabilities of all leads after each deal; a lead that got its own value again has the one it had."""
    for some in _together(deals):
        ends = np.cumsum([len(deal.rows) for deal in some])
        dealt = np.asfortranarray(matrix[np.concatenate([deal.rows for deal in some])])
        for deal, end in zip(some, ends, strict=True):
            dealt[end - len(deal.rows) : end, deal.column] = deal.values
        anew = model.matrix_probabilities(dealt) if len(dealt) else told[:0]
        for deal, probabilities in zip(some, np.split(anew, ends[:-1]), strict=True):
            after = told.copy()
            after[deal.rows] = probabilities
            yield after


def _together(deals: Iterable[Deal]) -> Iterator[Sequence[Deal]]:
    """The deals, as many at a time as are predicted at once."""
    some: list[Deal] = []
    for deal in deals:
        some.append(deal)
        if sum(len(one.rows) for one in some) >= PREDICTED_LEADS:
            yield some
            some = []
    if some:
        yield some


def _average_precision(probabilities: Floats, converted: Flags) -> float:
    return metrics(probabilities, converted)["average_precision"]
