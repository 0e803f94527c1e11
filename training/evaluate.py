"""How good probabilities are: metrics with bootstrap intervals, overall and by group; calibration and lift tables.

Everything follows from how many leads of each outcome have each probability (`Tally`), so that a bootstrap draws counts
and not leads. Figures equal scikit-learn's for the same leads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.versions import Interval

Floats = npt.NDArray[np.float64]
METRICS = ("roc_auc", "average_precision", "brier", "log_loss", "ece", "lift_10", "lift_20", "capture_20")
CALIBRATION_BINS = 10
DRAWS = 1_000
# Beyond so many different probabilities a draw counts neighbours together.
MOST_GROUPS = 2_000
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Tally:
    """Leads grouped by probability, from high to low: the probability, and how many did and did not convert.

    The counts have one row, or one for each draw of a bootstrap.
    """

    probability: Floats
    converted: Floats
    other: Floats


@dataclass(frozen=True)
class CalibrationBin:
    """Leads of like probability: how many, their mean probability, and the share that converted."""

    leads: int
    predicted: float
    observed: float


@dataclass(frozen=True)
class LiftRow:
    """The leads with the highest probabilities, up to a share of all: conversions, the part of all they are, lift."""

    share: float
    conversions: float
    capture: float
    lift: float


def tally(probabilities: Floats, converted: npt.NDArray[np.bool_]) -> Tally:
    """Group leads by their very probability."""
    values, place = np.unique(probabilities, return_inverse=True)
    did: Floats = np.bincount(place, weights=converted, minlength=len(values)).astype(np.float64)
    leads: Floats = np.bincount(place, minlength=len(values)).astype(np.float64)
    return Tally(values[::-1], did[::-1][np.newaxis], (leads - did)[::-1][np.newaxis])


def metrics(probabilities: Floats, converted: npt.NDArray[np.bool_]) -> dict[str, float]:
    """Every metric of METRICS; those that need leads of both outcomes are NaN without."""
    return {name: float(values[0]) for name, values in _metrics(tally(probabilities, converted)).items()}


def metrics_with_intervals(
    probabilities: Floats, converted: npt.NDArray[np.bool_], seed: int, draws: int = DRAWS
) -> dict[str, Interval]:
    """The same with 95% intervals by the percentile bootstrap over leads (Efron & Tibshirani 1993, chapter 13).

    Leads are drawn with their outcomes, not by class: how many converted is a finding too. With more than 2,000
    different probabilities neighbours are counted together in the draws, and the interval is moved by what that does to
    the value.
    """
    exact = {name: float(values[0]) for name, values in _metrics(tally(probabilities, converted)).items()}
    grouped = _grouped(tally(probabilities, converted))
    centre = _metrics(grouped)
    drawn = _metrics(_draw(grouped, np.random.default_rng(seed), draws))
    tails = [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]
    found = {}
    for name, value in exact.items():
        usable = drawn[name][np.isfinite(drawn[name])]
        low, high = np.quantile(usable, tails) if len(usable) else (np.nan, np.nan)
        shift = value - float(centre[name][0])
        found[name] = Interval(value, float(low) + shift, float(high) + shift)
    return found


def metrics_by(
    groups: npt.NDArray[np.object_], probabilities: Floats, converted: npt.NDArray[np.bool_]
) -> dict[str, dict[str, float]]:
    """Every metric of each group, with its `leads` and `conversions`; what cannot be told is left out."""
    found = {}
    for group in np.unique(groups.astype(str)):
        rows = groups.astype(str) == group
        told = {
            name: value for name, value in metrics(probabilities[rows], converted[rows]).items() if np.isfinite(value)
        }
        found[str(group)] = {"leads": float(rows.sum()), "conversions": float(converted[rows].sum()), **told}
    return found


def calibration_table(probabilities: Floats, converted: npt.NDArray[np.bool_]) -> list[CalibrationBin]:
    """Up to ten bins of as many leads each, from low to high; leads of one probability are in one bin."""
    counted = tally(probabilities, converted)
    bins = _bins(counted)
    leads, did, expected = _by_bin(counted, bins)
    return [
        CalibrationBin(int(n), float(p / n), float(c / n))
        for n, c, p in zip(leads[0], did[0], expected[0], strict=True)
        if n > 0
    ][::-1]


def lift_table(probabilities: Floats, converted: npt.NDArray[np.bool_]) -> list[LiftRow]:
    """For each tenth of the leads, from the highest probability on: what it gathers of the conversions."""
    counted = tally(probabilities, converted)
    total = float(counted.converted.sum())
    rows = []
    for tenth in range(1, 11):
        gathered = float(_gathered(counted, tenth / 10)[0])
        capture = gathered / total if total else float("nan")
        rows.append(LiftRow(tenth / 10, gathered, capture, capture / (tenth / 10)))
    return rows


def _metrics(counted: Tally) -> Mapping[str, Floats]:
    did, other, p = counted.converted, counted.other, counted.probability
    leads = did + other
    positives, negatives, everyone = did.sum(axis=1), other.sum(axis=1), leads.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        above = np.cumsum(did, axis=1)
        # Mann-Whitney's U: a tie counts half.
        auc = ((above - did / 2) * other).sum(axis=1) / (positives * negatives)
        precision = above / np.cumsum(leads, axis=1)
        # Groups that a draw left empty at the top have no precision, and no weight.
        average = np.where(did > 0, precision * did, 0.0).sum(axis=1) / positives
        share = p.clip(np.finfo(np.float64).eps, 1 - np.finfo(np.float64).eps)
        loss = -(did * np.log(share) + other * np.log1p(-share)).sum(axis=1) / everyone
        brier = (did * (1 - p) ** 2 + other * p**2).sum(axis=1) / everyone
        lift_10 = _gathered(counted, 0.1) / positives / 0.1
        capture = _gathered(counted, 0.2) / positives
        ece = _ece(counted)
    average = np.where(positives > 0, average, np.nan)
    values = (auc, average, brier, loss, ece, lift_10, capture / 0.2, capture)
    return dict(zip(METRICS, values, strict=True))


def _gathered(counted: Tally, share: float) -> Floats:
    """Conversions among the share of leads with the highest probabilities; of a tie at the edge, the expected."""
    leads = counted.converted + counted.other
    before = np.cumsum(leads, axis=1) - leads
    room = share * leads.sum(axis=1, keepdims=True) - before
    taken = np.divide(room.clip(0, leads), leads, out=np.zeros_like(leads), where=leads > 0)
    gathered: Floats = (taken * counted.converted).sum(axis=1)
    return gathered


def _ece(counted: Tally) -> Floats:
    """The expected calibration error over bins of as many leads each (Naeini et al. 2015, with equal counts)."""
    leads, did, expected = _by_bin(counted, _bins(counted))
    error: Floats = np.abs(did - expected).sum(axis=1) / leads.sum(axis=1)
    return error


def _bins(counted: Tally) -> npt.NDArray[np.intp]:
    """The bin of each group, by where the middle of its leads stands among all (of all draws together)."""
    leads = (counted.converted + counted.other).sum(axis=0)
    middle = np.cumsum(leads) - leads / 2
    bins: npt.NDArray[np.intp] = np.minimum(
        (CALIBRATION_BINS * middle / leads.sum()).astype(np.intp), CALIBRATION_BINS - 1
    )
    return bins


def _by_bin(counted: Tally, bins: npt.NDArray[np.intp]) -> tuple[Floats, Floats, Floats]:
    """Leads, conversions and the sum of probabilities in each bin."""
    member = (bins[:, np.newaxis] == np.arange(CALIBRATION_BINS)).astype(np.float64)
    leads = counted.converted + counted.other
    return leads @ member, counted.converted @ member, (leads * counted.probability) @ member


def _grouped(counted: Tally) -> Tally:
    """Neighbours together, as many leads in each group, where there are more groups than a draw needs."""
    groups = len(counted.probability)
    if groups <= MOST_GROUPS:
        return counted
    leads = (counted.converted + counted.other)[0]
    place = ((np.cumsum(leads) - leads / 2) * MOST_GROUPS / leads.sum()).astype(np.intp)
    starts = np.flatnonzero(np.diff(place, prepend=-1))
    did, other, weighted = (
        np.add.reduceat(values, starts)
        for values in (counted.converted[0], counted.other[0], counted.probability * leads)
    )
    return Tally(weighted / (did + other), did[np.newaxis], other[np.newaxis])


def _draw(counted: Tally, rng: np.random.Generator, draws: int) -> Tally:
    cells = np.concatenate([counted.converted[0], counted.other[0]])
    leads = int(cells.sum())
    drawn = rng.multinomial(leads, cells / leads, size=draws).astype(np.float64)
    half = len(counted.probability)
    return Tally(counted.probability, drawn[:, :half], drawn[:, half:])
