"""The page of alerts as a reader has it: a rule from the form, checked by a real worker, acknowledged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.app.cli.running import finish, start
from tests.browser.conftest import MODES, Mode, OpenPage, Width
from tests.browser.dashboard import serve
from tests.browser.reading import choose, misplaced
from tests.monitoring.alerts.receivers import Webhook, webhook
from tests.pages import lakes

pytestmark = pytest.mark.browser

SECONDS = 60_000


@pytest.fixture(scope="module")
def ops() -> Iterator[Webhook]:
    with webhook() as hook:
        yield hook


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, ops: Webhook) -> Iterator[str]:
    """The dashboard's over a lake that landed long ago, with a worker beside it and a webhook as channel."""
    home: Path = tmp_path_factory.mktemp("alerts")
    lakes.fill(home)
    channels = f"ops={ops.address}"
    worker = start("worker", home=home, LEADLAKE_ALERT_CHANNELS=channels)
    with serve(home, LEADLAKE_ALERT_CHANNELS=channels) as address:
        yield address
    worker.terminate()
    finish(worker)


def test_a_rule_from_the_form_is_checked_told_and_acknowledged(address: str, ops: Webhook, open_page: OpenPage) -> None:
    page = open_page(f"{address}/alerts")
    choose(page, "Metric", "Hours since the newest batch")
    page.get_by_label("Threshold (hours)").fill("36")
    page.get_by_label("Threshold (hours)").press("Enter")
    choose(page, "Tell", "ops")
    page.get_by_role("button", name="Save the rule").click()
    page.get_by_role("button", name="Check now").click(timeout=SECONDS)
    deadline = 120
    while not ops.posts and deadline:
        page.wait_for_timeout(500)
        deadline -= 1
    page.reload()

    page.get_by_role("button", name="Acknowledge").first.click(timeout=SECONDS)
    page.get_by_label("Note").fill("the feed moved")
    page.get_by_role("button", name="Acknowledge").last.click()

    expect(page.get_by_text("the feed moved")).to_be_visible(timeout=SECONDS)
    assert ops.titles == ["Alert: Hours since the newest batch"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_wider_than_the_screen(address: str, open_page: OpenPage, mode: Mode, width: Width) -> None:
    page = open_page(f"{address}/alerts", width=width, mode=mode)

    assert misplaced(page) == []
