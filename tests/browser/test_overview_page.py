"""The overview and the filter bar as a reader has them: in Chromium, wide and narrow, light and dark."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect

from app.charts.rates import LINE_PIXELS
from tests.browser.conftest import HOSTILE, Mode, OpenPage, Width
from tests.browser.dashboard import wait_until_drawn
from tests.browser.reading import (
    BACKGROUNDS,
    card,
    choose,
    expect_metric,
    metric,
    misplaced,
)
from tests.pages import lakes

pytestmark = pytest.mark.browser

FIGURES = ("Leads", "Conversion rate", "Conversions", "Time to convert", "Average score")
BAR = ".barlayer .point path"
ROOM_BELOW = 30  # pixels of a card below its last line


def parameters(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def box(part: Locator) -> FloatRect:
    found = part.bounding_box()
    assert found is not None
    return found


def leads_of(home: Path) -> pd.DataFrame:
    frame = lakes.opened(home).pin().frame("SELECT * FROM curated.leads")
    return frame.assign(month=frame["created_at"].dt.tz_convert("UTC").dt.strftime("%Y-%m"))


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_clipped(open_page: OpenPage, calls_address: str, width: Width, mode: Mode) -> None:
    page = open_page(f"{calls_address}/", width, mode)
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", BACKGROUNDS[mode])
    assert page.get_by_test_id("stMetric").count() == len(FIGURES)
    assert misplaced(page) == []


@pytest.mark.parametrize("width", [1280, 390])
def test_the_trend_leaves_no_room_empty_in_its_card(open_page: OpenPage, calls_address: str, width: Width) -> None:
    page = open_page(f"{calls_address}/", width)
    trend = page.locator(".st-key-card_overview_trend")
    around, chart = box(trend), box(trend.locator(".js-plotly-plot"))
    note = box(trend.get_by_text("Young: within"))

    assert 0 < around["y"] + around["height"] - note["y"] - note["height"] <= ROOM_BELOW
    assert chart["height"] >= LINE_PIXELS
    assert chart["y"] + chart["height"] <= note["y"]


def test_a_link_by_its_name_opens_it_under_the_filters_of_the_link(open_page: OpenPage, calls_address: str) -> None:
    page = open_page(f"{calls_address}/overview?source=cellular")
    assert page.get_by_text("Page not found").count() == 0
    expect_metric(page, "Leads", "52")
    assert parameters(page)["source"] == ["cellular"]


def test_a_click_on_a_bar_filters_the_rest_and_a_second_takes_that_back(
    open_page: OpenPage, calls_address: str
) -> None:
    page = open_page(f"{calls_address}/")
    everything = metric(page, "Leads").inner_text()
    card(page, "By source").locator(BAR).nth(0).click(force=True)
    expect_metric(page, "Leads", "52")
    assert parameters(page)["source"] == ["cellular"]
    assert "✓ cellular" in " ".join(card(page, "By source").locator("svg text").all_text_contents())
    card(page, "By source").locator(BAR).nth(0).click(force=True)
    expect_metric(page, "Leads", everything)
    assert "source" not in parameters(page)


def test_filters_go_along_to_other_pages_and_a_link_opens_them_in_a_fresh_browser(
    open_page: OpenPage, calls_address: str
) -> None:
    page = open_page(f"{calls_address}/")
    choose(page, "Source", "cellular")
    expect_metric(page, "Leads", "52")
    page.get_by_text("More filters").click()
    page.wait_for_timeout(500)  # it opens slowly, and a list that opens meanwhile closes again
    choose(page, "Location", "Bonn")
    choose(page, "Compare with", "Nothing")
    expect_metric(page, "Leads", "52")
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Conversion").click()
    expect_metric(page, "Leads counted", "40")
    assert parameters(page)["location"] == ["Bonn"]
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Overview").click()
    expect_metric(page, "Leads", "52")
    assert parameters(page) | {"compare": ["Nothing"], "source": ["cellular"]} == parameters(page)

    fresh = open_page(page.url, stranger=True)
    for label in FIGURES:
        assert metric(fresh, label).inner_text() == metric(page, label).inner_text()
    expect(fresh.get_by_text("Source: cellular · Location: Bonn")).to_be_visible()
    expect(fresh.get_by_text("Nothing to compare with.")).to_be_visible()


def test_filters_of_a_link_that_nobody_touched_go_along_too(open_page: OpenPage, calls_address: str) -> None:
    page = open_page(f"{calls_address}/?location=Bonn&period=Last+30+days")
    told = page.locator(".st-key-described")
    expect(told).to_contain_text("Location: Bonn")
    for title in ("Conversion", "Lake", "Scores"):
        page.get_by_test_id("stSidebarNav").get_by_role("link", name=title, exact=True).click()
        expect(page.get_by_role("heading", name=title, exact=True, level=1)).to_be_visible()
        wait_until_drawn(page)
        if title != "Lake":
            expect(told).to_contain_text("Location: Bonn")
        assert parameters(page) == {"location": ["Bonn"], "period": ["Last 30 days"]}


def test_a_filter_of_a_link_that_is_taken_out_does_not_come_back(open_page: OpenPage, calls_address: str) -> None:
    page = open_page(f"{calls_address}/?location=Bonn")
    page.get_by_role("button", name="Clear filters").click()
    expect(page.locator(".st-key-described")).not_to_contain_text("Bonn")
    wait_until_drawn(page)
    choose(page, "Source", "cellular")
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Conversion").click()
    expect(page.get_by_role("heading", name="Conversion", exact=True, level=1)).to_be_visible()
    wait_until_drawn(page)
    assert parameters(page) == {"source": ["cellular"]}


def test_a_click_in_place_of_what_a_link_named_holds_on_the_next_pages_too(
    open_page: OpenPage, calls_address: str
) -> None:
    page = open_page(f"{calls_address}/conversion?rows=Location&columns=None&location=Bonn&location=Ulm")
    told = page.locator(".st-key-described")
    expect(told).to_contain_text("Location: Bonn, Ulm")
    page.locator(".js-plotly-plot").first.locator(BAR).first.click(force=True)
    expect(told).not_to_contain_text("Bonn, Ulm")
    wait_until_drawn(page)
    chosen = parameters(page)["location"]
    assert chosen in (["Bonn"], ["Ulm"])
    for title in ("Lake", "Scores"):
        page.get_by_test_id("stSidebarNav").get_by_role("link", name=title, exact=True).click()
        expect(page.get_by_role("heading", name=title, exact=True, level=1)).to_be_visible()
        wait_until_drawn(page)
        assert parameters(page)["location"] == chosen
    expect(told).to_contain_text(f"Location: {chosen[0]}")


def test_a_period_by_name_is_compared_with_the_one_before(open_page: OpenPage, calls_address: str) -> None:
    page = open_page(f"{calls_address}/")
    choose(page, "Lead created", "Last 30 days")
    expect(page.get_by_text("compared with 2025-10-22 to 2025-11-20")).to_be_visible()
    assert parameters(page) == {"period": ["Last 30 days"]}
    choose(page, "Compare with", "Same period last year")
    expect(page.get_by_text("Nothing to compare with.")).to_be_visible()


def test_both_downloads_are_what_pandas_counts(open_page: OpenPage, calls_address: str, calls_home: Path) -> None:
    page = open_page(f"{calls_address}/?location=Bonn&trend=Months")
    leads = leads_of(calls_home).query("location == 'Bonn'")
    by_month = leads.groupby("month").agg(leads=("lead_id", "size"), left_out=("mature", lambda of: int((~of).sum())))
    counted = leads[leads["mature"]].groupby("month")["converted"].agg(["size", "sum"]).reindex(by_month.index)
    card(page, "Trend").get_by_test_id("stPopover").get_by_role("button").click()
    for name in ("CSV", "Parquet"):
        with page.expect_download() as waiting:
            page.get_by_role("button", name=name, exact=True).click()
        file = Path(waiting.value.path())
        found = pd.read_csv(file, encoding="utf-8-sig") if name == "CSV" else pd.read_parquet(file)
        assert list(found["period"]) == list(by_month.index)
        assert list(found["leads"]) == list(by_month["leads"])
        assert list(found["left_out"]) == list(by_month["left_out"])
        assert list(found["counted"]) == list(counted["size"].fillna(0))
        assert list(found["conversions"]) == list(counted["sum"].fillna(0))
    expect(page.get_by_test_id("stCode").first).to_contain_text("'Bonn'")


def test_a_link_to_what_is_gone_says_so(open_page: OpenPage, calls_address: str) -> None:
    page = open_page(f"{calls_address}/?location=Atlantis&source=cellular")
    expect(page.get_by_text("Location: Atlantis")).to_be_visible()
    assert metric(page, "Leads").inner_text() == "52"
    page.get_by_role("button", name="Understood").click()
    expect(page.get_by_text("Location: Atlantis")).to_be_hidden()


def test_a_hostile_name_is_text_in_the_line_of_filters(open_page: OpenPage, calls_address: str) -> None:
    page = open_page(f"{calls_address}/")
    choose(page, "Source", HOSTILE)
    expect_metric(page, "Leads", "31")
    expect(page.get_by_text("Source: <b>bold</b>")).to_be_visible()
    assert page.locator("a[href^=javascript]").count() == 0
