"""How well an order of leads puts those that convert before the others."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def roc_auc(converted: npt.ArrayLike, other: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The area under the ROC curve of leads counted by score, from the highest score down, along the last axis.

    `converted` and `other` are how many leads of each score did and did not convert, or their weights. It is the
    probability that a conversion stands before another lead, a tie counting half (Mann-Whitney's U; Hanley & McNeil,
    Radiology 143, 1982); NaN without one of each kind.
    """
    did, others = np.asarray(converted, dtype=np.float64), np.asarray(other, dtype=np.float64)
    won = ((np.cumsum(did, axis=-1) - did / 2) * others).sum(axis=-1)
    pairs = did.sum(axis=-1) * others.sum(axis=-1)
    area: npt.NDArray[np.float64] = np.divide(won, pairs, out=np.full(np.shape(won), np.nan), where=pairs > 0)
    return area
