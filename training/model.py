"""A fitted model: the encoding of its features and a calibrated classifier, and what it says of leads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from training.dataset import Floats
from training.encoding import Encoding
from training.versions import SCORE_SCALE, Algorithm


@dataclass(frozen=True)
class Model:
    """A model as it is kept: `classifier` is scikit-learn's calibrated one over the matrix of `encoding`.

    `background` is the matrix of some leads that it was fitted on, against which a lead's factors are told.
    """

    algorithm: Algorithm
    encoding: Encoding
    classifier: Any
    background: Floats

    @property
    def numeric(self) -> tuple[str, ...]:
        return self.encoding.numeric

    @property
    def categorical(self) -> tuple[str, ...]:
        return tuple(self.encoding.categories)

    def probabilities(self, features: pd.DataFrame) -> Floats:
        """The probability that each lead converts within the outcome window.

        `features` has the model's numeric features as floats and its categorical ones as pandas categories of text
        (`training.dataset.as_features` makes them so); others beside do not matter.
        """
        return self.matrix_probabilities(self.encoding.matrix(features))

    def matrix_probabilities(self, matrix: Floats) -> Floats:
        """The same of leads that are encoded already."""
        from training.threads import steady_threads

        with steady_threads(len(matrix)):
            told: Floats = self.classifier.predict_proba(matrix)[:, 1]
        return told

    def scores(self, features: pd.DataFrame) -> npt.NDArray[np.int64]:
        """The scores, 0 to 100: round(100 × probability)."""
        return scores_of(self.probabilities(features))


def scores_of(probabilities: Floats) -> npt.NDArray[np.int64]:
    """Scores of probabilities: round(100 × p), a half to the even number."""
    return np.rint(SCORE_SCALE * probabilities).astype(np.int64)
