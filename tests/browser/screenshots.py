"""Draw the screenshots of the documentation: `python -m tests.browser.screenshots`.

A demo lake in a temporary folder, with the demo's models, two rules for alerts and a job that was done, is served as a
user would serve it; each page is drawn in light and dark, wide and narrow, into docs/screenshots.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, ViewportSize, sync_playwright

from jobs.alert_checks import check_alerts
from jobs.demo import fill_with_demo, wants_demo
from jobs.demo_models import make_demo_models
from jobs.job import FINISHED
from jobs.kinds import KINDS
from jobs.requests import request_job
from jobs.schedules import list_schedules, set_schedule
from lake_access.database import open_database
from lake_access.demo_events import DemoPlan
from lake_access.permissions import local_user
from monitoring.alerts.rules import RuleWish, list_rules, set_rule
from monitoring.alerts.tables import open_alerts
from tests.browser.dashboard import ROOT, launch, serve, wait_until_drawn
from tests.jobs.trial import end_worker, start_worker, wait_until
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
    "lake": "lake?lake_section=Builds",  # the checks name folders of the machine
    "jobs": "jobs",
}
VIEWPORTS: dict[int, ViewportSize] = {1280: {"width": 1280, "height": 900}, 390: {"width": 390, "height": 844}}
TALLEST = 4_000
PATIENCE = 180_000  # milliseconds: the first page of a kind imports what it needs
RULES = (
    RuleWish("Data is stale", "freshness_hours", "above", 36),
    RuleWish("Too many refused lines", "quarantine_share", "above", 0.0001, days=90),
)
SEED = 7
WHO = "Clara Hoffmann"  # whose actions are shown: pages say “… asks for version 2”


def main() -> None:
    """Build the demo lake, serve it and draw every page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "screenshots", help="the folder to draw into")
    parser.add_argument("--leads", type=int, default=20_000, help="the size of the demo lake")
    parser.add_argument("--home", type=Path, help="a home that this filled before, to be drawn again")
    parser.add_argument("--only", nargs="*", choices=list(PAGES), default=list(PAGES), help="these pages alone")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    with ExitStack() as ending:
        home = chosen.home
        if home is None:
            home = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="leadlake-screenshots-")))
        fill(home, chosen.leads)
        address = ending.enter_context(serve(home))
        browser = launch(ending.enter_context(sync_playwright()))
        for name in chosen.only:
            for file in draw(browser, f"{address}/{PAGES[name]}", chosen.out, name):
                sys.stderr.write(f"{file}\n")
        browser.close()


def fill(home: Path, leads: int) -> None:
    """Make the demo lake, its models, the rules and a job; what is there already is left alone."""
    lake, actor, now = opened(home), local_user(WHO), datetime.now(UTC)
    sys.stderr.write(f"Building a demo lake of {leads:,} leads …\n")
    if wants_demo(lake):
        fill_with_demo(lake, DemoPlan(until=now, leads=leads, seed=SEED))
    sys.stderr.write("Training its models …\n")
    make_demo_models(lake.settings, actor, now, lambda _step, _share: None, lambda _line: None)
    engine = open_database(lake.settings)
    open_alerts(engine)
    if not list_rules(engine):
        for rule in RULES:
            set_rule(engine, actor, rule, (), now)
    check_alerts(engine, lake.settings, actor, datetime.now(UTC))
    if not list_schedules(engine, actor):
        sys.stderr.write("Checking for drift …\n")
        set_schedule(engine, KINDS, "drift_check", {}, "0 5 * * 1", actor, now)
        job = request_job(engine, KINDS, "drift_check", {}, actor, now)
        worker = start_worker(lake.settings)
        wait_until(engine, job, lambda at: at.state in FINISHED, seconds=PATIENCE / 1000)
        end_worker(worker)


def draw(browser: Browser, link: str, folder: Path, name: str) -> list[Path]:
    """Draw one page in every mode and width; the files."""
    files = []
    for mode in ("light", "dark"):
        for width, viewport in VIEWPORTS.items():
            page = browser.new_page(viewport=viewport, color_scheme="dark" if mode == "dark" else "light")
            page.goto(link)
            wait_until_drawn(page, PATIENCE)
            # The page scrolls within the window: make the window as high as the page.
            height = page.get_by_test_id("stMain").evaluate("main => main.scrollHeight")
            page.set_viewport_size({"width": width, "height": min(height, TALLEST)})
            page.wait_for_timeout(1_000)  # charts and table follow the new size
            # What looks now and then of itself, as the state of jobs does, shows a sign of running.
            page.wait_for_selector("[data-testid=stStatusWidget]", state="detached", timeout=PATIENCE)
            wait_until_drawn(page, PATIENCE)
            file = folder / f"{name}-{mode}-{width}.png"
            page.screenshot(path=file)
            page.close()
            files.append(file)
    return files


if __name__ == "__main__":
    main()
