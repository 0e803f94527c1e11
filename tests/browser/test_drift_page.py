"""The page Drift as a reader has it: in Chromium, wide and narrow, light and dark; the report opens in the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import expect

from monitoring.drift_checks import DriftCheck
from monitoring.kept_reports import StoredReport
from tests.browser.conftest import MODES, Mode, OpenPage, Width
from tests.browser.dashboard import serve
from tests.browser.reading import BACKGROUNDS, choose, downloaded, misplaced
from tests.pages.drift_lakes import filled

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def drift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, DriftCheck, StoredReport]]:
    home: Path = tmp_path_factory.mktemp("drift")
    check, report = filled(home)
    with serve(home) as address:
        yield address, check, report


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("section", ["Columns", "Weeks", "Scores", "Outcomes"])
def test_nothing_is_clipped(
    open_page: OpenPage, drift: tuple[str, DriftCheck, StoredReport], section: str, width: Width, mode: Mode
) -> None:
    page = open_page(f"{drift[0]}/drift?section={section}", width, mode)
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", BACKGROUNDS[mode])
    assert misplaced(page) == []


def test_a_link_opens_the_same_column_in_a_fresh_browser_and_the_file_has_all_columns(
    open_page: OpenPage, drift: tuple[str, DriftCheck, StoredReport]
) -> None:
    page = open_page(f"{drift[0]}/drift")
    choose(page, "Column", "device_model_interest")
    page.wait_for_url("**/drift?*column=device_model_interest*")

    fresh = open_page(page.url, stranger=True)

    expect(fresh.get_by_role("combobox", name="Column", exact=True)).to_have_value("device_model_interest")
    fresh.locator(".st-key-menu_drift_columns button").first.click()
    found = pd.read_csv(downloaded(fresh, "CSV"), encoding="utf-8-sig").set_index("Column")
    planted = found.loc["device_model_interest"]
    assert planted["Drifted"]
    assert planted["Value"] >= planted["Threshold"] > planted["Noise floor"]
    assert "score" in found.index


def test_the_planted_drift_is_named_and_dated_and_the_report_opens_in_the_page(
    open_page: OpenPage, drift: tuple[str, DriftCheck, StoredReport]
) -> None:
    address, check, report = drift
    page = open_page(f"{address}/drift")
    expect(page.get_by_text("Act on: ")).to_contain_text("device_model_interest")
    choose(page, "Column", "device_model_interest")
    expect(page.locator(".js-plotly-plot .xtick", has_text="Aero 3")).to_have_count(1)

    page.get_by_test_id("stMain").get_by_role("radio", name="Weeks").click()
    since = check.since("device_model_interest")
    expect(page.get_by_text(f"device_model_interest (since the week of {since})")).to_be_visible()

    page.get_by_test_id("stMain").get_by_role("radio", name="Reports").click()
    outer = page.frame_locator("iframe[data-testid=stIFrame]")
    expect(outer.get_by_role("heading", name="Drift report")).to_be_visible(timeout=30_000)
    expect(outer.get_by_text(f"Reference: version 1; all {report.reference_rows.rows:,} rows.")).to_be_visible()
    evidently = outer.frame_locator("iframe").first
    expect(evidently.get_by_text("Dataset Drift").first).to_be_visible(timeout=30_000)
    frame = next(each for each in page.frames if "/drift-reports/" in each.url)
    assert frame.evaluate("() => { try { return String(window.parent.document) } catch { return 'kept out' } }") == (
        "kept out"
    )
