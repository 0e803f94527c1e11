"""Scores and times to convert are those that pandas and SciPy find in the same leads."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from scipy import stats

from lake_access.conversion import ConversionFilters
from lake_access.differences import longer_times
from lake_access.headline import ranked_times, score_sums, times_to_convert
from lake_access.iceberg.tables import LEADS
from lake_access.lake import Lake, PinnedLake
from lake_access.planning import Dimension, plan_score_sums
from tests.lake_access.lakes import NOW, read_table, without_rollups

PERIODS: dict[Dimension, str] = {"month": "%Y-%m", "week": "%G-W%V", "day": "%Y-%m-%d"}
AUTUMN = ConversionFilters(since=date(2025, 9, 1), until=date(2025, 10, 31))
SUMMER = ConversionFilters(since=date(2025, 7, 2), until=date(2025, 8, 31))
SOME = ConversionFilters(sources=("webinar", "online"), bands=("warm", "hot", "unscored"), contacted=True)
ALL_YOUNG_TOO = ConversionFilters(all_leads=True, locations=("unknown", "Berlin"))


@pytest.fixture(scope="module")
def pinned(demo_lake: Lake) -> PinnedLake:
    return demo_lake.pin()


@pytest.fixture(scope="module")
def leads(demo_lake: Lake) -> pd.DataFrame:
    frame = pd.DataFrame(read_table(demo_lake, LEADS))
    frame["created_at"] = pd.to_datetime(frame["created_at"], utc=True)
    frame["converted_at"] = pd.to_datetime(frame["converted_at"], utc=True)
    frame["mature"] = (frame["created_at"] + timedelta(days=60)).dt.date < NOW.date()
    frame["band"] = pd.cut(frame["final_score"], [-1, 39, 69, 100], labels=["cold", "warm", "hot"]).astype(object)
    frame["band"] = frame["band"].fillna("unscored")
    return frame


def matching(leads: pd.DataFrame, filters: ConversionFilters) -> pd.DataFrame:
    """The leads that the filters leave in, told without SQL."""
    kept = pd.Series(True, index=leads.index)
    days = leads["created_at"].dt.date
    if filters.since:
        kept &= days >= filters.since
    if filters.until:
        kept &= days <= filters.until
    if filters.sources:
        kept &= leads["source"].isin(filters.sources)
    if filters.bands:
        kept &= leads["band"].isin(filters.bands)
    if filters.locations:
        kept &= leads["location"].fillna("unknown").isin(filters.locations)
    if filters.contacted is not None:
        kept &= (leads["sales_actions"] > 0) == filters.contacted
    return leads[kept]


def seconds_of(leads: pd.DataFrame, filters: ConversionFilters) -> pd.Series[Any]:
    found = matching(leads, filters)
    found = found[found["converted"] & (found["mature"] | filters.all_leads)]
    return (found["converted_at"] - found["created_at"]).dt.total_seconds()


@pytest.mark.parametrize("filters", [ConversionFilters(), AUTUMN, SOME, ALL_YOUNG_TOO], ids=str)
def test_scores_are_those_of_the_leads(pinned: PinnedLake, leads: pd.DataFrame, filters: ConversionFilters) -> None:
    found_leads = matching(leads, filters)
    scores = found_leads.loc[found_leads["mature"] | filters.all_leads, "final_score"].dropna()
    (found,) = score_sums(pinned, filters)
    assert found.scored == len(scores) > 30
    assert found.mean == pytest.approx(scores.mean(), rel=1e-12)
    assert found.variance == pytest.approx(scores.var(), rel=1e-12)


@pytest.mark.parametrize("grain", [None, *PERIODS])
@pytest.mark.parametrize("filters", [ConversionFilters(), AUTUMN, SOME, ALL_YOUNG_TOO], ids=str)
def test_a_rollup_and_the_leads_sum_the_same_scores(
    pinned: PinnedLake, filters: ConversionFilters, grain: Dimension | None
) -> None:
    assert score_sums(pinned, filters, grain) == score_sums(without_rollups(pinned), filters, grain)


def test_a_rollup_sums_the_scores_of_leads_from_a_place(pinned: PinnedLake) -> None:
    assert plan_score_sums(pinned, "''", ALL_YOUNG_TOO).table == "marts.leads_by_location"
    beside = ConversionFilters(locations=("Berlin",), devices=("unknown",))
    assert plan_score_sums(pinned, "''", beside).table == LEADS


@pytest.mark.parametrize("grain", PERIODS)
def test_scores_by_period_are_those_of_the_leads(pinned: PinnedLake, leads: pd.DataFrame, grain: Dimension) -> None:
    scored = leads[leads["mature"]].dropna(subset=["final_score"])
    expected = scored.groupby(scored["created_at"].dt.strftime(PERIODS[grain]))["final_score"].agg(["count", "mean"])
    found = score_sums(pinned, ConversionFilters(), grain)
    assert [row.period for row in found] == list(expected.index)
    assert [row.scored for row in found] == list(expected["count"])
    assert [row.mean for row in found] == pytest.approx(list(expected["mean"]))


@pytest.mark.parametrize("filters", [ConversionFilters(), AUTUMN, SOME, ALL_YOUNG_TOO], ids=str)
def test_quartiles_of_times_are_those_of_pandas(
    pinned: PinnedLake, leads: pd.DataFrame, filters: ConversionFilters
) -> None:
    seconds = seconds_of(leads, filters)
    (found,) = times_to_convert(pinned, filters)
    assert found.converted == len(seconds) > 5
    assert [found.lower, found.median, found.upper] == pytest.approx(list(seconds.quantile([0.25, 0.5, 0.75])))


def test_times_by_month_are_those_of_pandas(pinned: PinnedLake, leads: pd.DataFrame) -> None:
    seconds = seconds_of(leads, ConversionFilters())
    months = leads.loc[seconds.index, "created_at"].dt.strftime("%Y-%m")
    expected = seconds.groupby(months).median()
    every, *found = times_to_convert(pinned, ConversionFilters(), "month")
    assert [row.period for row in found] == list(expected.index)
    assert {row.period: row.median for row in found} == pytest.approx(dict(expected))
    assert (every,) == times_to_convert(pinned, ConversionFilters())


def test_ranked_times_are_those_of_scipy(pinned: PinnedLake, leads: pd.DataFrame) -> None:
    now, before = seconds_of(leads, AUTUMN), seconds_of(leads, SUMMER)
    expected = stats.mannwhitneyu(now, before, method="asymptotic")
    ranked = ranked_times(pinned, AUTUMN, SUMMER)
    assert (ranked.first, ranked.second) == (len(now), len(before))
    assert ranked.u == expected.statistic
    found = longer_times(ranked, minimum=5)
    assert found is not None
    assert found.beyond_chance == (expected.pvalue < 0.05)


def test_what_matches_nothing_has_no_row(pinned: PinnedLake) -> None:
    nobody = ConversionFilters(since=date(2001, 1, 1), until=date(2001, 2, 1))
    assert score_sums(pinned, nobody) == ()
    assert times_to_convert(pinned, nobody) == ()
    ranked = ranked_times(pinned, nobody, nobody)
    assert (ranked.first, ranked.second, ranked.u, ranked.ties) == (0, 0, 0, 0)
    assert longer_times(ranked, minimum=0) is None


def test_now_is_after_the_filters_of_these_tests() -> None:
    assert datetime(2025, 10, 31, tzinfo=UTC) + timedelta(days=60) < NOW
