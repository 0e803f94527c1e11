"""How well probabilities tell who converts: every metric, and the tables of calibration and of lift.

Everything follows from how many leads of each outcome have each probability (`Tally`), for the leads themselves or for
many weightings of them at once: a bootstrap draws weights or counts. Figures equal scikit-learn's for the same leads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from lake_access.ranking import roc_auc

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.intp]

# Each metric, and whether more of it is better.
METRICS: Final[Mapping[str, bool]] = {
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


@dataclass(frozen=True)
class Tally:
    """Leads grouped by probability, from high to low: the probability, and how many did and did not convert.

    The counts have one row, or one for each weighting. `bins` has the bin of calibration of each group, which is that
    of the leads themselves under every weighting.
    """

    probability: Floats
    converted: Floats
    other: Floats
    bins: Places


@dataclass(frozen=True)
class RankedLeads:
    """Leads in the order of their probability, the highest first, ready to be counted under any weighting.

    `starts` has the place in `order` at which each group of one probability begins.
    """

    order: Places
    starts: Places
    probability: Floats
    converted: Floats
    bins: Places

    def under(self, weights: Floats) -> Tally:
        """The leads counted as often as they weigh, a row for each row of `weights`."""
        weighted = weights[:, self.order]
        leads = np.add.reduceat(weighted, self.starts, axis=1)
        converted = np.add.reduceat(weighted * self.converted, self.starts, axis=1)
        return Tally(self.probability, converted, leads - converted, self.bins)


@dataclass(frozen=True)
class CalibrationRow:
    """Leads of like probability: how many, how many of them converted, and their mean probability."""

    leads: int
    conversions: int
    predicted: float

    @property
    def observed(self) -> float:
        return self.conversions / self.leads


@dataclass(frozen=True)
class LiftRow:
    """The leads with the highest probabilities, up to a share of all: conversions, the part of all they are, lift."""

    share: float
    conversions: float
    capture: float
    lift: float


def ranked(probabilities: Floats, converted: Flags) -> RankedLeads:
    """Put leads in the order of their probability, those of the very same as one group."""
    order = np.argsort(-probabilities, kind="stable")
    ordered = probabilities[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)])
    sizes = np.diff(np.append(starts, len(ordered)))
    return RankedLeads(order, starts, ordered[starts], converted[order].astype(np.float64), calibration_bins(sizes))


def tally(probabilities: Floats, converted: Flags) -> Tally:
    """Group leads by their very probability."""
    return ranked(probabilities, converted).under(np.ones((1, len(probabilities))))


def calibration_bins(leads: npt.NDArray[np.number]) -> Places:
    """The bin of each group of leads, whose numbers stand in the order of probability: ten of about as many leads.

    A group is where the middle of its leads stands among all, so that leads of one probability are in one bin (Naeini
    et al. 2015, with equal counts).
    """
    places = CALIBRATION_BINS * (np.cumsum(leads) - leads / 2) / leads.sum()
    bins: Places = np.minimum(places.astype(np.intp), CALIBRATION_BINS - 1)
    return bins


def metrics(probabilities: Floats, converted: Flags) -> dict[str, float]:
    """Every metric of METRICS; those that need leads of both outcomes are NaN without."""
    return {name: float(values[0]) for name, values in metrics_of(tally(probabilities, converted)).items()}


def metrics_by(groups: npt.NDArray[np.object_], probabilities: Floats, converted: Flags) -> dict[str, dict[str, float]]:
    """Every metric of each group, with its `leads` and `conversions`; what cannot be told is left out."""
    names, place = np.unique(groups.astype(str), return_inverse=True)
    found = {}
    for number, name in enumerate(names):
        rows = place == number
        told = {
            metric: value
            for metric, value in metrics(probabilities[rows], converted[rows]).items()
            if np.isfinite(value)
        }
        found[str(name)] = {"leads": float(rows.sum()), "conversions": float(converted[rows].sum()), **told}
    return found


def metrics_of(counted: Tally) -> Mapping[str, Floats]:
    """Every metric, a value for each row of counts; NaN where a metric needs leads of both outcomes."""
    did, other, p = counted.converted, counted.other, counted.probability
    leads = did + other
    above, so_far = np.cumsum(did, axis=1), np.cumsum(leads, axis=1)
    positives, everyone = above[:, -1], so_far[:, -1]
    share = p.clip(_SMALLEST, 1 - _SMALLEST)
    with np.errstate(divide="ignore", invalid="ignore"):
        # A group that a weighting leaves empty has no precision, and no weight.
        precision = np.where(did > 0, did * above / so_far, 0.0).sum(axis=1) / positives
        capture_10, capture_20 = (_gathered(leads, so_far, did, part) / positives for part in (0.1, 0.2))
        values = (
            roc_auc(did, other),
            np.where(positives > 0, precision, np.nan),
            (did * (1 - p) ** 2 + other * p**2).sum(axis=1) / everyone,
            -(did * np.log(share) + other * np.log1p(-share)).sum(axis=1) / everyone,
            _calibration_error(counted) / everyone,
            capture_10 / 0.1,
            capture_20 / 0.2,
            capture_20,
        )
    return dict(zip(METRICS, values, strict=True))


def calibration_table(probabilities: Floats, converted: Flags) -> list[CalibrationRow]:
    """Up to ten bins of as many leads each, from low to high; leads of one probability are in one bin."""
    leads, did, expected = (values[0] for values in _by_bin(tally(probabilities, converted)))
    return [CalibrationRow(int(n), int(c), float(p / n)) for n, c, p in zip(leads, did, expected, strict=True)][::-1]


def lift_table(probabilities: Floats, converted: Flags) -> list[LiftRow]:
    """For each tenth of the leads, from the highest probability on: what it gathers of the conversions."""
    counted = tally(probabilities, converted)
    leads, total = counted.converted + counted.other, float(counted.converted.sum())
    rows = []
    for tenth in range(1, 11):
        gathered = float(_gathered(leads, np.cumsum(leads, axis=1), counted.converted, tenth / 10)[0])
        capture = gathered / total if total else float("nan")
        rows.append(LiftRow(tenth / 10, gathered, capture, capture / (tenth / 10)))
    return rows


def calibration_by_chance(probability: Floats, seed: int, draws: int = 400) -> float:
    """The calibration error (`ece`) that chance alone stays under 19 times of 20, were every probability right.

    Few leads are never right on the mark: outcomes are drawn from the probabilities themselves to see how far off.
    """
    leads = ranked(probability, np.zeros(len(probability), dtype=np.bool_))
    ordered = probability[leads.order]
    starts = leads.starts[_bin_starts(leads.bins)]
    rng = np.random.default_rng(seed)
    errors = [
        np.abs(np.add.reduceat(ordered - (rng.random(len(ordered)) < ordered), starts)).sum() for _ in range(draws)
    ]
    return float(np.quantile(errors, 0.95)) / len(ordered)


def _gathered(leads: Floats, so_far: Floats, converted: Floats, share: float) -> Floats:
    """Conversions among the share of leads with the highest probabilities; of a tie at the edge, the expected."""
    room = share * so_far[:, -1:] - (so_far - leads)
    taken = np.divide(room.clip(0, leads), leads, out=np.zeros_like(leads), where=leads > 0)
    gathered: Floats = (taken * converted).sum(axis=1)
    return gathered


def _calibration_error(counted: Tally) -> Floats:
    """How many conversions more or fewer than expected the bins had together."""
    _, did, expected = _by_bin(counted)
    error: Floats = np.abs(did - expected).sum(axis=1)
    return error


def _by_bin(counted: Tally) -> tuple[Floats, Floats, Floats]:
    """Leads, conversions and the sum of probabilities in each bin that has groups."""
    leads, starts = counted.converted + counted.other, _bin_starts(counted.bins)
    summed = [
        np.add.reduceat(values, starts, axis=1) for values in (leads, counted.converted, leads * counted.probability)
    ]
    return summed[0], summed[1], summed[2]


def _bin_starts(bins: Places) -> Places:
    return np.flatnonzero(np.diff(bins, prepend=-1))
