"""Fitting: the two algorithms, on the oldest leads, calibrated on newer ones.

Neither sees a resampled class: a rare conversion stays rare, and calibration makes the probabilities right. The same
dataset, parameters and seed give the same model to the last bit on the same machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from training.dataset import Flags, Floats
from training.encoding import Encoding
from training.threads import steady_threads
from training.versions import Algorithm

Parameters = Mapping[str, Any]

DEFAULTS: Mapping[Algorithm, Parameters] = {
    "logistic_regression": {"C": 0.1},
    "gradient_boosting": {
        "learning_rate": 0.05,
        "max_iter": 150,
        "max_leaf_nodes": 15,
        "min_samples_leaf": 40,
        "l2_regularization": 1.0,
    },
}
# Isotonic regression calibrates better from about a thousand leads on, and Platt's sigmoid below (Niculescu-Mizil &
# Caruana 2005, "Predicting good probabilities with supervised learning"). What counts is the rarer class.
ISOTONIC_FROM = 1_000
NO_CATEGORY = -1.0


def fit_classifier(
    algorithm: Algorithm, encoding: Encoding, matrix: Floats, converted: Flags, parameters: Parameters, seed: int
) -> Any:
    """Fit the algorithm, not yet calibrated, on encoded leads."""
    classifier = unfitted(algorithm, encoding, parameters, seed)
    with steady_threads(len(matrix)):
        return classifier.fit(matrix, converted)


def unfitted(algorithm: Algorithm, encoding: Encoding, parameters: Parameters, seed: int) -> Any:
    """The algorithm over the matrix of an encoding."""
    if algorithm == "logistic_regression":
        return _logistic(encoding, parameters, seed)
    categorical = list(range(len(encoding.categories)))
    # Early stopping would hold out leads at random, and not the newest.
    return HistGradientBoostingClassifier(
        categorical_features=categorical or None, early_stopping=False, random_state=seed, **parameters
    )


def calibrate(classifier: Any, matrix: Floats, converted: Flags) -> tuple[Any, str]:
    """The fitted classifier with its probabilities calibrated on other, newer leads; and by which method."""
    rarer = int(min(converted.sum(), (~converted).sum()))
    method = "isotonic" if rarer >= ISOTONIC_FROM else "sigmoid"
    with steady_threads(len(matrix)):
        calibrated = CalibratedClassifierCV(FrozenEstimator(classifier), method=method).fit(matrix, converted)
    return calibrated, method


def _logistic(encoding: Encoding, parameters: Parameters, seed: int) -> Any:
    categories = [np.array([NO_CATEGORY, *range(len(known))]) for known in encoding.categories.values()]
    first_number = len(categories)
    # What is missing may tell something: it is a category, and of a number a column of its own beside the median.
    texts = Pipeline(
        [
            ("missing", SimpleImputer(strategy="constant", fill_value=NO_CATEGORY, keep_empty_features=True)),
            ("one_hot", OneHotEncoder(categories=categories, handle_unknown="ignore")),
        ]
    )
    numbers = Pipeline(
        [
            ("missing", SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)),
            ("scale", StandardScaler()),
        ]
    )
    columns = [("texts", texts, list(range(first_number)))] if categories else []
    if encoding.numeric:
        columns.append(("numbers", numbers, list(range(first_number, len(encoding.columns)))))
    return Pipeline(
        [
            ("columns", ColumnTransformer(columns)),
            ("classifier", LogisticRegression(max_iter=1_000, random_state=seed, **parameters)),
        ]
    )
