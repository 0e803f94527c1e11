"""A reader in Chromium: opens pages, changes filters, and has a watch beside the screen.

The watch runs in the page. It begins with the reader's click on an option or on another page's name, or with the
navigation, and notes when the last chart was changed; a figure is read once the script has ended and nothing has moved
for a while.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from playwright.async_api import Browser, BrowserContext, Locator, Page, TimeoutError, async_playwright  # noqa: A004

from tests.browser.dashboard import DRAWN, FLAGS, system_browser

VIEWPORT = {"width": 1280, "height": 900}
PATIENCE_MILLISECONDS = 120_000
LIST_MILLISECONDS = 30_000
TRIES = 5
# The charts of a page that redraws are changed one after another, with pauses shorter than this between them.
STILL_MILLISECONDS = 400
# Asked at every frame, as is Playwright's way, twenty tabs would draw frames for the asking alone.
POLL_MILLISECONDS = 100
WATCH = """() => {
    const watch = window.watch = {begun: 0, drawn: 0};
    const isChart = node => node instanceof Element
        && (node.closest('[data-testid=stPlotlyChart]') || node.querySelector('[data-testid=stPlotlyChart]'));
    // The frame that shows the change, which comes after it.
    const note = () => requestAnimationFrame(() => { watch.drawn = performance.now(); });
    new MutationObserver(found => {
        if (found.some(one => isChart(one.target) && one.target.closest('[data-testid=stPlotlyChart]')
                || [...one.addedNodes].some(isChart))) note();
    }).observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
    document.addEventListener('pointerup', event => {
        if (event.target.closest('[role=option], [data-testid=stSidebarNavLink]')) watch.begun = performance.now();
    }, true);
}"""
SETTLED = f"""([begun, still]) => {{
    const app = document.querySelector('[data-testid=stApp]');
    return app?.getAttribute('data-test-script-state') === 'notRunning' && ({DRAWN})()
        && window.watch.begun >= begun && window.watch.drawn > window.watch.begun
        && performance.now() - window.watch.drawn > still;
}}"""
STIRRED = "() => window.watch.drawn > window.watch.begun"
WRONG = ("stException", "stAlertContentError")


@dataclass
class Reader:
    """A browser session with one tab at a time, and all that went wrong in it."""

    context: BrowserContext
    page: Page
    problems: list[str]

    async def open(self, link: str) -> float:
        """Open a link in a new tab; the seconds until its last chart was drawn."""
        await self.page.close()
        self.page = await self.context.new_page()
        await self.page.set_viewport_size({"width": VIEWPORT["width"], "height": VIEWPORT["height"]})
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("websocket", self._watch_connection)
        await self.page.goto(link)
        return await self._settled(0)

    async def turn_to(self, page: str) -> float:
        """Go to another page by its name in the sidebar; the seconds from the click to its last chart."""
        before = float(await self.page.evaluate("performance.now()"))
        await self.page.get_by_test_id("stSidebarNav").get_by_role("link", name=page, exact=True).click()
        return await self._settled(before)

    async def choose(self, label: str, option: str) -> float:
        """Add an option to the filter of this label; the seconds from the click to the last change of a chart."""
        box = self.page.get_by_test_id("stMultiSelect").filter(has=self.page.get_by_text(label, exact=True))
        field = box.locator("input")
        wanted = self.page.get_by_role("option", name=option, exact=True)
        before = float(await self.page.evaluate("performance.now()"))
        for _ in range(TRIES):
            await field.scroll_into_view_if_needed()
            await field.click()
            await field.fill(option)
            try:
                await wanted.click(timeout=LIST_MILLISECONDS)
            except TimeoutError:
                # A list that opens while the page is still being drawn closes again.
                await self.page.keyboard.press("Escape")
                continue
            seconds = await self._settled(before)
            # While a list is open, all else on the page is hidden from who asks for it by its role.
            await self.page.keyboard.press("Escape")
            return seconds
        raise RuntimeError(f"{label} never offered {option}")

    async def press(self, button: Locator) -> None:
        """Press a button that changes charts, and wait until they are drawn."""
        await button.scroll_into_view_if_needed()
        # Charts that stand still since before are no sign: what is chosen next would undo what this changes.
        begun = float(await self.page.evaluate("window.watch.begun = performance.now()"))
        for _ in range(TRIES):
            await button.click()
            try:
                await self.page.wait_for_function(STIRRED, polling=POLL_MILLISECONDS, timeout=LIST_MILLISECONDS)
            except TimeoutError:
                continue  # a click beside an open list only closes the list
            await self._settled(begun)
            return
        raise RuntimeError("a button did nothing")

    async def open_more_filters(self) -> None:
        """Open the list of the further filters, where it is closed."""
        if not await self.page.get_by_text("Location", exact=True).first.is_visible():
            await self.page.get_by_text("More filters").first.click()
            await self.page.get_by_text("Location", exact=True).first.wait_for(timeout=PATIENCE_MILLISECONDS)
            await self.page.wait_for_timeout(STILL_MILLISECONDS)

    async def clear_filters(self) -> None:
        """Set every filter back."""
        await self.press(self.page.get_by_role("button", name="Clear filters").first)

    async def _settled(self, begun: float) -> float:
        await self.page.wait_for_function(
            SETTLED, arg=[begun, STILL_MILLISECONDS], polling=POLL_MILLISECONDS, timeout=PATIENCE_MILLISECONDS
        )
        for wrong in WRONG:
            self.problems += await self.page.get_by_test_id(wrong).all_inner_texts()
        return float(await self.page.evaluate("window.watch.drawn - window.watch.begun")) / 1000

    def _watch_connection(self, connection: object) -> None:
        on = getattr(connection, "on")  # noqa: B009  (Playwright's types of its events are strict overloads)
        on("socketerror", lambda error: self.problems.append(f"connection: {error}"))


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The system's Chromium where there is one that runs, else Playwright's own."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=system_browser(), args=FLAGS)
        yield browser
        await browser.close()


@asynccontextmanager
async def reading(browser: Browser) -> AsyncIterator[Reader]:
    """A browser session of its own, as a reader's: nothing is cached that it has not loaded itself."""
    context = await browser.new_context()
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    await context.add_init_script(f"({WATCH})()")
    try:
        yield Reader(context, await context.new_page(), [])
    finally:
        await context.close()
