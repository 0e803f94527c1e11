"""The leads whose score moves most from one version to the other, and the features that move it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from training.comparison.counting import Integers
from training.comparison.outcome import Reason
from training.metrics import Floats

MOVERS = 20
REASONS = 3


def biggest_movers(first: Floats, second: Floats, count: int = MOVERS) -> Integers:
    """The places of the leads whose probability changes most, the most first; of equals the earlier."""
    moved = np.abs(second - first)
    places = np.argsort(-moved, kind="stable")[:count]
    return places[moved[places] > 0]


def reasons(first: Mapping[str, float], second: Mapping[str, float], count: int = REASONS) -> tuple[Reason, ...]:
    """The features whose part in the log-odds differs most; one that a version does not know has no part in it."""
    features: Sequence[str] = sorted(first.keys() | second.keys())
    parts = [Reason(name, first.get(name, 0.0), second.get(name, 0.0)) for name in features]
    differing = [part for part in parts if part.first != part.second]
    return tuple(sorted(differing, key=lambda part: -abs(part.second - part.first))[:count])
