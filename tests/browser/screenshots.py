"""Draw the screenshots of the documentation: `python -m tests.browser.screenshots`.

A demo lake in a temporary folder is served as a user would serve it; each page is drawn in light and dark, wide and
narrow, into docs/screenshots.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, ViewportSize, sync_playwright

from jobs.demo import fill_with_demo
from lake_access.demo_events import DemoPlan
from tests.browser.dashboard import ROOT, launch, serve, wait_until_drawn
from tests.pages.lakes import opened

PAGES = {
    "overview": "",
    "conversion": "conversion",
    "scores": "scores",
    "leads": "leads",
    "explore": "explore",
    "drift": "drift",
    "models": "models",
    "approvals": "approvals",
    "alerts": "alerts",
    "lake": "lake?section=Builds",  # the checks name folders of the machine
    "jobs": "jobs",
}
VIEWPORTS: dict[int, ViewportSize] = {1280: {"width": 1280, "height": 900}, 390: {"width": 390, "height": 844}}
TALLEST = 4_000
SEED = 7


def main() -> None:
    """Build the demo lake, serve it and draw every page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "screenshots", help="the folder to draw into")
    parser.add_argument("--leads", type=int, default=20_000, help="the size of the demo lake")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="leadlake-screenshots-") as folder:
        home = Path(folder)
        sys.stderr.write(f"Building a demo lake of {chosen.leads:,} leads …\n")
        fill_with_demo(opened(home), DemoPlan(until=datetime.now(UTC), leads=chosen.leads, seed=SEED))
        with serve(home) as address, sync_playwright() as playwright:
            browser = launch(playwright)
            for name, path in PAGES.items():
                for file in draw(browser, f"{address}/{path}", chosen.out, name):
                    sys.stderr.write(f"{file}\n")
            browser.close()


def draw(browser: Browser, link: str, folder: Path, name: str) -> list[Path]:
    """Draw one page in every mode and width; the files."""
    files = []
    for mode in ("light", "dark"):
        for width, viewport in VIEWPORTS.items():
            page = browser.new_page(viewport=viewport, color_scheme="dark" if mode == "dark" else "light")
            page.goto(link)
            wait_until_drawn(page)
            # The page scrolls within the window: make the window as high as the page.
            height = page.get_by_test_id("stMain").evaluate("main => main.scrollHeight")
            page.set_viewport_size({"width": width, "height": min(height, TALLEST)})
            page.wait_for_timeout(1_000)  # charts and table follow the new size
            file = folder / f"{name}-{mode}-{width}.png"
            page.screenshot(path=file)
            page.close()
            files.append(file)
    return files


if __name__ == "__main__":
    main()
