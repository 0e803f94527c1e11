"""A card's SQL, as it is shown, runs in Explore as it stands, and gives what the card counts."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from lake_access.sql import SqlLimits, start_sql
from tests.pages import lakes
from tests.pages.conftest import OpenPage
from tests.pages.figures.reckoning import LABELS

FILTERS: list[dict[str, Any]] = [
    {},
    {"source": ["Online", "Webinar"], "created": ["2025-03-01", "2025-09-30"], "all_leads": "true"},
    {"band": ["warm", "hot"], "location": ["Berlin", "unknown"], "contacted": "Contacted"},
    {"last_source": ["Online"], "model_version": ["2"], "created": ["2025-01-01", "2025-12-31"]},
]
QUOTED = "L'Aquila \"$all_leads\" -- it's\n'; SELECT 1"


def in_explore(home: Path, sql: str) -> pd.DataFrame:
    """What Explore answers to just this text."""
    limits = SqlLimits(rows=100_000, seconds=60, memory="1GB")
    frame: pd.DataFrame = start_sql(lakes.opened(home).pin(), sql, limits).result(60).table.to_pandas()
    return frame


def opened(open_page: OpenPage, home: Path, file: str, card: str, **asked: Any) -> tuple[pd.DataFrame, list[str]]:
    """The frame of a card, and each query in its menu."""
    page = open_page(home, file, menu=card, **asked)
    assert not page.exception
    assert not page.error
    (frame,) = [table.value for table in page.dataframe if table.proto.alt == "The numbers of this chart"]
    shown = sqls(page)
    assert shown
    return frame, shown


def sqls(page: AppTest) -> list[str]:
    """Every SQL on a page, once: the one of a menu may stand below the numbers too."""
    return list(dict.fromkeys(code.value for code in page.code if code.language == "sql"))


def labelled(answer: pd.DataFrame) -> pd.DataFrame:
    return answer.replace({"source": LABELS})


def counts(frame: pd.DataFrame, by: list[str], names: tuple[str, str] = ("leads", "conversions")) -> dict[Any, Any]:
    """Leads and conversions by these columns, where there are any leads."""
    summed = frame.groupby(by)[list(names)].sum()
    return {key: tuple(map(int, row)) for key, row in zip(summed.index, summed.to_numpy(), strict=True) if row[0]}


@pytest.mark.parametrize("filters", FILTERS)
def test_overviews_sources_and_trend(demo_home: Path, open_page: OpenPage, filters: dict[str, Any]) -> None:
    frame, (sql,) = opened(open_page, demo_home, "overview.py", "overview_sources", **filters)
    assert len(frame)
    assert counts(labelled(in_explore(demo_home, sql)), ["source"]) == counts(frame, ["source"])

    frame, (sql,) = opened(open_page, demo_home, "overview.py", "overview_trend", trend="Months", **filters)
    answer = in_explore(demo_home, sql).rename(columns={"month": "period"})
    assert counts(answer, ["period"]) == counts(frame, ["period"], ("counted", "conversions"))


@pytest.mark.parametrize("filters", FILTERS)
def test_conversions_rates(demo_home: Path, open_page: OpenPage, filters: dict[str, Any]) -> None:
    for asked, card, by in (
        ({}, "grid_0", ["source", "band"]),
        ({"rows": "Month", "columns": "Device"}, "grid_0", ["month", "device"]),
        ({"rows": "Location", "columns": "None"}, "by_location_0", ["location"]),
    ):
        frame, (sql,) = opened(open_page, demo_home, "conversion.py", card, **asked, **filters)
        assert len(frame)
        assert counts(labelled(in_explore(demo_home, sql)), by) == counts(frame, by)


@pytest.mark.parametrize("filters", FILTERS)
def test_conversions_cohorts_and_funnel(demo_home: Path, open_page: OpenPage, filters: dict[str, Any]) -> None:
    frame, (sql,) = opened(open_page, demo_home, "conversion.py", "cohorts_0", view="Cohorts", **filters)
    answer = in_explore(demo_home, sql)
    months = answer.groupby(pd.to_datetime(answer["created_on"]).dt.strftime("%Y-%m"))["leads"].sum()
    assert dict(zip(frame["month"], frame["leads_of_month"], strict=True)) == months.to_dict()

    frame, (sql,) = opened(open_page, demo_home, "conversion.py", "funnel_0", view="Funnel", **filters)
    answer = in_explore(demo_home, sql)
    scored = answer[answer["scored"] == "yes"]
    contacted = scored[scored["contacted"] == "yes"]
    steps = [answer["leads"], scored["leads"], contacted["leads"], contacted["conversions"]]
    assert list(frame["leads"]) == [step.sum() for step in steps]


@pytest.mark.parametrize("filters", FILTERS[:3])  # the last leaves no lead in the period before
def test_what_changed_asks_each_period_by_itself(demo_home: Path, open_page: OpenPage, filters: dict[str, Any]) -> None:
    asked = {**filters, "created": ["2025-04-01", "2025-06-30"]}
    page = open_page(demo_home, "conversion.py", menu="change_cells", view="What changed", **asked)
    assert not page.exception
    cells = page.dataframe[0].value
    shown = sqls(page)
    assert len(shown) == 2

    kept = cells[cells["band"] == "all"]
    for sql, column in zip(shown, ("leads_before", "leads"), strict=True):
        assert int(in_explore(demo_home, sql)["leads"].sum()) == kept[column].sum()


@pytest.mark.parametrize("filters", FILTERS)
@pytest.mark.parametrize("score", ["Rules", "Version 2"])
def test_scores(demo_home: Path, open_page: OpenPage, filters: dict[str, Any], score: str) -> None:
    frame, (rules, versions) = opened(open_page, demo_home, "scores.py", "distribution", score=score, **filters)
    answer = pd.concat([in_explore(demo_home, rules).dropna(subset="score"), in_explore(demo_home, versions)])
    name = ("Version " + answer["version"].astype("string")).fillna("Rules")
    told = answer.assign(score_of=name)[answer["mature"] | (filters.get("all_leads") == "true")]
    assert told.groupby("score_of")["leads"].sum().to_dict() == frame.groupby("score_of")["leads"].sum().to_dict()

    asked = {"score": score, **filters}
    frame, (sql,) = opened(open_page, demo_home, "scores.py", "declared_bands", scores_view="Bands", **asked)
    answer = in_explore(demo_home, sql).dropna(subset="score")
    if score != "Rules":
        answer = answer[(answer["version"] == "2") & ~answer["late"]]
    mature = answer[answer["mature"]]
    band = pd.cut(mature["score"].astype(int), [0, 40, 70, 101], right=False, labels=["cold", "warm", "hot"])
    expected = mature.groupby(band, observed=False)[["leads", "conversions"]].sum()
    assert frame.set_index("band")["mature"].to_dict() == expected["leads"].to_dict()
    assert frame.set_index("band")["conversions"].to_dict() == expected["conversions"].to_dict()


def test_whom_to_call(demo_home: Path, open_page: OpenPage) -> None:
    asked = {"scores_view": "Whom to call", "score": "Version 2", "source": ["Online"]}
    frame, (sql,) = opened(open_page, demo_home, "scores.py", "capacity", **asked)
    answer = in_explore(demo_home, sql)
    assert answer["leads"].sum() > 0
    came = {int(score): int(answer.loc[answer["score"] >= score, "leads"].sum()) for score in frame["score_and_more"]}
    weekly = dict(zip(frame["score_and_more"], frame["leads_a_week"], strict=True))
    weeks = max(came.values()) / max(weekly.values())
    assert {score: leads / weeks for score, leads in came.items()} == pytest.approx(weekly)


def test_a_value_with_quotes_parameters_comments_and_breaks_in_it_is_one_value(
    tmp_path: Path, open_page: OpenPage
) -> None:
    lakes.fill(tmp_path, [lakes.Leads("o'hara", 40, 10, datetime(2025, 3, 1, tzinfo=UTC), QUOTED), *lakes.CALLS])
    asked = {"source": ["o'hara"], "location": [QUOTED]}
    for file, card in (("overview.py", "overview_sources"), ("conversion.py", "grid_0")):
        frame, (sql,) = opened(open_page, tmp_path, file, card, **asked)
        assert counts(in_explore(tmp_path, sql), ["source"]) == counts(frame, ["source"]) == {"o'hara": (40, 10)}

    page = open_page(tmp_path, "conversion.py", leads="All that are counted", **asked)
    numbers, behind = sqls(page)
    assert int(in_explore(tmp_path, numbers)["leads"].sum()) == 40
    assert in_explore(tmp_path, behind)["location"].tolist() == [QUOTED] * 40


def links(page: AppTest) -> list[Any]:
    return [link.proto for link in page.get("page_link") if link.proto.label == "Open in Explore"]


def test_a_card_leads_to_its_sql_in_explore(demo_home: Path, open_page: OpenPage) -> None:
    page = open_page(demo_home, "overview.py", menu="overview_sources", source="Online")
    (link,) = links(page)
    (sql,) = parse_qs(link.query_string)["sql"]
    assert sql == page.code[0].value

    explore = open_page(demo_home, "explore.py", sql=sql)
    assert not explore.exception
    assert explore.text_area[0].value == sql


def test_every_query_of_a_card_leads_to_explore_by_itself(demo_home: Path, open_page: OpenPage) -> None:
    page = open_page(demo_home, "scores.py", menu="distribution")
    assert [parse_qs(link.query_string)["sql"][0] for link in links(page)] == [code.value for code in page.code]
