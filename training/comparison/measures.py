"""How well probabilities tell who converts: each metric for many weightings of the same leads at once.

A weighting says how often each lead counts; the bootstrap draws them, and ones are the leads themselves. All metrics of
a weighting come from one pass over the leads in the order of their probability, leads of the same probability as one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Truth = NDArray[np.bool_]

# Each metric, and whether more of it is better.
MEASURES: Final[Mapping[str, bool]] = {
    "roc_auc": True,
    "average_precision": True,
    "brier": False,
    "log_loss": False,
    "ece": False,
    "lift_10": True,
    "lift_20": True,
    "capture_20": True,
}
CALIBRATION_BINS = 10
_SMALLEST = float(np.finfo(np.float64).eps)


class Measured:
    """A version's probabilities for leads whose outcome is known, ready to be measured under any weighting."""

    def __init__(self, probability: Floats, converted: Truth) -> None:
        self.leads = len(probability)
        self._order = np.argsort(-probability, kind="stable")
        ordered = probability[self._order]
        self._ends = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))
        self._truth = converted[self._order]
        clipped = np.clip(ordered, _SMALLEST, 1 - _SMALLEST)
        self._losses = np.column_stack(
            [(ordered - self._truth) ** 2, -np.log(np.where(self._truth, clipped, 1 - clipped))]
        )
        self._gaps = np.zeros((self.leads, CALIBRATION_BINS))
        self._gaps[np.arange(self.leads), bins_of(ordered)] = ordered - self._truth

    def under(self, weights: Floats) -> Floats:
        """The metrics, in the order of MEASURES, a row for each row of `weights`; NaN where all are of one outcome."""
        weighted = weights[:, self._order]
        true = np.cumsum(weighted * self._truth, axis=1)[:, self._ends]
        counted = np.cumsum(weighted, axis=1)[:, self._ends]
        false = counted - true
        total, positives, negatives = counted[:, -1:], true[:, -1:], false[:, -1:]
        with np.errstate(invalid="ignore", divide="ignore"):
            recall, fallout = true / positives, false / negatives
            precision = np.where(counted > 0, true / counted, 0.0)
            area = (_steps(fallout) * (recall - _steps(recall) / 2)).sum(axis=1)
            average_precision = (_steps(recall) * precision).sum(axis=1)
            brier, log_loss = (weighted @ self._losses / total).T
            ece = np.abs(weighted @ self._gaps).sum(axis=1) / total[:, 0]
            capture_10, capture_20 = (_captured(counted, true, share) / positives[:, 0] for share in (0.1, 0.2))
        measured = np.column_stack(
            [area, average_precision, brier, log_loss, ece, capture_10 / 0.1, capture_20 / 0.2, capture_20]
        )
        measured[(positives[:, 0] == 0) | (negatives[:, 0] == 0)] = np.nan
        return measured


def bins_of(ordered: Floats) -> NDArray[np.int64]:
    """The bin of calibration of each probability, highest first: ten of about as many leads, equal ones in one bin.

    A group of equal probabilities is where the middle of its leads stands among all (Naeini et al. 2015, equal counts).
    """
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    sizes = np.diff(np.append(starts, len(ordered)))
    places = CALIBRATION_BINS * (starts + sizes / 2) / len(ordered)
    return np.repeat(np.minimum(places.astype(np.int64), CALIBRATION_BINS - 1), sizes)


def calibration_by_chance(probability: Floats, seed: int, draws: int = 400) -> float:
    """The calibration error (`ece`) that chance alone stays under 19 times of 20, were every probability right.

    Few leads are never right on the mark: outcomes are drawn from the probabilities themselves to see how far off.
    """
    ordered = np.sort(probability)[::-1]
    starts = np.flatnonzero(np.diff(bins_of(ordered), prepend=-1))
    rng = np.random.default_rng(seed)
    errors = [
        np.abs(np.add.reduceat(ordered - (rng.random(len(ordered)) < ordered), starts)).sum() for _ in range(draws)
    ]
    return float(np.quantile(errors, 0.95)) / len(ordered)


def _steps(rising: Floats) -> Floats:
    """What each place adds to the one before it, the first to nothing."""
    return np.diff(rising, axis=1, prepend=0.0)


def _captured(counted: Floats, true: Floats, share: float) -> Floats:
    """Conversions among this share of the leads, highest first; of leads with the same probability a fair part."""
    wanted = share * counted[:, -1]
    return np.array(
        [
            np.interp(want, np.concatenate(([0.0], leads)), np.concatenate(([0.0], conversions)))
            for want, leads, conversions in zip(wanted, counted, true, strict=True)
        ]
    )
