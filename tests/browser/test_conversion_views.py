"""The views of the page Conversion as a reader drives them: choose, click, open the leads, download, send the link."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from lake_access.conversion import ConversionFilters
from lake_access.lead_rows import LeadChoice, all_lead_rows
from lake_access.permissions import local_user
from tests.browser.conftest import Mode, OpenPage, Width
from tests.browser.dashboard import wait_until_drawn
from tests.browser.reading import downloaded, misplaced
from tests.browser.test_conversion_page import chart, expect_figure, figure
from tests.pages import lakes

pytestmark = pytest.mark.browser

# 40 leads with a rate of 25%, of all 123 the ones from Bonn.
BONN = ConversionFilters(locations=("Bonn",))


def choose(page: Page, box: str, option: str) -> None:
    page.get_by_test_id("stSelectbox").filter(has_text=box).locator("input").click()
    page.get_by_role("option", name=option, exact=True).click()
    wait_until_drawn(page)


def test_a_reader_chooses_clicks_opens_the_leads_and_sends_the_link(
    open_page: OpenPage, calls_address: str, calls_home: Path
) -> None:
    page = open_page(f"{calls_address}/conversion")
    choose(page, "Rows", "Location")
    choose(page, "Columns", "None")
    bars = page.locator(".js-plotly-plot").first.locator(".barlayer .point path")
    assert bars.count() == 4
    bars.first.click(force=True)  # Bonn: the most leads
    expect_figure(page, "Leads counted", "40")
    assert "location=Bonn" in page.url

    wait_until_drawn(page)
    leads = page.locator(".st-key-leads input")
    leads.scroll_into_view_if_needed()  # as a reader does; a list that is open closes when the page scrolls
    leads.click()
    page.get_by_role("option", name="Converted", exact=True).click()
    expect(page.get_by_text("10 leads, the newest first; the files hold all of them.")).to_be_visible()
    expected = all_lead_rows(lakes.opened(calls_home).pin(), local_user("x"), LeadChoice(BONN, True))
    content = downloaded(page, "All leads as CSV").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content, newline="")))
    assert [row["lead_id"] for row in rows] == list(expected["lead_id"])
    assert {row["converted"] for row in rows} == {"True"}
    parquet = pd.read_parquet(downloaded(page, "All leads as Parquet"))
    pd.testing.assert_frame_equal(parquet, expected, check_dtype=False)

    fresh = open_page(page.url, stranger=True)
    assert figure(fresh, "Leads counted") == "40"
    assert chart(fresh, "By location") == chart(page, "By location") != ""
    expect(fresh.get_by_text("10 leads, the newest first; the files hold all of them.")).to_be_visible()


def test_a_cell_of_the_heat_map_filters_by_both_and_again_takes_it_back(
    open_page: OpenPage, calls_address: str
) -> None:
    page = open_page(f"{calls_address}/conversion?rows=Source&columns=Location")
    assert figure(page, "Leads counted") == "123"
    page.locator(".js-plotly-plot").nth(2).locator(".scatterlayer .point").first.click(force=True)
    wait_until_drawn(page)
    expect(page.get_by_test_id("stMetric").filter(has_text="Leads counted")).not_to_contain_text("123")
    wait_until_drawn(page)
    assert "source=" in page.url
    assert "location=" in page.url
    page.locator(".js-plotly-plot").nth(2).locator(".scatterlayer .point").first.click(force=True)
    expect_figure(page, "Leads counted", "123")


def test_a_month_s_mark_filters_by_it_and_again_takes_it_back(open_page: OpenPage, calls_address: str) -> None:
    page = open_page(f"{calls_address}/conversion?rows=Month&columns=None")
    mark = page.locator(".js-plotly-plot").first.locator(".scatterlayer .point").first
    mark.click(force=True)
    expect_figure(page, "Leads counted", "40")
    mark.click(force=True)
    expect_figure(page, "Leads counted", "123")


def test_a_course_that_was_narrowed_has_a_way_back(open_page: OpenPage, calls_address: str) -> None:
    page = open_page(f"{calls_address}/conversion?trend=Months&location=Bonn")
    page.locator(".js-plotly-plot").last.locator(".scatterlayer .point").first.click(force=True)
    page.wait_for_url("**created=2025-03-01**")
    wait_until_drawn(page)
    page.get_by_role("button", name="Back to 2025-03-01 to 2025-12-20").click()
    expect(page.get_by_role("button", name="Back to")).to_have_count(0)
    wait_until_drawn(page)
    assert "created" not in page.url
    assert "location=Bonn" in page.url


def test_a_step_of_the_funnel_opens_its_leads(open_page: OpenPage, calls_address: str) -> None:
    page = open_page(f"{calls_address}/conversion?view=Funnel")
    page.locator(".js-plotly-plot").first.locator(".barlayer .point path").nth(1).click(force=True)
    expect(page.locator(".st-key-leads input")).to_have_value("Scored")
    expect(page.get_by_text("12 leads, the newest first; the files hold all of them.")).to_be_visible()
    wait_until_drawn(page)
    assert "leads=Scored" in page.url


def test_a_cohort_filters_by_its_month(open_page: OpenPage, calls_address: str) -> None:
    page = open_page(f"{calls_address}/conversion?view=Cohorts")
    page.locator(".js-plotly-plot").first.locator(".scatterlayer .point").first.click(force=True)
    page.wait_for_url("**created=2025-03-01**")
    wait_until_drawn(page)
    assert "created=2025-03-31" in page.url
    expect(page.get_by_text("Leads created 2025-03-01 to 2025-03-31 (UTC)")).to_be_visible()


def test_a_mark_behind_a_break_of_the_line_filters_by_its_own_day(open_page: OpenPage, calls_address: str) -> None:
    page = open_page(f"{calls_address}/conversion?trend=Days")
    card = page.locator("[class*=st-key-card_by_day]")
    line, marks = card.locator(".js-plotly-plot").evaluate(
        "chart => chart.data.slice(0, 2).map(({x, y}) => [x, [...y]])"
    )
    assert line[1].count(None) > 0
    newest = len(marks[0]) - 1
    card.locator(".scatterlayer .point").nth(newest).click(force=True)
    page.wait_for_url(f"**created={marks[0][newest]}&created={marks[0][newest]}**")


def test_a_card_shows_its_sql_and_gives_its_data(open_page: OpenPage, calls_address: str) -> None:
    page = open_page(f"{calls_address}/conversion?view=Cohorts")
    page.locator("[class*=st-key-menu_cohorts] button").first.click()
    wait_until_drawn(page)
    expect(page.get_by_text("FROM marts.leads_by_age")).to_be_visible(timeout=30_000)  # the browser loads a highlighter
    rows = list(csv.DictReader(io.StringIO(downloaded(page, "CSV").read_text(encoding="utf-8-sig"))))
    assert sum(int(row["leads_of_month"]) for row in rows if row["age_days"] == "7") == 135


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_view_is_clipped(open_page: OpenPage, calls_address: str, width: Width, mode: Mode) -> None:
    for view in ("Funnel", "Cohorts", "What+changed"):
        page = open_page(f"{calls_address}/conversion?view={view}&created=2025-04-01&created=2025-05-31", width, mode)
        assert page.locator(".js-plotly-plot").count() == 1
        assert misplaced(page) == []


def test_a_cards_sql_is_run_in_explore_from_its_menu(open_page: OpenPage, calls_address: str) -> None:
    page = open_page(f"{calls_address}/conversion?view=Cohorts&source=telephone")
    page.locator("[class*=st-key-menu_cohorts] button").first.click()
    page.get_by_role("link", name="Open in Explore").click()
    page.wait_for_url("**/explore**")
    wait_until_drawn(page)
    sql = page.get_by_role("textbox", name="SQL").input_value()
    assert "['telephone']" in sql
    assert "$" not in sql
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_text("all of them.")).to_be_visible(timeout=30_000)
    rows = pd.read_csv(downloaded(page, "CSV"), encoding="utf-8-sig")
    assert rows["leads"].sum() == 35
