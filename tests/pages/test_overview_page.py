from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app import overview_view
from app.model_views.champion import Champion
from tests.pages import lakes
from tests.pages.conftest import OpenPage
from tests.pages.lakes import Leads

HOSTILE = '<b>bold</b> [x](http://x) :red[y] =HYPERLINK("http://x")'
EARLY, LATE = datetime(2025, 3, 1, tzinfo=UTC), datetime(2025, 5, 1, tzinfo=UTC)


def shown(page: AppTest) -> dict[str, tuple[str, str]]:
    """Each card's value, and how it changed."""
    return {metric.label: (metric.value, metric.delta) for metric in page.metric}


def said(page: AppTest) -> str:
    return "\n".join([*(caption.value for caption in page.caption), *(text.value for text in page.text)])


def failed(page: AppTest) -> bool:
    return bool(page.exception or page.error)


@pytest.fixture(scope="module")
def changed_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """61 days of 240 leads each: of the earlier ones 24 become customers, of the later ones 72."""
    home = tmp_path_factory.mktemp("changed")
    lakes.fill(home, [Leads("fair", 240, 24, EARLY, "Bonn"), Leads("fair", 240, 72, LATE, "Ulm")], attendances=0)
    return home


def leads_of(home: Path) -> pd.DataFrame:
    frame = lakes.opened(home).pin().frame("SELECT * FROM curated.leads")
    return frame.assign(day=frame["created_at"].dt.tz_convert("UTC").dt.date)


def test_the_headline_is_what_pandas_finds(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home, "overview.py", compare="Nothing")
    leads = leads_of(calls_home)
    mature = leads[leads["mature"]]
    took = (mature["converted_at"] - mature["created_at"])[mature["converted"]].median()
    assert not failed(page)
    assert took == timedelta(hours=1)
    assert shown(page) == {
        "Leads": (f"{len(leads)}", ""),
        "Conversion rate": (f"{mature['converted'].mean():.1%}", ""),
        "Conversions": (f"{mature['converted'].sum()}", ""),
        "Time to convert": ("60 min", ""),
        "Average score": (f"{mature['final_score'].mean():.1f}", ""),
    }
    assert f"{(~leads['mature']).sum()} of them young" in said(page)


def test_a_change_beyond_chance_says_so_in_words(open_page: OpenPage, changed_home: Path) -> None:
    page = open_page(changed_home, "overview.py", created=["2025-05-01", "2025-05-10"], compare="Previous period")
    assert "compared with 2025-04-21 to 2025-04-30" in said(page)
    page = open_page(changed_home, "overview.py", created=["2025-04-01", "2025-05-10"])
    assert "compared with 2025-02-20 to 2025-03-31" in said(page)
    assert "the period compared with is not whole" in said(page)
    assert shown(page)["Conversion rate"] == ("30.0%", "+20.0 points")
    assert "Beyond chance" in said(page)


def test_with_all_days_the_newest_are_compared_with_those_before(open_page: OpenPage, changed_home: Path) -> None:
    page = open_page(changed_home, "overview.py")
    assert "2025-04-06 to 2025-05-10 compared with 2025-03-02 to 2025-04-05" in said(page)
    assert shown(page)["Leads"][0] == "480"


def test_young_leads_make_conversions_not_comparable(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home, "overview.py", created=["2025-08-01", "2025-12-31"])
    assert shown(page)["Conversions"] == ("0", "–")
    assert "Not comparable yet" in said(page)
    assert "12 in this period" in said(page)


def test_only_young_leads_have_no_rate(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home, "overview.py", created=["2025-12-01", "2025-12-31"])
    assert not failed(page)
    assert shown(page)["Conversion rate"][0] == "–"
    assert "no lead counts yet" in said(page)


def test_filters_that_match_nothing_say_so(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home, "overview.py", created=["2025-06-01", "2025-06-02"])
    assert not failed(page)
    assert page.info[0].value == "No lead matches these filters."


def test_the_course_can_be_had_by_days_weeks_and_months(open_page: OpenPage, calls_home: Path) -> None:
    created = leads_of(calls_home)["created_at"].dt.tz_convert("UTC")
    for grain, pattern in (("Days", "%Y-%m-%d"), ("Weeks", "%G-W%V"), ("Months", "%Y-%m")):
        periods = created.dt.strftime(pattern).nunique()
        page = open_page(calls_home, "overview.py", trend=grain)
        assert not failed(page)
        drawn = json.loads(page.get("plotly_chart")[0].proto.spec)["data"]
        assert len(drawn[-1]["x"]) == periods, grain


def test_the_trend_follows_the_range_until_the_reader_chooses(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home, "overview.py")
    assert page.session_state["trend"] == "month"
    page.selectbox(key="period").set_value("30_days").run()
    assert page.session_state["trend"] == "day"


def test_what_stands_beside_the_headline(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home, "overview.py")
    assert "No model has been promoted yet" in said(page)
    assert "The newest batch landed" in said(page)
    assert {"Trend", "By source", "Champion", "Needs attention"} <= {head.value for head in page.subheader}


def test_a_promoted_model_is_named_as_text(
    open_page: OpenPage, calls_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    promoted = Champion("7", datetime(2025, 11, 2, 9, tzinfo=UTC), HOSTILE, "promoted", "lower *Brier*")
    monkeypatch.setattr("app.model_views.champion.champion_of", lambda _state: promoted)
    page = open_page(calls_home, "overview.py")
    assert any(f"approved by {HOSTILE}" in text.value for text in page.text)
    assert not any("bold" in element.value for element in [*page.markdown, *page.caption])


def test_names_from_the_lake_are_text(open_page: OpenPage, tmp_path: Path) -> None:
    lakes.fill(tmp_path, [Leads(HOSTILE, 31, 3, EARLY, HOSTILE)], attendances=0)
    page = open_page(tmp_path, "overview.py", source=HOSTILE, location=HOSTILE)
    assert not failed(page)
    assert not any("bold" in element.value for element in [*page.markdown, *page.caption, *page.info, *page.warning])
    assert "<b>bold" not in json.dumps([json.loads(chart.proto.spec) for chart in page.get("plotly_chart")])
    assert "<b>bold</b>" in said(page)


def test_a_day_by_day_count_has_every_day() -> None:
    days = (date(2025, 3, 1), date(2025, 3, 4))
    assert overview_view.daily_counts({"2025-03-02": 3, "2025-03-04": 1}, days) == (0, 3, 0, 1)


def test_the_way_to_the_leads_opens_as_many_as_the_figure_counts(open_page: OpenPage, demo_home: Path) -> None:
    page = open_page(demo_home, "overview.py")
    (link,) = [each.proto for each in page.main.get("page_link") if each.proto.page == "leads"]
    assert link.label == "Open the leads behind these numbers"
    counted = next(metric.value for metric in page.metric if metric.label == "Leads")

    (name, value) = link.query_string.split("=")
    opened = open_page(demo_home, "leads.py", **{name: value})
    assert any(f"of {counted}. " in text.value for text in opened.caption)
