"""The search for parameters: successive halving over random candidates, on folds in the order of time, within a budget.

How many candidates fit a budget follows from the clock of the machine. The version records what was found, and is
reproduced from that: the search is not part of it.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any, Final

import numpy as np
from scipy.stats import loguniform, randint
from sklearn.experimental import enable_halving_search_cv  # noqa: F401  (scikit-learn asks for it before the next line)
from sklearn.metrics import average_precision_score
from sklearn.model_selection import HalvingRandomSearchCV, TimeSeriesSplit

from training.dataset import Flags, Floats
from training.encoding import Encoding
from training.fit import DEFAULTS, Parameters, unfitted
from training.threads import steady_threads
from training.versions import Algorithm

SPACES: Final[dict[Algorithm, dict[str, Any]]] = {
    "logistic_regression": {"C": loguniform(1e-3, 1e1)},
    "gradient_boosting": {
        "learning_rate": loguniform(0.02, 0.2),
        "max_iter": randint(50, 300),
        "max_leaf_nodes": randint(6, 48),
        "min_samples_leaf": randint(20, 200),
        "l2_regularization": loguniform(1e-2, 1e1),
    },
}
FOLDS = 3
FACTOR = 3
FEWEST_LEADS = 300
MOST_CANDIDATES = 81

Progress = Callable[[str, float | None], None]


class _BudgetSpentError(Exception):
    """The time is up."""


class _Judge:
    """Scores candidates by average precision on later leads, and ends the search when time is up."""

    def __init__(self, until: float, budget: float, progress: Progress) -> None:
        self._until, self._budget, self._progress = until, budget, progress

    def __call__(self, estimator: Any, matrix: Floats, converted: Flags) -> float:
        left = self._until - monotonic()
        self._progress("Searching parameters", min(max(1 - left / self._budget, 0.0), 1.0))
        if left < 0:
            raise _BudgetSpentError
        if converted.all() or not converted.any():
            return float("nan")
        return float(average_precision_score(converted, estimator.predict_proba(matrix)[:, 1]))


def search_parameters(
    algorithm: Algorithm,
    encoding: Encoding,
    matrix: Floats,
    converted: Flags,
    *,
    seed: int,
    budget_seconds: float,
    progress: Progress,
) -> Parameters:
    """The best parameters found within the budget, or the defaults where none did better than they.

    Each round keeps a third of the candidates and gives them three times as many leads (Jamieson & Talwalkar 2016).
    """
    started = monotonic()
    baseline = _time_ordered_score(algorithm, encoding, matrix, converted, DEFAULTS[algorithm], seed)
    one_round = monotonic() - started
    candidates = _candidates(len(matrix), one_round, budget_seconds)
    if candidates < FACTOR:
        return DEFAULTS[algorithm]
    judge = _Judge(started + budget_seconds, budget_seconds, progress)
    search = HalvingRandomSearchCV(
        unfitted(algorithm, encoding, {}, seed),
        _space(algorithm),
        n_candidates=candidates,
        factor=FACTOR,
        min_resources=_least(len(matrix), candidates),
        cv=TimeSeriesSplit(FOLDS),
        scoring=judge,
        refit=False,
        random_state=seed,
        error_score="raise",
    )
    try:
        with steady_threads(len(matrix)):
            search.fit(matrix, converted)
    except _BudgetSpentError:
        return DEFAULTS[algorithm]
    return _found(algorithm, search, baseline)


def _found(algorithm: Algorithm, search: Any, baseline: float) -> Parameters:
    best = {name.removeprefix("classifier__"): _plain(value) for name, value in search.best_params_.items()}
    # Both were scored on all leads, by the same folds.
    return {**DEFAULTS[algorithm], **best} if search.best_score_ > baseline else DEFAULTS[algorithm]


def _time_ordered_score(
    algorithm: Algorithm, encoding: Encoding, matrix: Floats, converted: Flags, parameters: Parameters, seed: int
) -> float:
    scores = []
    for older, newer in TimeSeriesSplit(FOLDS).split(matrix):
        if converted[older].any() and converted[newer].any():
            with steady_threads(len(matrix)):
                fitted = unfitted(algorithm, encoding, parameters, seed).fit(matrix[older], converted[older])
            scores.append(average_precision_score(converted[newer], fitted.predict_proba(matrix[newer])[:, 1]))
    return float(np.mean(scores)) if scores else float("nan")


def _candidates(leads: int, one_round: float, budget: float) -> int:
    """How many candidates fit: with so many that one is left for all leads, each round costs what that one does.

    Half the budget is left for candidates that fit slower than the defaults.
    """
    spare = budget / 2 - one_round
    rounds = 1
    best = 0
    while FACTOR**rounds <= MOST_CANDIDATES and leads / FACTOR**rounds >= FEWEST_LEADS:
        if (rounds + 1) * one_round <= spare:
            best = FACTOR**rounds
        rounds += 1
    return best


def _least(leads: int, candidates: int) -> int:
    rounds = round(np.log(candidates) / np.log(FACTOR))
    return max(leads // int(FACTOR**rounds), 2 * FOLDS)


def _space(algorithm: Algorithm) -> dict[str, Any]:
    space = SPACES[algorithm]
    return (
        {f"classifier__{name}": values for name, values in space.items()}
        if algorithm == "logistic_regression"
        else space
    )


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
