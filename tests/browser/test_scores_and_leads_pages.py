"""The pages Scores and Leads as a reader has them: in Chromium, wide and narrow, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from jobs.demo import fill_with_demo
from lake_access import ledger
from lake_access.database import open_database
from lake_access.demo_events import DemoPlan
from tests.browser.conftest import Mode, OpenPage, Width
from tests.browser.dashboard import serve, wait_until_drawn
from tests.browser.reading import downloaded, misplaced
from tests.pages import lakes

pytestmark = pytest.mark.browser

HOSTILE = '<script>document.title="taken"</script> **bold** <img src=x onerror=alert(1)>'


@pytest.fixture(scope="module")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("demo")
    fill_with_demo(lakes.opened(home), DemoPlan(until=lakes.LANDED, leads=1_500, seed=7))
    return home


@pytest.fixture(scope="module")
def demo_address(demo_home: Path) -> Iterator[str]:
    with serve(demo_home) as address:
        yield address


@pytest.fixture(scope="module")
def hostile_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("hostile")
    lakes.fill_hostile(home, HOSTILE)
    with serve(home) as address:
        yield address


def figure(page: Page, label: str) -> str:
    metric = page.get_by_test_id("stMetric").filter(has_text=label)
    return metric.get_by_test_id("stMetricValue").inner_text()


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize(
    "path",
    [
        "scores?score=Rules",
        "scores?scores_view=Gain+and+lift",
        "scores?scores_view=Bands&score=Rules",
        "scores?scores_view=Whom+to+call&score=Rules&calls=10",
        "leads",
        "leads?lead=",
    ],
)
def test_nothing_is_clipped_or_too_wide(
    path: str, width: Width, mode: Mode, open_page: OpenPage, demo_address: str, demo_home: Path
) -> None:
    if path.endswith("lead="):
        query = "SELECT lead_id::VARCHAR FROM curated.leads ORDER BY events DESC, lead_id LIMIT 1"
        path += lakes.opened(demo_home).pin().rows(query)[0][0]
    page = open_page(f"{demo_address}/{path}", width, mode)
    assert misplaced(page) == []


def test_a_moved_threshold_is_in_the_link_and_opens_in_a_fresh_browser(open_page: OpenPage, demo_address: str) -> None:
    page = open_page(f"{demo_address}/scores?scores_view=Bands&score=Rules")
    handle = page.get_by_test_id("stSlider").filter(has_text="warm from").get_by_role("slider")
    handle.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    text = page.get_by_role("textbox", name="Bands and their lowest scores")
    expect(text).to_have_value("cold 0, warm 45, hot 70")
    wait_until_drawn(page)
    assert "warm+45" in page.url

    fresh = open_page(page.url, stranger=True)
    expect(fresh.get_by_role("textbox", name="Bands and their lowest scores")).to_have_value("cold 0, warm 45, hot 70")
    assert "scores_view=Bands" in fresh.url


def test_a_proposal_is_saved_and_opened_again(open_page: OpenPage, demo_address: str, demo_home: Path) -> None:
    page = open_page(f"{demo_address}/scores?scores_view=Bands&score=Rules&bands=cold+0,+warm+30,+hot+60")
    page.get_by_text("Save as a proposal").click()
    page.get_by_label("Name", exact=True).fill(HOSTILE[:70])
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("it needs a reason of 1 to 2,000 characters")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value(HOSTILE[:70])
    page.get_by_label("Why", exact=True).fill("Sales has the time.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved as proposal 1.")).to_be_visible()
    wait_until_drawn(page)
    assert page.title() != "taken"
    assert len(ledger.entries(open_database(lakes.opened(demo_home).settings), event="bands.proposed")) == 1

    other = open_page(f"{demo_address}/scores?scores_view=Bands&score=Version+2")
    expect(other.get_by_role("combobox", name="Score of")).to_have_value("Version 2")
    table = other.locator(".st-key-card_proposals").get_by_test_id("stDataFrame")
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    assert box is not None
    other.mouse.click(box["x"] + 18, box["y"] + 35 + 18)
    text = other.get_by_role("textbox", name="Bands and their lowest scores")
    expect(text).to_have_value("cold 0, warm 30, hot 60")
    wait_until_drawn(other)
    assert "score=Rules" in other.url

    fresh = open_page(other.url, stranger=True)
    expect(fresh.get_by_role("textbox", name="Bands and their lowest scores")).to_have_value("cold 0, warm 30, hot 60")
    expect(fresh.get_by_role("combobox", name="Score of")).to_have_value("Rules")


def test_the_leads_to_call_open_with_the_filters_of_the_link_that_the_page_was_opened_by(
    open_page: OpenPage, demo_address: str, demo_home: Path
) -> None:
    page = open_page(f"{demo_address}/scores?scores_view=Whom+to+call&calls=3&source=Online&score=Version+2")
    lowest = int(figure(page, "Call from score"))
    page.get_by_role("link", name="Open the leads to call").click()
    expect(page.get_by_role("spinbutton", name="Model score from")).to_have_value(str(lowest))
    wait_until_drawn(page)
    ((leads, young),) = (
        lakes.opened(demo_home)
        .pin()
        .rows(
            "SELECT count(*), count(*) FILTER (NOT mature) FROM curated.leads WHERE source = 'online' "
            f"AND model_version = '2' AND model_score >= {lowest} AND NOT converted"
        )
    )
    assert young > 0
    expect(page.get_by_text(f"of {leads:,}. Choose a row")).to_be_visible()
    told = page.locator(".st-key-described")
    expect(told).to_contain_text("Source: Online · Model version: 2 · young leads too")

    fresh = open_page(page.url, stranger=True)
    expect(fresh.locator(".st-key-described")).to_have_text(told.inner_text())
    expect(fresh.get_by_role("spinbutton", name="Model score from")).to_have_value(str(lowest))
    expect(fresh.get_by_text(f"of {leads:,}. Choose a row")).to_be_visible()


def test_a_filter_changes_the_figures_and_stays_in_the_link(open_page: OpenPage, demo_address: str) -> None:
    page = open_page(f"{demo_address}/scores?score=Rules")
    before = figure(page, "Mature leads")
    page.get_by_test_id("stMultiSelect").locator("input").first.click()
    page.get_by_role("option", name="Webinar", exact=True).click()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("stMetric").first.get_by_test_id("stMetricValue")).not_to_have_text(before)
    wait_until_drawn(page)
    fresh = open_page(page.url, stranger=True)
    assert figure(fresh, "Mature leads") == figure(page, "Mature leads")


def test_the_distribution_s_file_counts_every_lead_that_has_a_score(
    open_page: OpenPage, demo_address: str, demo_home: Path
) -> None:
    page = open_page(f"{demo_address}/scores?score=Rules&all_leads=true")
    page.locator(".st-key-menu_distribution button").first.click()

    found = pd.read_csv(downloaded(page, "CSV"), encoding="utf-8-sig").query("score_of == 'Rules'")

    scores = lakes.opened(demo_home).pin().frame("SELECT final_score FROM curated.leads")["final_score"].dropna()
    for first, last, leads in zip(found["from"], found["to"], found["leads"], strict=True):
        assert leads == scores.between(first, last).sum()
    assert found["leads"].sum() == len(scores)


def test_a_row_opens_its_lead_and_the_link_opens_it_too(
    open_page: OpenPage, demo_address: str, demo_home: Path
) -> None:
    page = open_page(f"{demo_address}/leads")
    box = page.get_by_test_id("stDataFrame").first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 18, box["y"] + 35 + 18)
    expect(page.get_by_role("button", name="Back to the list")).to_be_visible()
    wait_until_drawn(page)
    query = "SELECT lead_id::VARCHAR FROM curated.leads WHERE mature ORDER BY final_score DESC, lead_id LIMIT 1"
    ((lead_id,),) = lakes.opened(demo_home).pin().rows(query)
    assert f"lead={lead_id}" in page.url
    fresh = open_page(page.url, stranger=True)
    assert figure(fresh, "Rules' score") == figure(page, "Rules' score")
    page.get_by_role("button", name="Back to the list").click()
    expect(page.get_by_label("Sort by")).to_be_visible()


def test_the_file_holds_every_lead_of_the_list(open_page: OpenPage, demo_address: str, demo_home: Path) -> None:
    page = open_page(f"{demo_address}/leads?source=Webinar&all_leads=true")
    page.get_by_role("button", name="Download all").click()
    frame = pd.read_csv(downloaded(page, "CSV"), encoding="utf-8-sig")
    lake = lakes.opened(demo_home)
    expected = lake.pin().frame(
        "SELECT lead_id::VARCHAR AS lead_id, final_score FROM curated.leads WHERE source = 'webinar' "
        "ORDER BY final_score DESC NULLS LAST, lead_id"
    )
    assert frame["lead_id"].tolist() == expected["lead_id"].tolist()
    assert frame["final_score"].tolist() == expected["final_score"].tolist()
    entries = ledger.entries(open_database(lake.settings), event="leads.exported")
    assert [entry.details["rows"] for entry in entries] == [len(expected)]


def test_an_address_is_never_in_the_link(open_page: OpenPage, hostile_address: str) -> None:
    page = open_page(f"{hostile_address}/leads?all_leads=true")
    box = page.get_by_role("textbox", name="Find a lead by its id or e-mail")
    box.fill("Hostile3@example.com")
    box.press("Enter")
    expect(page.get_by_role("button", name="Back to the list")).to_be_visible()
    wait_until_drawn(page)
    assert "lead=" in page.url
    assert "example" not in page.url
    assert "hostile3" not in page.content().lower()


@pytest.mark.parametrize("path", ["scores", "leads?all_leads=true"])
def test_hostile_values_stay_text(path: str, open_page: OpenPage, hostile_address: str) -> None:
    page = open_page(f"{hostile_address}/{path}")
    assert page.title() != "taken"
    assert page.locator("img[src=x], strong:has-text('bold')").count() == 0
