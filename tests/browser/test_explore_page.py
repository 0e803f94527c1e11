"""The page Explore as an analyst has it: written, run, cancelled, charted, saved, sent on and downloaded."""

from __future__ import annotations

import time
from collections.abc import Iterator
from urllib.parse import quote

import pandas as pd
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import MODES, Mode, OpenPage, Width
from tests.browser.dashboard import serve, wait_until_drawn
from tests.browser.reading import choose, downloaded, misplaced
from tests.pages import lakes

pytestmark = pytest.mark.browser

BY_SOURCE = "SELECT source, count(*) AS leads FROM curated.leads GROUP BY source ORDER BY source"
LEADS = {"cellular": 52, "rare": 5, "telephone": 35, "webinar": 12}
ENDLESS = "SELECT max(md5(range::VARCHAR)) FROM range(100_000_000_000)"
SECONDS = 30_000


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a lake of its own: what is asked and saved here stays in its history."""
    home = tmp_path_factory.mktemp("explored")
    lakes.fill(home)
    with serve(home) as address:
        yield address


def editor(page: Page) -> Locator:
    return page.get_by_role("textbox", name="SQL")


def run(page: Page, sql: str) -> None:
    """Write a query in the place of what stands there, and start it."""
    editor(page).fill(sql)
    editor(page).press("Control+Enter")
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0, timeout=SECONDS)


def expect_all_rows(page: Page, rows: int) -> None:
    expect(page.get_by_text(f"{rows} rows, all of them.")).to_be_visible(timeout=SECONDS)
    wait_until_drawn(page)


def test_a_query_is_run_and_both_files_are_what_pandas_counts(open_page: OpenPage, address: str) -> None:
    page = open_page(f"{address}/explore?sql={quote(BY_SOURCE)}")

    page.get_by_role("button", name="Run").click()
    expect_all_rows(page, len(LEADS))

    of_csv = pd.read_csv(downloaded(page, "CSV"), encoding="utf-8-sig")
    of_parquet = pd.read_parquet(downloaded(page, "Parquet"))
    for found in (of_csv, of_parquet):
        assert dict(zip(found["source"], found["leads"], strict=True)) == LEADS


def test_a_result_is_drawn_as_the_reader_chooses(open_page: OpenPage, address: str) -> None:
    page = open_page(f"{address}/explore?sql={quote(BY_SOURCE)}")
    page.get_by_role("button", name="Run").click()
    expect_all_rows(page, len(LEADS))

    page.get_by_role("tab", name="Chart").click()
    chart = page.get_by_role("tabpanel").locator(".js-plotly-plot")
    expect(chart.locator(".bars .point")).to_have_count(len(LEADS))
    expect(chart).to_contain_text("telephone")
    choose(page, "Chart", "Points")

    expect(chart.locator(".scatterlayer .point")).to_have_count(len(LEADS))
    assert misplaced(page) == []


def test_the_link_holds_the_query_and_a_fresh_browser_runs_it(open_page: OpenPage, address: str) -> None:
    page = open_page(f"{address}/explore")
    run(page, BY_SOURCE)
    expect_all_rows(page, len(LEADS))

    fresh = open_page(page.url, stranger=True)

    expect(editor(fresh)).to_have_value(BY_SOURCE)
    fresh.get_by_role("button", name="Run").click()
    expect_all_rows(fresh, len(LEADS))


def test_an_endless_query_is_cancelled_and_the_next_one_answered(open_page: OpenPage, address: str) -> None:
    page = open_page(f"{address}/explore?sql={quote(ENDLESS)}")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_text("Running for")).to_be_visible(timeout=SECONDS)

    begun = time.monotonic()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("There is no result.")).to_be_visible(timeout=SECONDS)
    assert time.monotonic() - begun < 5  # the query itself within one; the rest is the browser's way there and back

    run(page, BY_SOURCE)
    expect_all_rows(page, len(LEADS))


def test_more_rows_than_a_page_shows_are_said_and_all_in_the_file(open_page: OpenPage, address: str) -> None:
    page = open_page(f"{address}/explore")
    run(page, "SELECT range AS number FROM range(12_345)")
    expect(page.get_by_text("The first 10,000 rows are shown")).to_be_visible(timeout=SECONDS)

    found = pd.read_csv(downloaded(page, "CSV"), encoding="utf-8-sig")

    assert (len(found), found["number"].max()) == (12_345, 12_344)


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("SELECT * FROM read_csv('/etc/passwd')", "read_csv"),
        ("DROP TABLE curated.leads", "SELECT"),
        ("SELECT * FROM curated.identities", "identities"),
        ("SELECT conversion FROM curated.leads", "conversion"),
    ],
)
def test_what_is_refused_says_why_in_a_sentence(open_page: OpenPage, address: str, sql: str, says: str) -> None:
    page = open_page(f"{address}/explore")
    run(page, sql)

    expect(page.get_by_text("There is no result.")).to_be_visible(timeout=SECONDS)
    refusal = page.get_by_test_id("stText").filter(has_text=says).first
    expect(refusal).to_be_visible()
    assert "Traceback" not in refusal.inner_text()


def test_a_query_is_saved_under_a_name_that_stays_text_and_opened_again(open_page: OpenPage, address: str) -> None:
    name = "<b>by</b> **source**"
    page = open_page(f"{address}/explore?sql={quote(BY_SOURCE)}")
    page.get_by_role("button", name="Save").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Name", exact=True).press("Enter")
    page.get_by_role("button", name="Save under this name").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible(timeout=SECONDS)

    fresh = open_page(f"{address}/explore", stranger=True)
    fresh.get_by_role("tab", name="Saved").click()
    expect(fresh.get_by_text(name, exact=True)).to_be_visible()
    fresh.get_by_role("tabpanel").get_by_role("button", name="Open").click()

    expect(editor(fresh)).to_have_value(BY_SOURCE)


def test_the_history_has_what_was_asked_newest_first(open_page: OpenPage, address: str) -> None:
    page = open_page(f"{address}/explore")
    run(page, "SELECT 41 AS first")
    expect(page.get_by_text("1 row, all of them.")).to_be_visible(timeout=SECONDS)
    run(page, "SELECT 42 AS second, 43 AS third FROM range(2)")
    expect_all_rows(page, 2)

    page.get_by_role("tab", name="History").click()
    asked = page.get_by_role("tabpanel").get_by_test_id("stCode")
    expect(asked.nth(0)).to_contain_text("42")
    expect(asked.nth(1)).to_contain_text("41")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_clipped_before_and_after(open_page: OpenPage, address: str, width: Width, mode: Mode) -> None:
    page = open_page(f"{address}/explore?sql={quote(BY_SOURCE)}", width, mode)
    assert misplaced(page) == []

    page.get_by_role("button", name="Run").click()
    expect_all_rows(page, len(LEADS))

    assert misplaced(page) == []
