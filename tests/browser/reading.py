"""How a reader takes a page in: what is clipped, outside its place or pale, what figures and charts say."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, Page, TimeoutError, expect  # noqa: A004  (Playwright's own)

from tests.browser.dashboard import wait_until_drawn

TRIES, LIST_MILLISECONDS = 5, 3_000
BACKGROUNDS = {"light": "rgb(255, 255, 255)", "dark": "rgb(16, 24, 31)"}

CLIPPED = """() => [...document.querySelectorAll(
        '[data-testid=stMetric] *, [data-testid=stCaptionContainer], h1, h2, h3, button p, label p')]
    .filter(e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== 'visible')
    .map(e => e.textContent)"""
OUTSIDE_ITS_CHART = """() => [...document.querySelectorAll('.js-plotly-plot')].flatMap(chart => {
    const room = chart.getBoundingClientRect();
    return [...chart.querySelectorAll('svg text')].filter(text => {
        const box = text.getBoundingClientRect();
        return box.width && (box.left < room.left - 1 || box.right > room.right + 1
            || box.top < room.top - 1 || box.bottom > room.bottom + 1);
    }).map(text => text.textContent)})"""
WIDER_THAN_THE_SCREEN = """() => {
    const main = document.querySelector('[data-testid=stMain]');
    return main.scrollWidth - main.clientWidth}"""


def metric(page: Page, label: str) -> Locator:
    """The value under a label."""
    found = page.get_by_test_id("stMetric").filter(has=page.get_by_text(label, exact=True))
    return found.get_by_test_id("stMetricValue")


def expect_metric(page: Page, label: str, value: str) -> None:
    expect(metric(page, label)).to_have_text(value)
    wait_until_drawn(page)


def card(page: Page, title: str) -> Locator:
    """The card with this heading."""
    heading = page.get_by_role("heading", name=title, exact=True)
    return page.get_by_test_id("stVerticalBlock").filter(has=heading).filter(has=page.locator(".js-plotly-plot")).last


def downloaded(page: Page, button: str) -> Path:
    """The file that a button of this name gives."""
    with page.expect_download() as waiting:
        page.get_by_role("button", name=button, exact=True).click()
    return Path(waiting.value.path())


def misplaced(page: Page) -> list[str]:
    """What a reader would call broken: texts cut off or outside their chart, and a page wider than the screen."""
    wider = page.evaluate(WIDER_THAN_THE_SCREEN)
    return [
        *page.evaluate(CLIPPED),
        *page.evaluate(OUTSIDE_ITS_CHART),
        *([f"{wider} pixels wider than the screen"] if wider > 0 else []),
    ]


def choose(page: Page, label: str, option: str) -> None:
    """Choose an option of a select box, or add one in a multiselect, of this label."""
    boxes = page.get_by_test_id("stSelectbox").or_(page.get_by_test_id("stMultiSelect"))
    box = boxes.filter(has=page.get_by_text(label, exact=True))
    wanted = page.get_by_role("option", name=option, exact=True)
    for _ in range(TRIES):
        # A list that opens while the page is still being drawn closes again.
        box.locator("input").click()
        try:
            wanted.click(timeout=LIST_MILLISECONDS)
        except TimeoutError:
            page.keyboard.press("Escape")
            continue
        if (
            box.get_attribute("data-testid") == "stMultiSelect"
        ):  # stays open; in the other, Escape takes the choice back
            page.keyboard.press("Escape")
        wait_until_drawn(page)
        return
    raise AssertionError(f"{label} never offered {option}")
