"""The pages Models and Approvals as they are read: two versions, a request that waits; wide, narrow, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import expect

from lake_access.settings import load_settings
from tests.browser.conftest import MODES, Mode, OpenPage, Width
from tests.browser.dashboard import serve
from tests.browser.reading import BACKGROUNDS, choose, downloaded, expect_metric, metric, misplaced
from tests.training.promotion import model_lakes
from training.registry import versions

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("models")
    model_lakes.filled(home)
    return home


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    with serve(home) as address:
        yield address


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", ["models", "models?tab=Compare", "models?tab=Retrain", "approvals"])
def test_nothing_is_clipped(open_page: OpenPage, address: str, path: str, width: Width, mode: Mode) -> None:
    page = open_page(f"{address}/{path}", width, mode)
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", BACKGROUNDS[mode])
    assert misplaced(page) == []


def test_another_version_is_chosen_and_its_link_opens_it_in_a_fresh_browser(open_page: OpenPage, address: str) -> None:
    page = open_page(f"{address}/models")
    of_newest = metric(page, "ROC AUC").inner_text()
    choose(page, "Version", "1")
    expect(metric(page, "ROC AUC")).not_to_have_text(of_newest)

    fresh = open_page(page.url, stranger=True)

    expect(fresh.get_by_role("combobox", name="Version")).to_have_value("1")
    expect_metric(fresh, "ROC AUC", metric(page, "ROC AUC").inner_text())


def test_the_list_of_versions_is_downloaded_as_the_registry_has_it(
    open_page: OpenPage, address: str, home: Path
) -> None:
    page = open_page(f"{address}/models")
    page.locator(".st-key-menu_versions button").first.click()

    found = pd.read_csv(downloaded(page, "CSV"), encoding="utf-8-sig")

    known = versions(load_settings({"LEADLAKE_HOME": str(home)}))
    assert list(found["Version"].astype(str)) == [each.version for each in known]
    assert list(found["Live"].fillna("")) == ["", "Champion"]
    assert [told.split(" ")[0] for told in found["ROC AUC"]] == [
        f"{each.metrics['roc_auc'].value:.3f}" for each in known
    ]


def test_a_reason_that_looks_like_markup_is_text_where_it_is_decided(open_page: OpenPage, address: str) -> None:
    page = open_page(f"{address}/approvals")
    expect(page.get_by_text("It sees <b>more</b> [x](http://x).")).to_be_visible()
    assert page.get_by_test_id("stMain").locator("b, a[href='http://x']").count() == 0


def test_a_gate_that_failed_holds_up_the_approval(open_page: OpenPage, address: str) -> None:
    page = open_page(f"{address}/approvals")
    expect(page.get_by_text("Version 2 has no drift report yet; run one.")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_be_disabled()
