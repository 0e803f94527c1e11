"""Why a lead's score is what it is: each feature's contribution to the log-odds, before calibration, exactly.

Contributions are Shapley values against a background of leads ("interventional", Lundberg et al. 2020): they add up to
the lead's log-odds less the background's mean. Of the linear model they are coefficient × difference from the
background's mean. Of trees each leaf is counted by itself. SHAP's TreeExplainer 0.51 reads no categorical splits of
HistGradientBoostingClassifier (it takes them for numeric thresholds, without a word), hence this one; where all
features are numeric both agree, and a test holds them together.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import factorial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from training.dataset import Floats
from training.model import Model

Masks = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Factor:
    """A feature's part in a lead's log-odds (positive: up), with the lead's value as text (None: missing)."""

    feature: str
    contribution: float
    value: str | None


@dataclass(frozen=True)
class Factors:
    """The factors of one lead, the strongest first; `base` is the background's mean log-odds, before calibration."""

    base: float
    factors: tuple[Factor, ...]

    def up(self, most: int = 3) -> tuple[Factor, ...]:
        """What speaks most for the lead."""
        return tuple(factor for factor in self.factors if factor.contribution > 0)[:most]

    def down(self, most: int = 3) -> tuple[Factor, ...]:
        """What speaks most against it."""
        return tuple(factor for factor in self.factors if factor.contribution < 0)[:most]


def lead_factors(model: Model, lead: pd.DataFrame) -> Factors:
    """The factors of the one lead in `lead`, against the model's own background."""
    base, contributions = contributions_of(model, model.encoding.matrix(lead), model.background)
    told = [
        Factor(name, float(value), _written(lead[name].iloc[0]))
        for name, value in zip(model.encoding.columns, contributions, strict=True)
    ]
    return Factors(base, tuple(sorted(told, key=lambda factor: (-abs(factor.contribution), factor.feature))))


def contributions_of(model: Model, lead: Floats, background: Floats) -> tuple[float, Floats]:
    """The background's mean log-odds, and each column's contribution for the one encoded lead."""
    classifier = model.classifier.calibrated_classifiers_[0].estimator.estimator
    if model.algorithm == "logistic_regression":
        return _linear(classifier, model, lead, background)
    return _boosted(classifier, lead, background)


def _linear(classifier: Any, model: Model, lead: Floats, background: Floats) -> tuple[float, Floats]:
    columns, linear = classifier["columns"], classifier["classifier"]
    mine, others = (np.asarray(_dense(columns.transform(rows))) for rows in (lead, background))
    parts = linear.coef_[0] * (mine[0] - others.mean(axis=0))
    owner = _owners(columns, model)
    contributions: Floats = np.bincount(owner, weights=parts, minlength=len(model.encoding.columns)).astype(np.float64)
    return float(linear.decision_function(others).mean()), contributions


def _owners(columns: Any, model: Model) -> npt.NDArray[np.intp]:
    """For each column of the linear model, the feature that it comes from."""
    owners: list[int] = []
    first_number = len(model.encoding.categories)
    for place, known in enumerate(model.encoding.categories.values()):
        owners += [place] * (len(known) + 1)
    if model.encoding.numeric:
        imputer = columns.named_transformers_["numbers"]["missing"]
        owners += [first_number + place for place in range(len(model.encoding.numeric))]
        owners += [first_number + int(place) for place in imputer.indicator_.features_]
    return np.array(owners, dtype=np.intp)


def _dense(matrix: Any) -> Any:
    return matrix.toarray() if hasattr(matrix, "toarray") else matrix


@dataclass(frozen=True)
class _Leaves:
    """The leaves of a tree: their values, and the tests on the way to each (the node, and whether it is left there)."""

    values: Floats
    paths: tuple[tuple[tuple[int, bool], ...], ...]


def _boosted(classifier: Any, lead: Floats, background: Floats) -> tuple[float, Floats]:
    # The encoder within puts categorical columns first, where they stand already.
    mine, others = (classifier._preprocess_X(rows, reset=False) for rows in (lead, background))
    features = lead.shape[1]
    contributions = np.zeros(features)
    for (tree,) in classifier._predictors:
        contributions += _tree_contributions(tree, mine, others, features)
    return float(classifier.decision_function(background).mean()), contributions


def _tree_contributions(tree: Any, lead: Floats, background: Floats, features: int) -> Floats:
    """The Shapley values of one tree, a leaf at a time, meant over the background.

    To a leaf of value v lead a features of the lead's where the other one's do not, and b of the other's where the
    lead's do not; where neither leads there, it is out of reach. Of the former each contributes v (a-1)! b! / (a+b)!,
    of the latter -v a! (b-1)! / (a+b)!.
    """
    leaves = _leaves(tree.nodes)
    goes_left_mine, goes_left_others = (_goes_left(tree, rows) for rows in (lead, background))
    node_feature = tree.nodes["feature_idx"]
    contributions = np.zeros(features)
    for value, path in zip(leaves.values, leaves.paths, strict=True):
        used = sorted({int(node_feature[node]) for node, _ in path})
        place = {feature: number for number, feature in enumerate(used)}
        ours = np.ones(len(used), dtype=bool)
        theirs = np.ones((len(background), len(used)), dtype=bool)
        for node, left in path:
            at = place[int(node_feature[node])]
            ours[at] &= goes_left_mine[0, node] == left
            theirs[:, at] &= goes_left_others[:, node] == left
        contributions[used] += value * _mean_weights(ours, theirs)
    return contributions


def _mean_weights(ours: Masks, theirs: Masks) -> Floats:
    only_ours: Masks = ours & ~theirs
    only_theirs: Masks = ~ours & theirs
    reached: Masks = np.all(ours | theirs, axis=1)
    a, b = only_ours.sum(axis=1), only_theirs.sum(axis=1)
    most = len(ours)
    up, down = _weights(most)
    weights: Floats = only_ours * up[a, b][:, np.newaxis] - only_theirs * down[a, b][:, np.newaxis]
    told: Floats = (weights * reached[:, np.newaxis]).sum(axis=0) / len(theirs)
    return told


@cache
def _weights(most: int) -> tuple[Floats, Floats]:
    """(a-1)! b! / (a+b)! and a! (b-1)! / (a+b)! for all a and b up to `most`; 0 where there is none."""
    up, down = np.zeros((most + 1, most + 1)), np.zeros((most + 1, most + 1))
    for a in range(most + 1):
        for b in range(most + 1 - a):
            if a:
                up[a, b] = factorial(a - 1) * factorial(b) / factorial(a + b)
            if b:
                down[a, b] = factorial(a) * factorial(b - 1) / factorial(a + b)
    return up, down


def _goes_left(tree: Any, rows: Floats) -> Masks:
    """For each row and each test of the tree, whether it would go left there."""
    nodes = tree.nodes
    goes = np.zeros((len(rows), len(nodes)), dtype=bool)
    for number in np.flatnonzero(nodes["is_leaf"] == 0):
        node = nodes[number]
        values = rows[:, node["feature_idx"]]
        missing = np.isnan(values)
        if node["is_categorical"]:
            bits = tree.raw_left_cat_bitsets[node["bitset_idx"]]
            whole = np.where(missing, 0, values).astype(np.int64)
            left: Masks = (bits[whole // 32] >> (whole % 32).astype(np.uint32)) & 1 == 1
        else:
            left = values <= node["num_threshold"]
        goes[:, number] = np.where(missing, bool(node["missing_go_to_left"]), left)
    return goes


def _leaves(nodes: Any) -> _Leaves:
    values: list[float] = []
    paths: list[tuple[tuple[int, bool], ...]] = []
    waiting: list[tuple[int, tuple[tuple[int, bool], ...]]] = [(0, ())]
    while waiting:
        number, path = waiting.pop()
        node = nodes[number]
        if node["is_leaf"]:
            values.append(float(node["value"]))
            paths.append(path)
        else:
            waiting.append((int(node["left"]), (*path, (number, True))))
            waiting.append((int(node["right"]), (*path, (number, False))))
    return _Leaves(np.array(values), tuple(paths))


def _written(value: Any) -> str | None:
    if pd.isna(value):
        return None
    return value if isinstance(value, str) else _number_written(float(value))


def _number_written(number: float) -> str:
    """A number whole where it is, else in six digits: `1,234,567`, `0.333333`."""
    return f"{number:,.0f}" if number.is_integer() or abs(number) >= 1e5 else f"{number:,.6g}"
