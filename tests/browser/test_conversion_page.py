"""The page Conversion as a reader has it: in Chromium, wide and narrow, light and dark."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from lake_access.building.build import build
from lake_access.conversion import ConversionFilters, conversion
from lake_access.crm_import import write_events
from lake_access.crm_mapping import load_mapping
from lake_access.raw import land
from tests.browser.conftest import HOSTILE, Mode, OpenPage, Width
from tests.browser.dashboard import ROOT, serve, wait_until_drawn
from tests.browser.reading import BACKGROUNDS, misplaced
from tests.pages import lakes

pytestmark = pytest.mark.browser

SAMPLE_DATA = Path(os.environ.get("SAMPLE_DATA", ROOT.parent / "shared" / "data"))
BANK_LEADS = SAMPLE_DATA / "bank_marketing" / "bank_leads.csv.gz"

PALE_NAMES = """() => {
    const channels = colour => colour.match(/[\\d.]+/g).slice(0, 3).map(Number);
    const light = colour => channels(colour).map(c => c / 255)
        .map(c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
        .reduce((sum, c, place) => sum + c * [.2126, .7152, .0722][place], 0);
    const page = light(getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor);
    return [...document.querySelectorAll('.js-plotly-plot .ytick tspan tspan, .js-plotly-plot .xtick tspan tspan')]
        .map(text => [text.textContent, light(getComputedStyle(text).fill)])
        .map(([text, ink]) => [text, (Math.max(ink, page) + .05) / (Math.min(ink, page) + .05)])
        .filter(([text, contrast]) => contrast < 7)}"""


def figure(page: Page, label: str) -> str:
    """The value under a label at the top of the page."""
    metric = page.get_by_test_id("stMetric").filter(has_text=label)
    return metric.get_by_test_id("stMetricValue").inner_text()


def chart(page: Page, title: str) -> str:
    """What a chart says: every text in it, as it stands on the screen."""
    card = page.get_by_test_id("stVerticalBlock").filter(has=page.get_by_role("heading", name=title, exact=True)).last
    return " ".join(card.locator("svg.main-svg text").all_text_contents())


def expect_figure(page: Page, label: str, value: str) -> None:
    metric = page.get_by_test_id("stMetric").filter(has_text=label)
    expect(metric.get_by_test_id("stMetricValue")).to_have_text(value)
    wait_until_drawn(page)


def choose_source(page: Page, name: str) -> None:
    page.get_by_test_id("stMultiSelect").locator("input").first.click()
    page.get_by_role("option", name=name, exact=True).click()
    page.keyboard.press("Escape")


def choose_rows(page: Page, dimension: str) -> None:
    page.get_by_test_id("stSelectbox").filter(has_text="Rows").locator("input").click()
    page.get_by_role("option", name=dimension, exact=True).click()
    expect(page.get_by_role("heading", name=f"By {dimension.lower()}", exact=True)).to_be_visible()
    wait_until_drawn(page)


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize(
    # The trend is a chart of its own, but where a dimension is a time.
    ("width", "view", "charts"),
    [(1280, "", 4), (390, "", 4), (390, "?rows=Location&columns=Month", 3)],
    ids=["wide", "narrow", "narrow with many columns"],
)
def test_nothing_is_clipped_or_pale(
    open_page: OpenPage, calls_address: str, view: str, charts: int, width: Width, mode: Mode
) -> None:
    page = open_page(f"{calls_address}/conversion{view}", width, mode)
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", BACKGROUNDS[mode])
    assert page.locator(".js-plotly-plot").count() == charts
    assert misplaced(page) == []
    assert page.evaluate(PALE_NAMES) == []


def test_a_copied_link_opens_the_same_view_in_a_fresh_browser(open_page: OpenPage, calls_address: str) -> None:
    page = open_page(f"{calls_address}/conversion?created=2025-03-01&created=2025-12-31")
    assert figure(page, "Leads counted") == "123"
    choose_source(page, "cellular")
    expect_figure(page, "Leads counted", "40")
    page.locator("label").filter(has_text="Count young leads too").click()
    expect_figure(page, "Leads counted", "52")
    choose_rows(page, "Month")

    fresh = open_page(page.url, stranger=True)
    for label in ("Conversion rate", "Converted", "Leads counted", "Young, counted"):
        assert figure(fresh, label) == figure(page, label)
    for title in ("By month", "By score band", "Month by score band"):
        assert chart(fresh, title) == chart(page, title) != ""
    assert "10 of 52" in chart(fresh, "By score band")


def test_the_csv_is_the_answer_of_the_query(open_page: OpenPage, calls_address: str, calls_home: Path) -> None:
    page = open_page(f"{calls_address}/conversion?rows=Source&columns=Location&all_leads=true")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download CSV").click()
    assert waiting.value.suggested_filename == "conversion-by-source-and-location.csv"
    content = Path(waiting.value.path()).read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content, newline="")))
    filters = ConversionFilters(all_leads=True)
    expected = conversion(lakes.opened(calls_home).pin(), ("source", "location"), filters).rows
    assert [(row["source"], row["location"].removeprefix("'"), int(row["leads"])) for row in rows] == [
        (cell.keys["source"], cell.keys["location"], cell.leads) for cell in expected
    ]
    assert [(int(row["conversions"]), float(row["rate"]), float(row["low"]), float(row["high"])) for row in rows] == [
        (cell.conversions, cell.rate, cell.low, cell.high) for cell in expected
    ]
    assert "'=1+1" in {row["location"] for row in rows}


def test_tables_offer_no_download_that_skips_the_defusing(open_page: OpenPage, calls_address: str) -> None:
    page = open_page(f"{calls_address}/conversion")
    page.get_by_test_id("stDataFrame").hover()
    expect(page.get_by_role("button", name="Fullscreen").last).to_be_visible()
    assert page.get_by_role("button", name="Download as CSV").count() == 0


def test_a_hostile_name_is_text_everywhere(open_page: OpenPage, calls_address: str) -> None:
    page = open_page(f"{calls_address}/conversion")
    assert "<b>bold</b>" in chart(page, "By source")
    assert page.locator(".js-plotly-plot a, .js-plotly-plot b").count() == 0
    choose_source(page, HOSTILE)
    expect_figure(page, "Leads counted", "31")
    assert page.locator("a[href^=javascript], [data-testid=stSidebar] b").count() == 0


def test_charts_and_table_have_a_name_for_readers_who_do_not_see_them(open_page: OpenPage, calls_address: str) -> None:
    page = open_page(f"{calls_address}/conversion")
    named = page.get_by_role("img", name="Conversion by source.").or_(page.get_by_label("Conversion by source."))
    assert "cellular: 25.0%, 10 of 40" in str(named.first.get_attribute("aria-label"))


@pytest.fixture(scope="session")
def bank_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A dashboard over the real contacts of a bank."""
    if not BANK_LEADS.is_file():
        pytest.skip(f"the sample data is not at hand ({BANK_LEADS}); set SAMPLE_DATA to its folder")
    home = tmp_path_factory.mktemp("bank")
    lake = lakes.opened(home)
    now = datetime.now(UTC)
    written = write_events(load_mapping(ROOT / "docs" / "examples" / "bank_marketing.toml"), [BANK_LEADS], home)
    assert written.outcomes is not None
    land(lake.store, "crm", written.crm, now, history=True)
    land(lake.store, "outcomes", written.outcomes, now, history=True)
    build(lake, now)
    with serve(home) as address:
        yield address


def test_real_contacts_give_the_known_figures(open_page: OpenPage, bank_address: str) -> None:
    page = open_page(f"{bank_address}/conversion")
    assert "cellular3,853 of 26,144" in chart(page, "By source")
    assert "telephone787 of 15,044" in chart(page, "By source")
    assert figure(page, "Converted") == "4,640"
