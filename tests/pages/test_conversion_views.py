"""The views of the page Conversion beside Explore, over a small real lake."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lake_access.conversion import ConversionFilters
from lake_access.conversion_analysis.cohorts import cohorts
from lake_access.conversion_analysis.rate_split import rate_change
from tests.pages import lakes
from tests.pages.conftest import OpenPage
from tests.pages.lakes import Leads
from tests.pages.test_conversion_page import HOSTILE, chart_texts, failed, figures

APRIL = ConversionFilters(since=date(2025, 4, 1), until=date(2025, 4, 30))
MARCH = ConversionFilters(since=date(2025, 3, 2), until=date(2025, 3, 31))


def charts(page: AppTest) -> int:
    return len(page.get("plotly_chart"))


def test_the_funnel_tells_each_step_and_what_went_past_it(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home, view="Funnel")
    assert not failed(page)
    assert charts(page) == 1
    for text in ("92", "13.0% of leads", "0.0% of scored"):
        assert text in chart_texts(page)
    assert any("15 leads were contacted or converted without a score" in caption.value for caption in page.caption)


def test_steps_are_compared_with_the_period_before(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home, view="Funnel", created=["2025-04-01", "2025-04-30"])
    assert not failed(page)
    changes = page.dataframe[0].value.set_index("share")
    assert list(changes.loc["Scored of leads", ["n", "n_before"]]) == [40, 16]
    assert changes.loc["Scored of leads", "verdict"] == "too few leads to tell"


def test_cohorts_say_how_many_cells_are_immature(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home, view="Cohorts")
    assert not failed(page)
    found = cohorts(lakes.opened(calls_home).pin(), ConversionFilters())
    assert (found.count("whole"), found.count("part"), found.count("none")) == (19, 0, 5)
    told = "19 of 24 cells are mature. 5 are empty: all are too young. Click"  # and nothing of hatched ones
    assert any(caption.value.startswith(told) for caption in page.caption)


def test_what_changed_adds_up(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home, view="What changed", created=["2025-04-01", "2025-04-30"])
    assert not failed(page)
    split = rate_change(lakes.opened(calls_home).pin(), APRIL, MARCH).split
    assert split is not None
    cells = page.dataframe[0].value
    for part in ("source_mix", "score_mix", "within"):
        assert cells[f"{part}_points"].sum() == pytest.approx(float(100 * getattr(split, part)))
    total = cells[["source_mix_points", "score_mix_points", "within_points"]].sum().sum()
    assert total == pytest.approx(100 * float(split.change))
    assert figures(page)["Now"] == ("12.5%", "5 of 40")


def test_without_a_period_to_compare_with_the_page_says_what_to_choose(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home, view="What changed", compare="Nothing")
    assert not failed(page)
    assert "Choose in the sidebar what to compare with" in page.info[0].value


def test_only_the_open_view_is_drawn(open_page: OpenPage, calls_home: Path) -> None:
    assert (charts(open_page(calls_home)), charts(open_page(calls_home, view="Cohorts"))) == (4, 1)


def test_one_dimension_alone_is_drawn_without_a_heat_map(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home, rows="First sales action", columns="None")
    assert not failed(page)
    assert charts(page) == 2  # the bars, and the course over time
    assert list(page.dataframe[0].value.columns) == ["action", "leads", "conversions", "rate", "low", "high"]


def test_the_leads_behind_a_number_are_as_many(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home, leads="Converted", source="cellular")
    assert not failed(page)
    leads = page.dataframe[-1].value
    assert (len(leads), set(leads["converted"]), set(leads["source"])) == (10, {True}, {"cellular"})
    assert leads["lead"].str.startswith("leads?lead=").all()
    assert any("10 leads, the newest first; the files hold all of them" in caption.value for caption in page.caption)


def test_the_leads_behind_a_number_have_the_labels_of_their_sources(open_page: OpenPage, demo_home: Path) -> None:
    page = open_page(demo_home, leads="Converted", source="Webinar")
    assert not failed(page)
    leads = page.dataframe[-1].value
    assert set(leads["source"]) == {"Webinar"}
    assert set(leads["last_source"]) == {"Online", "Roadshow", "Webinar"}


def test_a_choice_that_the_filters_leave_empty_says_so(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home, leads="Scored, contacted and converted")
    assert not failed(page)
    assert any(caption.value == "No lead is among them." for caption in page.caption)


@pytest.mark.parametrize("name", [HOSTILE, "<script>alert(1)</script>", "=cmd|' /C calc'!A0", "x" * 10_000], ids=len)
def test_any_text_of_a_lead_stays_text(open_page: OpenPage, tmp_path: Path, name: str) -> None:
    leads = [
        Leads(name[:100], 30, 3, datetime(2025, 3, 1, tzinfo=UTC), name),
        Leads(name[:100], 30, 5, datetime(2025, 4, 1, tzinfo=UTC), name),
    ]
    lakes.fill(tmp_path, leads, attendances=0)
    for view in ("Explore", "Funnel", "Cohorts", "What changed"):
        page = open_page(
            tmp_path,
            view=view,
            rows="Location",
            leads="All that are counted",
            created=["2025-04-01", "2025-05-01"],
        )
        assert not failed(page)
        rendered = [*page.markdown, *page.caption, *page.info, *page.subheader, *page.title, *page.header]
        assert not any(name[:12] in element.value for element in rendered)
        assert "<script>" not in chart_texts(page)
        assert "<b>bold" not in chart_texts(page)
        assert len(chart_texts(page)) < 100_000
        assert set(page.dataframe[-1].value["location"]) == {name}
