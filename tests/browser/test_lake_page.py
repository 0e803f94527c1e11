"""The page Lake as its keeper has it: every section, its files, its links, and what a hostile line makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from lake_access.building.build import build
from tests.browser.conftest import MODES, Mode, OpenPage, Width
from tests.browser.dashboard import serve, wait_until_drawn
from tests.browser.reading import BACKGROUNDS, choose, downloaded, misplaced
from tests.lake_access.lakes import land_lines, touch
from tests.pages import lakes

pytestmark = pytest.mark.browser

SECTIONS = ("Health", "Tables", "Builds", "Quarantine", "Raw batches", "Snapshots")
HOSTILE = "<img src=x onerror=alert(1)> **bold**"
SECONDS = 30_000


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with a second build, which met a duplicate and refused three lines, one of them of a hostile stamp."""
    home = tmp_path_factory.mktemp("kept")
    lake = lakes.fill(home)
    later = lakes.LANDED + timedelta(days=1)
    good = touch(email="ann@example.com")
    land_lines(lake, "webinar", good, good, "broken", "{}", touch(email="b@example.com", timestamp=HOSTILE), at=later)
    build(lake, later + timedelta(hours=1))
    return home


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    with serve(home) as address:
        yield address


def show(page: Page, section: str) -> None:
    page.get_by_test_id("stMain").get_by_role("radio", name=section, exact=True).click()
    expect(page.get_by_test_id("stMain").get_by_role("radio", name=section, exact=True)).to_be_checked()
    wait_until_drawn(page)


def csv_of(page: Page, key: str) -> pd.DataFrame:
    """The file behind a card, by its menu."""
    page.locator(f".st-key-menu_{key} button").first.click()
    return pd.read_csv(downloaded(page, "CSV"), encoding="utf-8-sig")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("width", [1280, 390])
def test_no_section_is_clipped(open_page: OpenPage, address: str, width: Width, mode: Mode) -> None:
    page = open_page(f"{address}/lake", width, mode)
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", BACKGROUNDS[mode])
    for section in SECTIONS:
        show(page, section)
        expect(page.get_by_test_id("stDataFrame")).to_have_count(1, timeout=SECONDS)
        assert misplaced(page) == [], section


def test_a_link_opens_the_same_section_and_stream_in_a_fresh_browser(open_page: OpenPage, address: str) -> None:
    page = open_page(f"{address}/lake")
    show(page, "Raw batches")
    choose(page, "Stream", "Webinar")
    page.wait_for_url("**/lake?*stream=Webinar*")

    fresh = open_page(page.url, stranger=True)

    expect(fresh.get_by_role("radio", name="Raw batches")).to_be_checked()
    expect(fresh.get_by_role("combobox", name="Stream")).to_have_value("Webinar")
    batches = csv_of(fresh, "batches")
    assert list(batches["stream"].unique()) == ["Webinar"]
    assert list(batches["lines_read"]) == [5, lakes.ATTENDANCES]


def test_lines_read_are_curated_duplicates_and_quarantined(open_page: OpenPage, address: str) -> None:
    page = open_page(f"{address}/lake?lake_section=Builds")

    builds = csv_of(page, "builds")

    newest = builds.iloc[0]
    assert (newest["lines_read"], newest["curated"], newest["duplicates"], newest["quarantined"]) == (5, 1, 1, 3)
    assert (builds["lines_read"] == builds["curated"] + builds["duplicates"] + builds["quarantined"]).all()


def test_refused_lines_are_told_by_reason_and_nothing_of_them_is_rendered(open_page: OpenPage, address: str) -> None:
    page = open_page(f"{address}/lake?lake_section=Quarantine")
    expect(page.get_by_role("heading", name="3 refused lines, by reason")).to_be_visible()
    assert page.get_by_test_id("stMain").locator("img, b").count() == 0

    refused = csv_of(page, "quarantine")

    assert refused["lines"].sum() == 3
    assert set(refused["stream"]) == {"Webinar"}


def test_the_chart_of_days_has_a_bar_for_each_day_that_lines_landed(open_page: OpenPage, address: str) -> None:
    page = open_page(f"{address}/lake?lake_section=Builds")
    chart = page.locator(".js-plotly-plot")
    assert chart.locator(".bars .point path").count() >= 2

    days = csv_of(page, "landed")

    by_day = days.groupby("landed_on")["lines_read"].sum()
    assert by_day.loc["2026-01-01"] == 5
    assert list(by_day.index) == ["2025-12-31", "2026-01-01"]
