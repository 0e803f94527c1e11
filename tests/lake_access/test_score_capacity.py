"""The cut-off for so many calls fits a mean week, and its promise is the observed rate with its interval."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.stats import betabinom
from statsmodels.stats.proportion import proportion_confint

from lake_access.iceberg.tables import LEADS
from lake_access.lake import Lake
from lake_access.planning import ConversionFilters
from lake_access.score_capacity import capacity, cut_offs, single_week, week_range
from lake_access.score_histograms import RULES, SCORES, Arrivals, ScoreHistogram, score_arrivals, score_histograms
from tests.lake_access.lakes import read_table

NONE = (0,) * len(SCORES)


def tuple_of(counts: dict[int, int]) -> tuple[int, ...]:
    return tuple(counts.get(score, 0) for score in SCORES)


def made(
    weeks: list[dict[int, int]], mature: dict[int, int], conversions: dict[int, int]
) -> tuple[ScoreHistogram, Arrivals]:
    histogram = ScoreHistogram(RULES, tuple_of(mature), tuple_of(conversions), NONE, NONE)
    mondays = tuple(date(2025, 9, 1 + 7 * place) for place in range(len(weeks)))
    return histogram, Arrivals(RULES, mondays, tuple(tuple_of(week) for week in weeks), "", {})


def test_the_cut_off_is_the_lowest_whose_mean_week_fits() -> None:
    histogram, arrivals = made(
        [{90: 3, 50: 10, 10: 100}, {90: 5, 50: 20, 10: 80}], {90: 40, 50: 200, 10: 900}, {90: 20, 50: 40, 10: 9}
    )

    found = capacity(histogram, arrivals, 20)

    assert found is not None
    assert found.fitting is not None
    assert found.next_lower is not None
    assert (found.fitting.score, found.fitting.weekly) == (50, 19.0)
    assert (found.next_lower.score, found.next_lower.weekly) == (10, 109.0)
    assert found.fitting.expected == pytest.approx(19 * 60 / 240)
    low, high = proportion_confint(60, 240, method="wilson")
    assert (found.fitting.low, found.fitting.high) == pytest.approx((19 * low, 19 * high))
    assert (found.least, found.most) == (13, 25)
    assert week_range(arrivals) == (date(2025, 9, 1), date(2025, 9, 14))


def test_more_calls_than_leads_reach_everybody() -> None:
    histogram, arrivals = made([{90: 3, 10: 5}], {90: 10, 10: 10}, {90: 5})

    found = capacity(histogram, arrivals, 1_000)

    assert found is not None
    assert found.fitting is not None
    assert (found.fitting.score, found.fitting.weekly, found.next_lower) == (10, 8.0, None)


def test_fewer_calls_than_the_best_score_brings_fit_no_cut_off() -> None:
    histogram, arrivals = made([{90: 30}], {90: 10}, {90: 5})

    found = capacity(histogram, arrivals, 10)

    assert found is not None
    assert (found.fitting, found.next_lower) == (None, cut_offs(histogram, arrivals)[0])


def test_without_arrivals_or_mature_leads_nothing_is_promised() -> None:
    histogram, arrivals = made([{90: 30}], {}, {})
    assert capacity(histogram, arrivals, 10) is None
    histogram, arrivals = made([{}], {90: 10}, {90: 5})
    assert capacity(histogram, arrivals, 10) is None
    histogram, arrivals = made([], {90: 10}, {90: 5})
    assert capacity(histogram, arrivals, 10) is None


@pytest.mark.parametrize(
    ("conversions", "mature", "called"), [(60, 240, 19), (0, 30, 12), (7, 7, 3), (900, 50_000, 4_000)]
)
def test_a_single_weeks_range_is_scipys_beta_binomial(conversions: int, mature: int, called: int) -> None:
    expected = betabinom(called, conversions + 0.5, mature - conversions + 0.5).ppf([0.025, 0.975])

    assert single_week(conversions, mature, called) == tuple(expected.astype(int))


def test_nobody_called_brings_nothing() -> None:
    assert single_week(3, 10, 0) == (0, 0)


def test_every_cut_off_of_a_lake_is_what_pandas_finds(demo_lake: Lake) -> None:
    pinned = demo_lake.pin()
    histogram = score_histograms(pinned, ConversionFilters()).of(RULES)
    arrivals = score_arrivals(pinned, RULES, ConversionFilters())
    leads = pd.DataFrame(read_table(demo_lake, LEADS))
    created = leads["created_at"].dt.date
    recent = leads[(created >= date(2025, 11, 3)) & (created <= date(2025, 12, 28))]
    mature = leads[created < date(2025, 11, 3)]

    found = cut_offs(histogram, arrivals)

    assert len(found) > 20
    for cut in found:
        above = mature[mature["final_score"] >= cut.score]
        assert cut.weekly == pytest.approx((recent["final_score"] >= cut.score).sum() / 8)
        assert (cut.mature, cut.conversions) == (len(above), above["converted"].sum())
        assert cut.expected == pytest.approx(cut.weekly * np.mean(above["converted"]))
