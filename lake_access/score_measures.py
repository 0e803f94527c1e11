"""How well scores foretell who converts, from counts by score alone; every figure is exact, ties included.

A forecast is score / 100. All of it is over mature leads whose score came before their outcome.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isnan
from typing import Literal

from lake_access.intervals import wilson_interval
from lake_access.ranking import roc_auc
from lake_access.score_histograms import HIGHEST, SCORES, ScoreHistogram

Binning = Literal["equal_count", "equal_width"]
BINS = 10


@dataclass(frozen=True)
class ScoreBin:
    """Leads whose scores are from `first` to `last`: their mean forecast, and their observed rate with its interval."""

    first: int
    last: int
    leads: int
    conversions: int
    forecast: float
    rate: float
    low: float
    high: float


@dataclass(frozen=True)
class ScoreQuality:
    """How good the scores of one kind are; a figure is None where the leads cannot tell it.

    `brier` is the mean squared error of the forecasts (Brier 1950), `brier_of_base_rate` that of foretelling everybody
    the observed rate; `auc` the area under the ROC curve, in which a tie counts one half (Hanley, McNeil 1982).
    """

    leads: int
    conversions: int
    brier: float | None
    brier_of_base_rate: float | None
    auc: float | None


@dataclass(frozen=True)
class GainPoint:
    """Leads with `score` or more: their share of all leads, and the share of all conversions that they hold."""

    score: int
    leads: int
    conversions: int
    depth: float
    gain: float


@dataclass(frozen=True)
class GainReading:
    """What the best `depth` of the leads hold: a share of all conversions with its interval, and the lift over chance.

    Where the cut falls among leads of one score, they count in proportion, as they do when drawn at random.
    """

    depth: float
    gain: float
    low: float
    high: float
    lift: float


@dataclass(frozen=True)
class BandCount:
    """A band of scores from `first` to `last`: its leads, and of its mature ones the rate with its interval."""

    name: str
    first: int
    last: int
    leads: int
    mature: int
    conversions: int
    rate: float
    low: float
    high: float


def quality(histogram: ScoreHistogram) -> ScoreQuality:
    """The Brier score and the area under the ROC curve."""
    leads, conversions = sum(histogram.mature), sum(histogram.conversions)
    if leads == 0:
        return ScoreQuality(0, 0, None, None, None)
    squared = sum(
        hits * (1 - score / HIGHEST) ** 2 + (count - hits) * (score / HIGHEST) ** 2
        for score, count, hits in zip(SCORES, histogram.mature, histogram.conversions, strict=True)
    )
    base = conversions / leads
    return ScoreQuality(leads, conversions, squared / leads, base * (1 - base), _auc(histogram))


def reliability(histogram: ScoreHistogram, binning: Binning) -> list[ScoreBin]:
    """The leads in at most `BINS` bins of scores, each with its mean forecast and observed rate; empty ones left out.

    Equal width: 0 to 10, 11 to 20, … 91 to 100, the bins of scikit-learn's `calibration_curve`. Equal count: a bin ends
    with the score at which the leads so far reach the next tenth of all; leads of one score are never parted.
    """
    if binning == "equal_width":
        edges = [-1, *range(HIGHEST // BINS, HIGHEST + 1, HIGHEST // BINS)]
    else:
        edges = _quantile_edges(histogram.mature)
    bins = (_bin(histogram, before + 1, last) for before, last in pairwise(edges))
    return [found for found in bins if found is not None]


def calibration_error(bins: Sequence[ScoreBin]) -> float | None:
    """The expected calibration error: the mean over leads of |observed rate - mean forecast| of their bin.

    Source: Naeini, Cooper, Hauskrecht, Obtaining Well Calibrated Probabilities Using Bayesian Binning, AAAI 2015.
    """
    leads = sum(part.leads for part in bins)
    return None if leads == 0 else sum(part.leads * abs(part.rate - part.forecast) for part in bins) / leads


def gain_curve(histogram: ScoreHistogram) -> list[GainPoint]:
    """Cumulative gain from the highest score down, a point for each score that leads have; between two it is straight.

    The first point is (0, 0), of a score above all. None where no lead converted.
    """
    leads, conversions = sum(histogram.mature), sum(histogram.conversions)
    if conversions == 0:
        return []
    points = [GainPoint(HIGHEST + 1, 0, 0, 0.0, 0.0)]
    for score in reversed(SCORES):
        if histogram.mature[score]:
            so_far = points[-1].leads + histogram.mature[score]
            hits = points[-1].conversions + histogram.conversions[score]
            points.append(GainPoint(score, so_far, hits, so_far / leads, hits / conversions))
    return points


def gain_at(curve: Sequence[GainPoint], depth: float) -> GainReading | None:
    """What the best `depth` (above 0, up to 1) of the leads hold; None where nobody converted."""
    if not curve:
        return None
    after = next(point for point in curve if point.depth >= min(depth, curve[-1].depth) and point.leads)
    before = curve[curve.index(after) - 1]
    part = (depth - before.depth) / (after.depth - before.depth)
    gain = min(1.0, before.gain + part * (after.gain - before.gain))
    conversions = curve[-1].conversions
    low, high = wilson_interval(gain * conversions, conversions)
    return GainReading(depth, gain, low, high, gain / depth)


def by_band(histogram: ScoreHistogram, bands: Mapping[str, int], all_leads: bool) -> list[BandCount]:
    """The leads of each band, which stand from low to high; `all_leads` counts young ones among the volumes."""
    volumes = histogram.leads(all_leads)
    ends = [*(edge - 1 for edge in list(bands.values())[1:]), HIGHEST]
    counted = []
    for (name, first), last in zip(bands.items(), ends, strict=True):
        scores = slice(first, last + 1)
        mature, conversions = sum(histogram.mature[scores]), sum(histogram.conversions[scores])
        rate = conversions / mature if mature else 0.0
        interval = wilson_interval(conversions, mature)
        counted.append(BandCount(name, first, last, sum(volumes[scores]), mature, conversions, rate, *interval))
    return counted


def _bin(histogram: ScoreHistogram, first: int, last: int) -> ScoreBin | None:
    scores = slice(first, last + 1)
    leads, conversions = sum(histogram.mature[scores]), sum(histogram.conversions[scores])
    if leads == 0:
        return None
    summed = sum(score * count for score, count in zip(SCORES[scores], histogram.mature[scores], strict=True))
    interval = wilson_interval(conversions, leads)
    return ScoreBin(first, last, leads, conversions, summed / leads / HIGHEST, conversions / leads, *interval)


def _quantile_edges(counts: Sequence[int]) -> list[int]:
    total, so_far, filled = sum(counts), 0, 0
    edges = [-1]
    for score, count in enumerate(counts):
        so_far += count
        if so_far * BINS >= (filled + 1) * total:
            edges.append(score)
            filled = so_far * BINS // total if total else BINS
        if filled >= BINS:
            break
    return edges


def _auc(histogram: ScoreHistogram) -> float | None:
    others = [count - hits for count, hits in zip(histogram.mature, histogram.conversions, strict=True)]
    area = float(roc_auc(histogram.conversions[::-1], others[::-1]))
    return None if isnan(area) else area
