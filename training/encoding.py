"""How features become the numbers that a classifier takes; what it needs for that is learnt on the fit part alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

# Boosting keeps a category in a byte, and one value of it for what is missing.
MOST_CATEGORIES = 254


@dataclass(frozen=True)
class Encoding:
    """The columns of a model's matrix: each categorical feature with the categories that it knows, then the numbers.

    A category is its place in the list; one that was not learnt counts as missing, NaN.
    """

    categories: Mapping[str, tuple[str, ...]]
    numeric: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the matrix's columns, in their order."""
        return (*self.categories, *self.numeric)

    def matrix(self, features: pd.DataFrame) -> npt.NDArray[np.float64]:
        """The features of some leads as the classifier takes them."""
        matrix = np.empty((len(features), len(self.columns)), dtype=np.float64, order="F")
        for place, (name, known) in enumerate(self.categories.items()):
            column = features[name]
            codes = pd.Index(known, dtype=object).get_indexer(column.cat.categories).astype(np.float64)
            codes = np.append(np.where(codes < 0, np.nan, codes), np.nan)
            matrix[:, place] = codes[column.cat.codes.to_numpy()]
        for place, name in enumerate(self.numeric, len(self.categories)):
            matrix[:, place] = features[name].to_numpy()
        return matrix


def learn_encoding(features: pd.DataFrame, numeric: Sequence[str], categorical: Sequence[str]) -> Encoding:
    """Learn the categories of these leads: of more than 254, those that occur most often."""
    return Encoding({name: _known(features[name]) for name in categorical}, tuple(numeric))


def _known(column: pd.Series) -> tuple[str, ...]:
    counts = np.bincount(column.cat.codes.to_numpy() + 1, minlength=len(column.cat.categories) + 1)[1:]
    seen = np.flatnonzero(counts)
    # By count, and of the same count in the order of the texts.
    kept = seen[np.argsort(-counts[seen], kind="stable")][:MOST_CATEGORIES]
    return tuple(str(column.cat.categories[place]) for place in np.sort(kept))
