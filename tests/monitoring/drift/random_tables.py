"""Random pairs of tables to compare: numbers, whole numbers, categories, booleans, missing values, 10 to 5,000 rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

NUMBERS = ("normal", "skewed", "rounded", "outlier", "infinite", "counts", "wide", "few", "one_number")
CATEGORIES = ("city", "unseen", "many", "flag", "one_text")
Values = npt.NDArray[Any]


@dataclass(frozen=True)
class Pair:
    """A reference and a current table with the same columns."""

    reference: pd.DataFrame
    current: pd.DataFrame


def random_pair(seed: int) -> Pair:
    """Two tables; the current one may have moved by anything from nothing to much."""
    rng = np.random.default_rng(seed)
    rows, others = (int(np.exp(rng.uniform(np.log(10), np.log(5_000)))) for _ in range(2))
    moved = float(rng.choice([0.0, 0.0, 0.1, 0.5, 2.0]))
    chosen = [*rng.choice(NUMBERS, 4, replace=False), *rng.choice(CATEGORIES, 3, replace=False)]
    reference, current = {}, {}
    for name in chosen:
        reference[name] = _column(name, rows, 0.0, rng)
        current[name] = _column(name, others, moved, rng)
        if rng.random() < 0.4:
            share = rng.uniform(0, 0.5)
            reference[name] = _with_holes(reference[name], share, rng)
            current[name] = _with_holes(current[name], share * rng.uniform(0, 1.5), rng)
    return Pair(pd.DataFrame(reference), pd.DataFrame(current))


def _column(name: str, rows: int, moved: float, rng: np.random.Generator) -> Values:
    cities = [f"city {number}" for number in range(8)]
    weights = np.linspace(1 + moved, 3, 8)
    makers: dict[str, Callable[[], Values]] = {
        "normal": lambda: rng.normal(moved, 1 + moved / 4, rows),
        "skewed": lambda: rng.lognormal(moved, 1, rows) * 1e4,
        "rounded": lambda: rng.normal(moved, 1, rows).round(1),
        "outlier": lambda: np.append(rng.normal(moved, 1, rows - 1), 1e4),
        "infinite": lambda: np.where(
            rng.random(rows) < 0.1, np.inf * rng.choice([-1, 1], rows), rng.random(rows) + moved
        ),
        "counts": lambda: rng.poisson(3 + moved, rows),
        "wide": lambda: rng.integers(-(10**9), 10**9 + int(moved * 10**8), rows),
        "few": lambda: rng.choice([1, 2, 5], rows, p=_shares(np.array([1, 2, 1 + moved]))),
        "one_number": lambda: np.full(rows, 7),
        "city": lambda: rng.choice(cities, rows, p=_shares(weights)),
        "unseen": lambda: rng.choice(["Aero 1", "Aero 2", "Aero 3"], rows, p=_shares(np.array([1, 1, moved]))),
        "many": lambda: np.array([f"campaign {number}" for number in rng.integers(0, 500, rows)]),
        "flag": lambda: rng.random(rows) < 0.2 + moved / 10,
        "one_text": lambda: np.full(rows, "only"),
    }
    return np.asarray(makers[name]())


def _with_holes(values: Values, share: float, rng: np.random.Generator) -> Values:
    """Some values missing, as pandas has them: NaN among numbers, None among texts and booleans. One always stays."""
    gone = rng.random(len(values)) < share
    gone[0] = False
    if values.dtype.kind in "if":
        return np.where(gone, np.nan, values.astype(np.float64))
    holed = values.astype(object)
    holed[gone] = None
    return holed


def _shares(weights: Values) -> Values:
    return np.asarray(weights / weights.sum(), dtype=np.float64)
