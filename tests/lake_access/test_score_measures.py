"""Calibration, lift and bands equal what scikit-learn, statsmodels and pandas find lead by lead."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, roc_auc_score
from statsmodels.stats.proportion import proportion_confint

from lake_access.score_histograms import RULES, SCORES, ScoreHistogram
from lake_access.score_measures import (
    BINS,
    by_band,
    calibration_error,
    gain_at,
    gain_curve,
    quality,
    reliability,
)


def drawn(seed: int, leads: int = 800) -> tuple[np.ndarray, np.ndarray]:
    """Scores, many of them tied, and outcomes that follow them loosely."""
    random = np.random.default_rng(seed)
    scores = np.minimum(100, random.gamma(2, 13, leads).round().astype(int))
    return scores, random.random(leads) < 0.02 + 0.6 * scores / 100


def counted(scores: np.ndarray, converted: np.ndarray, young: np.ndarray | None = None) -> ScoreHistogram:
    def count(of: np.ndarray) -> tuple[int, ...]:
        return tuple(np.bincount(of, minlength=len(SCORES)).tolist())

    none = (0,) * len(SCORES)
    return ScoreHistogram(RULES, count(scores), count(scores[converted]), none, none if young is None else count(young))


SEEDS = [1, 2, 3]


@pytest.mark.parametrize("seed", SEEDS)
def test_brier_and_auc_are_scikit_learns(seed: int) -> None:
    scores, converted = drawn(seed)

    found = quality(counted(scores, converted))

    assert found.brier == pytest.approx(brier_score_loss(converted, scores / 100), abs=1e-12)
    assert found.auc == pytest.approx(roc_auc_score(converted, scores), abs=1e-12)
    base = np.full(len(scores), converted.mean())
    assert found.brier_of_base_rate == pytest.approx(brier_score_loss(converted, base), abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_curve_of_equal_width_is_scikit_learns(seed: int) -> None:
    scores, converted = drawn(seed)
    observed, foretold = calibration_curve(converted, scores / 100, n_bins=BINS, strategy="uniform")

    bins = reliability(counted(scores, converted), "equal_width")

    assert [part.rate for part in bins] == pytest.approx(list(observed), abs=1e-12)
    assert [part.forecast for part in bins] == pytest.approx(list(foretold), abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_calibration_error_weighs_bins_by_their_leads(seed: int) -> None:
    scores, converted = drawn(seed)
    leads = pd.DataFrame({"p": scores / 100, "y": converted})
    bins = pd.Series(pd.cut(scores, [-1, *range(10, 101, 10)]))
    groups = leads.groupby(bins, observed=True)
    expected = (groups.size() * (groups["y"].mean() - groups["p"].mean()).abs()).sum() / len(leads)

    assert calibration_error(reliability(counted(scores, converted), "equal_width")) == pytest.approx(
        expected, abs=1e-12
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_bins_of_equal_count_hold_all_leads_and_part_no_score(seed: int) -> None:
    scores, converted = drawn(seed)

    bins = reliability(counted(scores, converted), "equal_count")

    assert sum(part.leads for part in bins) == len(scores)
    assert 5 <= len(bins) <= BINS
    assert [part.first for part in bins[1:]] == [part.last + 1 for part in bins[:-1]]
    tied = max(np.bincount(scores))
    assert all(part.leads <= len(scores) / BINS + tied for part in bins)
    for part in bins:
        within = converted[(scores >= part.first) & (scores <= part.last)]
        assert (part.leads, part.conversions) == (len(within), within.sum())
        low, high = proportion_confint(part.conversions, part.leads, method="wilson")
        assert (part.low, part.high) == pytest.approx((low, high), abs=1e-12)


def gain_of_shuffles(scores: np.ndarray, converted: np.ndarray, depth: float) -> float:
    """The expected share of conversions in the best leads when ties are in any order, lead by lead."""
    rate_of_tie = pd.Series(converted.astype(float)).groupby(scores).transform("mean").to_numpy()
    expected = rate_of_tie[np.argsort(-scores, kind="stable")]
    reached = depth * len(scores)
    whole = int(reached)
    part = expected[whole] * (reached - whole) if whole < len(scores) else 0.0
    return float((expected[:whole].sum() + part) / converted.sum())


@pytest.mark.parametrize("depth", [0.01, 0.2, 0.333, 0.5, 1.0])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_best_leads_hold_what_pandas_finds_with_ties_in_any_order(seed: int, depth: float) -> None:
    scores, converted = drawn(seed)

    found = gain_at(gain_curve(counted(scores, converted)), depth)

    assert found is not None
    assert found.gain == pytest.approx(gain_of_shuffles(scores, converted, depth), abs=1e-12)
    assert found.lift == pytest.approx(found.gain / depth)
    total = int(converted.sum())
    low, high = proportion_confint(found.gain * total, total, method="wilson")
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)


def test_leads_of_one_score_are_one_straight_piece() -> None:
    scores, converted = np.array([50] * 10), np.array([True] * 4 + [False] * 6)

    curve = gain_curve(counted(scores, converted))

    assert [(point.depth, point.gain) for point in curve] == [(0, 0), (1, 1)]
    found = gain_at(curve, 0.2)
    assert found is not None
    assert [found.gain, found.lift] == pytest.approx([0.2, 1.0])


def test_without_a_conversion_nothing_is_said() -> None:
    nobody = counted(np.array([10, 20]), np.array([False, False]))

    assert gain_curve(nobody) == []
    assert gain_at([], 0.2) is None
    assert quality(nobody).auc is None


def test_without_a_lead_nothing_is_said() -> None:
    empty = counted(np.array([], dtype=int), np.array([], dtype=bool))

    assert quality(empty).brier is None
    assert reliability(empty, "equal_count") == reliability(empty, "equal_width") == []
    assert calibration_error([]) is None


@given(
    edges=st.sets(st.integers(1, 100), max_size=8).map(lambda found: [0, *sorted(found)]),
    seed=st.integers(0, 50),
)
def test_bands_part_all_leads_without_rest(edges: list[int], seed: int) -> None:
    scores, converted = drawn(seed, leads=200)
    young = np.array([3, 50, 100])
    bands = {f"band{place}": edge for place, edge in enumerate(edges)}

    found = by_band(counted(scores, converted, young), bands, all_leads=True)

    places = pd.cut(scores, [*edges, 101], right=False, labels=list(bands))
    assert [band.mature for band in found] == pd.Series(places).value_counts().reindex(list(bands)).tolist()
    assert [band.conversions for band in found] == [int(converted[places == name].sum()) for name in bands]
    assert sum(band.leads for band in found) == len(scores) + len(young)
    for band in found:
        if band.mature:
            low, high = proportion_confint(band.conversions, band.mature, method="wilson")
            assert (band.low, band.high) == pytest.approx((low, high), abs=1e-9)
