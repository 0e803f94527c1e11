"""Scores are counted as the leads and scores say: by the rules, and by the first score of each model version."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest

from lake_access.building.build import build
from lake_access.iceberg.tables import LEADS
from lake_access.iceberg.tables import SCORES as SCORES_TABLE
from lake_access.lake import Lake
from lake_access.planning import ConversionFilters
from lake_access.score_histograms import RULES, SCORES, ScoreHistogram, ScoreKind, score_arrivals, score_histograms
from tests.lake_access.lakes import NOW, land_lines, read_table, touch

WINDOW = timedelta(days=60)


def leads_frame(lake: Lake) -> pd.DataFrame:
    leads = pd.DataFrame(read_table(lake, LEADS))
    created = leads["created_at"]
    return leads.assign(mature=[(moment + WINDOW).date() < NOW.date() for moment in created])


def first_scores(lake: Lake, version: str) -> pd.DataFrame:
    """Each lead with the first score of one version, told without SQL."""
    scores = pd.DataFrame(read_table(lake, SCORES_TABLE)).sort_values(["scored_at", "score"])
    first = scores[scores["model_version"] == version].groupby("lead_id", as_index=False).first()
    return first[["lead_id", "score", "scored_at"]].merge(leads_frame(lake), on="lead_id")


def by_score(values: pd.Series) -> tuple[int, ...]:
    counts = values.value_counts()
    return tuple(int(counts.get(score, 0)) for score in SCORES)


@pytest.fixture(scope="module")
def of_rules(demo_lake: Lake) -> ScoreHistogram:
    return score_histograms(demo_lake.pin(), ConversionFilters()).of(RULES)


def test_the_rules_histogram_counts_final_scores(demo_lake: Lake, of_rules: ScoreHistogram) -> None:
    leads = leads_frame(demo_lake)
    mature = leads[leads["mature"]]

    assert of_rules.mature == by_score(mature["final_score"])
    assert of_rules.conversions == by_score(mature[mature["converted"]]["final_score"])
    assert of_rules.young == by_score(leads[~leads["mature"]]["final_score"])
    assert sum(of_rules.late) == 0


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_versions_histogram_counts_each_leads_first_score(version: str, demo_lake: Lake) -> None:
    first = first_scores(demo_lake, version)
    late = first["scored_at"] > first["converted_at"]
    forecast = first[first["mature"] & ~late]

    found = score_histograms(demo_lake.pin(), ConversionFilters()).of(ScoreKind(version, "online"))

    assert found.mature == by_score(forecast["score"])
    assert found.conversions == by_score(forecast[forecast["converted"]]["score"])
    assert found.late == by_score(first[first["mature"] & late]["score"])
    assert found.young == by_score(first[~first["mature"]]["score"])
    assert sum(found.mature) > 100


def test_filters_hold_for_every_kind(demo_lake: Lake) -> None:
    days = leads_frame(demo_lake)["created_at"].dt.date
    since, until = sorted(days)[300], sorted(days)[900]
    filters = ConversionFilters(since, until, ("online", "webinar"), bands=("warm",))

    found = score_histograms(demo_lake.pin(), filters)

    for kind, leads in ((RULES, leads_frame(demo_lake)), (ScoreKind("1", "online"), first_scores(demo_lake, "1"))):
        within = leads["created_at"].dt.date.between(since, until) & leads["source"].isin(["online", "webinar"])
        kept = leads[within & leads["final_score"].between(40, 69)]
        assert sum(found.of(kind).leads(all_leads=True)) == len(kept) > 10


def test_the_version_that_scored_last_stands_first_and_the_rules_before_it(demo_lake: Lake) -> None:
    kinds = [found.kind for found in score_histograms(demo_lake.pin(), ConversionFilters()).histograms]

    assert kinds == [RULES, ScoreKind("2", "online"), ScoreKind("1", "online")]


def test_a_score_after_the_conversion_is_no_forecast(lake: Lake) -> None:
    def told(**keys: object) -> dict[str, object]:
        return touch(event_type="score", model_version="<b>", **keys)

    land_lines(lake, "webinar", touch(email="late@example.com", timestamp="2025-03-01T10:00:00Z"))
    land_lines(lake, "webinar", touch(email="early@example.com", timestamp="2025-03-01T10:00:00Z"))
    for name in ("late", "early"):
        outcome = {"event_type": "outcome", "converted": True, "timestamp": "2025-03-05T10:00:00Z"}
        land_lines(lake, "outcomes", touch(email=f"{name}@example.com", **outcome))
    land_lines(lake, "scores", told(email="late@example.com", score=70, timestamp="2025-03-06T10:00:00Z"))
    land_lines(
        lake,
        "scores",
        told(email="early@example.com", score=60, timestamp="2025-03-05T10:00:00Z"),
        told(email="early@example.com", score=90, timestamp="2025-03-09T10:00:00Z"),
    )
    build(lake, NOW)

    found = score_histograms(lake.pin(), ConversionFilters()).of(ScoreKind("<b>", "online"))

    assert {score: count for score, count in enumerate(found.mature) if count} == {60: 1}
    assert {score: count for score, count in enumerate(found.conversions) if count} == {60: 1}
    assert {score: count for score, count in enumerate(found.late) if count} == {70: 1}
    assert found.leads(all_leads=False)[70] == 1


def test_a_lead_without_rules_is_unscored(lake: Lake) -> None:
    land_lines(lake, "outcomes", touch(event_type="outcome", converted=True))
    build(lake, NOW)

    found = score_histograms(lake.pin(), ConversionFilters())

    assert (found.unscored, sum(found.of(RULES).leads(all_leads=True))) == (1, 0)


def test_an_empty_lake_has_no_scores(lake: Lake) -> None:
    found = score_histograms(lake.pin(), ConversionFilters())

    assert [histogram.kind for histogram in found.histograms] == [RULES]
    assert score_arrivals(lake.pin(), RULES, ConversionFilters()).weeks == ()


@pytest.mark.parametrize("kind", [RULES, ScoreKind("2", "online")])
def test_arrivals_are_those_of_whole_weeks(kind: ScoreKind, demo_lake: Lake) -> None:
    leads = leads_frame(demo_lake) if kind.is_rules else first_scores(demo_lake, "2")
    scores = leads["final_score" if kind.is_rules else "score"]
    week = leads["created_at"].dt.tz_localize(None).dt.to_period("W-SUN").dt.start_time.dt.date

    found = score_arrivals(demo_lake.pin(), kind, ConversionFilters())

    assert found.weeks[-1] == date(2025, 12, 22)  # NOW is Friday of the week from 29 December
    assert len(found.weeks) == 8
    for monday, counts in zip(found.weeks, found.leads, strict=True):
        assert counts == by_score(scores[week == monday])
    assert sum(map(sum, found.leads)) > 20


def test_arrivals_keep_to_the_filters_days(demo_lake: Lake) -> None:
    filters = ConversionFilters(since=date(2025, 9, 3), until=date(2025, 9, 29))

    assert score_arrivals(demo_lake.pin(), RULES, filters).weeks == (
        date(2025, 9, 8), date(2025, 9, 15), date(2025, 9, 22),
    )  # fmt: skip
