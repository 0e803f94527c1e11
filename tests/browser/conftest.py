"""Dashboards over temporary lakes, and pages that watch for what goes wrong in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize, sync_playwright

from tests.browser.dashboard import launch, serve, wait_until_drawn
from tests.pages import lakes

Mode = Literal["light", "dark"]
Width = Literal[1280, 390]
VIEWPORTS: dict[Width, ViewportSize] = {1280: {"width": 1280, "height": 900}, 390: {"width": 390, "height": 844}}
MODES: tuple[Mode, ...] = ("light", "dark")
HOSTILE = '<b>bold</b><a href="javascript:alert(1)">x</a>'
CALLS = (*lakes.CALLS, lakes.Leads(HOSTILE, 31, 9, datetime(2025, 5, 2, tzinfo=UTC), "=1+1"))

PROBED = re.compile(r"/\w+/_stcore/(health|host-config)$")

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = launch(playwright)
        yield running
        running.close()


@pytest.fixture(scope="session")
def calls_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of the lake that the dashboard of `calls_address` shows."""
    home = tmp_path_factory.mktemp("calls")
    lakes.fill(home, CALLS)
    return home


@pytest.fixture(scope="session")
def calls_address(calls_home: Path) -> Iterator[str]:
    with serve(calls_home) as address:
        yield address


@pytest.fixture(scope="session")
def readers(browser: Browser) -> Iterator[dict[Mode, BrowserContext]]:
    """A reader who likes it light and one who likes it dark; what they loaded once is cached as in real life."""
    contexts = {mode: browser.new_context(color_scheme=mode) for mode in MODES}
    yield contexts
    for context in contexts.values():
        context.close()


@pytest.fixture
def open_page(browser: Browser, readers: dict[Mode, BrowserContext]) -> Iterator[OpenPage]:
    """Open a link, for a stranger in a browser context of its own; at the end nothing may have gone wrong in it.

    Wrong is: an error in the console or in a script, an exception or error box, a request to any other machine.
    """
    problems: list[str] = []
    with ExitStack() as opened:

        def opening(link: str, width: Width = 1280, mode: Mode = "light", stranger: bool = False) -> Page:
            page = browser.new_page(color_scheme=mode) if stranger else readers[mode].new_page()
            opened.callback(page.close)
            opened.callback(_look_for_errors, page, problems)
            page.set_viewport_size(VIEWPORTS[width])
            page.on("console", lambda message: problems.append(message.text) if _is_wrong(message) else None)
            page.on("pageerror", lambda error: problems.append(str(error)))
            page.on("request", lambda request: None if _is_ours(request.url) else problems.append(request.url))
            page.goto(link)
            wait_until_drawn(page)
            return page

        yield opening
    assert problems == []


def _look_for_errors(page: Page, problems: list[str]) -> None:
    for wrong in ("stException", "stAlertContentError"):
        problems.extend(page.get_by_test_id(wrong).all_inner_texts())


def _is_wrong(message: ConsoleMessage) -> bool:
    """An error, but for Streamlit's looking for its server under the page's own path before it looks at the root."""
    return message.type == "error" and not PROBED.search(message.location["url"])


def _is_ours(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:"))
