"""Changes and their intervals are those of statsmodels and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from lake_access.differences import longer_times, of_counts, of_means, of_proportions
from lake_access.headline import RankedTimes, ScoreSums


@pytest.mark.parametrize(
    "counts", [(15, 148, 23, 145), (0, 40, 12, 60), (40, 40, 30, 35), (3853, 26144, 787, 15044)], ids=str
)
def test_proportions_have_newcombes_interval(counts: tuple[int, int, int, int]) -> None:
    found = of_proportions(*counts, minimum=30)
    assert found is not None
    low, high = confint_proportions_2indep(*counts, compare="diff", method="newcomb")
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)
    assert found.change == pytest.approx(counts[0] / counts[1] - counts[2] / counts[3])


def test_proportions_give_newcombes_published_example() -> None:
    found = of_proportions(56, 70, 48, 80, minimum=30)
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (0.0524, 0.3339)
    assert found.beyond_chance


@pytest.mark.parametrize("seed", range(4))
def test_counts_have_the_interval_of_a_log_linear_model(seed: int) -> None:
    random = np.random.default_rng(seed)
    now, before = random.negative_binomial(5, 0.2, 40), random.negative_binomial(5, 0.25, 60)
    found = of_counts(now.tolist(), before.tolist(), minimum=30)
    assert found is not None
    is_now = np.array([1] * len(now) + [0] * len(before))
    model = sm.GLM(np.concatenate([now, before]), sm.add_constant(is_now), family=sm.families.Poisson())
    low, high = np.exp(model.fit(scale="X2", tol=1e-12).conf_int()[1])
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-6)


def test_counts_that_scatter_less_than_chance_are_not_trusted_more() -> None:
    found = of_counts([10] * 20, [9] * 20, minimum=30)
    assert found is not None
    assert found.high / found.change == pytest.approx(np.exp(1.959964 * np.sqrt(1 / 200 + 1 / 180)), rel=1e-6)
    assert not found.beyond_chance


def test_means_have_welchs_interval() -> None:
    random = np.random.default_rng(1)
    now, before = random.integers(0, 101, 300), random.integers(10, 90, 500)
    found = of_means(_sums(now), _sums(before), minimum=30)
    assert found is not None
    low, high = CompareMeans(DescrStatsW(now), DescrStatsW(before)).zconfint_diff(usevar="unequal")
    assert (found.low, found.high) == pytest.approx((low, high))


@pytest.mark.parametrize("shift", [0, 1, 2, 3, 4, 5, 6, 8])
def test_times_are_told_apart_where_mann_and_whitney_tell_them_apart(shift: int) -> None:
    random = np.random.default_rng(shift)
    now, before = random.integers(0, 30, 120) + shift, random.integers(0, 30, 150)
    test = stats.mannwhitneyu(now, before, method="asymptotic")
    _, uses = np.unique(np.concatenate([now, before]), return_counts=True)
    ranked = RankedTimes(120, 150, float(test.statistic), float((uses**3 - uses).sum()))
    found = longer_times(ranked, minimum=30)
    assert found is not None
    assert found.beyond_chance == (test.pvalue < 0.05)
    assert found.change == pytest.approx(test.statistic / (120 * 150) - 0.5)


def test_few_are_too_few_to_tell() -> None:
    assert of_proportions(5, 29, 10, 100, minimum=30) is None
    assert of_proportions(0, 0, 0, 0, minimum=0) is None
    assert of_counts([15, 14], [50, 50], minimum=30) is None
    assert of_counts([100], [50, 50], minimum=30) is None
    assert of_means(ScoreSums("", 29, 290, 2900), ScoreSums("", 100, 1000, 10100), minimum=30) is None
    assert longer_times(RankedTimes(29, 100, 1450.0, 0.0), minimum=30) is None


def _sums(scores: np.ndarray[tuple[int], np.dtype[np.int64]]) -> ScoreSums:
    return ScoreSums("", len(scores), int(scores.sum()), int((scores**2).sum()))
