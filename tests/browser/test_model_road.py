"""The whole way of a version with real sign-in and a real worker: retrained, requested, approved by another, and back.

Before it, version 1 was made the first champion. The tests are its stages, in their order.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine

from jobs.promotion_sources import promotion_sources
from lake_access.database import open_database
from lake_access.errors import NotAllowedError
from lake_access.ledger import entries, verify
from lake_access.permissions import Actor
from lake_access.settings import Settings, load_settings
from tests.app.sign_in.served import (
    ROLES,
    Served,
    free_port,
    provider_process,
    server_process,
    write_config,
    write_secrets,
)
from tests.browser.dashboard import DRAW_MILLISECONDS
from tests.browser.reading import choose
from tests.browser.test_sign_in import expect_title, sign_in
from tests.training.promotion import model_lakes
from training.promotion.deciding import approve
from training.promotion.records import champion, request_of

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
JOB_MILLISECONDS = 240_000
ANALYST, ENGINEER = "anton@example.com", "mia@example.com"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("road") / "home"
    model_lakes.begun(home)
    config = write_config(home / "leadlake.toml", f'sign_in = "oidc"\n{ROLES}')
    port = free_port()
    with provider_process() as provider, worker_process(home, config):
        secrets = write_secrets(home / "secrets.toml", port, provider)
        with server_process(home, config, secrets_file=secrets, port=port) as address:
            yield Served(address, home, config, provider)


@contextmanager
def worker_process(home: Path, config: Path) -> Iterator[None]:
    """The worker as `leadlake worker` is."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LEADLAKE_")}
    environment = {**clean, "PYTHONPATH": str(ROOT), "LEADLAKE_HOME": str(home), "LEADLAKE_CONFIG": str(config)}
    with (home / "worker.log").open("wb") as out:
        command = [sys.executable, "-m", "app.cli", "worker"]
        running = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT)
        try:
            yield
        finally:
            running.terminate()
            running.wait(20)


@pytest.fixture
def person(browser: Browser, served: Served) -> Iterator[Callable[[str], Page]]:
    """Somebody signed in, in a browser of their own."""
    contexts = []

    def signed_in(name: str) -> Page:
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 1000}))
        page = contexts[-1].new_page()
        sign_in(page, served.address, name)
        expect_title(page, "Overview")
        return page

    yield signed_in
    for context in contexts:
        context.close()


@pytest.fixture
def settings(served: Served) -> Settings:
    return load_settings(served.environment)


def to(page: Page, title: str) -> Page:
    page.get_by_test_id("stSidebar").get_by_role("link", name=title, exact=True).click()
    expect_title(page, title)
    return page


def say_why(page: Page, popover: str, reason: str, button: str) -> None:
    """Open the form behind this button, give the reason, and send it."""
    page.get_by_role("button", name=popover).click()
    body = page.get_by_test_id("stPopoverBody")
    body.get_by_role("textbox", name="Reason").fill(reason)
    body.get_by_role("button", name=button, exact=True).click()


def champion_on_overview(page: Page, version: str) -> None:
    to(page, "Overview")
    metric = page.get_by_test_id("stMetric").filter(has=page.get_by_text("Model version", exact=True))
    expect(metric.get_by_test_id("stMetricValue")).to_have_text(version, timeout=DRAW_MILLISECONDS)


def test_an_analyst_retrains_and_watches_it(person: Callable[[str], Page]) -> None:
    anton = to(person("anton"), "Models")

    anton.get_by_role("tab", name="Retrain").click()
    choose(anton, "Algorithm", "Gradient boosting")
    anton.get_by_test_id("stForm").get_by_role("button", name="Retrain").click()

    job = anton.get_by_test_id("stVerticalBlock").filter(has=anton.get_by_role("heading", name="Retrain")).last
    expect(job.get_by_role("progressbar")).to_be_visible(timeout=DRAW_MILLISECONDS)
    expect(anton.get_by_role("link", name="All jobs")).to_be_visible()
    anton.get_by_role("button", name="Card of version 2").click(timeout=JOB_MILLISECONDS)
    expect(anton.get_by_role("combobox", name="Version")).to_have_value("2", timeout=DRAW_MILLISECONDS)


def test_and_asks_for_its_promotion_but_does_not_decide_on_it(
    person: Callable[[str], Page], settings: Settings
) -> None:
    anton = to(person("anton"), "Models")

    say_why(anton, "Request promotion", "It ranks better.", "Request")
    anton.get_by_role("link", name="Request 1").click(timeout=JOB_MILLISECONDS)
    expect_title(anton, "Approvals")

    the_one_who_asked_does_not_decide(anton, settings, open_database(settings))


def test_an_engineer_sees_gates_and_impact_and_approves(person: Callable[[str], Page], settings: Settings) -> None:
    mia = person("mia")

    see_and_approve(mia, open_database(settings))

    champion_on_overview(mia, "2")
    expect(mia.get_by_text(f"approved by {ENGINEER}.")).to_be_visible()


def test_and_rolls_back_and_the_ledger_holds_each_step(person: Callable[[str], Page], settings: Settings) -> None:
    mia = to(person("mia"), "Models")

    say_why(mia, "Roll back to version 1", "Sales report odd scores.", "Roll back")

    expect(mia.get_by_role("heading", name="Champion: version 1")).to_be_visible(timeout=DRAW_MILLISECONDS)
    champion_on_overview(mia, "1")
    the_ledger_holds_each_step(open_database(settings))


def the_one_who_asked_does_not_decide(page: Page, settings: Settings, engine: Engine) -> None:
    waiting = page.get_by_role("heading", name="Request 1: version 2 in place of 1")
    expect(waiting).to_be_visible(timeout=DRAW_MILLISECONDS)
    expect(page.get_by_role("button", name="Withdraw")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    # Nor if they were made an engineer since, and called what the button would.
    now = datetime.now(UTC)
    anton = Actor(ANALYST, frozenset({"ml_engineer"}), "oidc")
    with pytest.raises(NotAllowedError, match="another person must"):
        approve(engine, promotion_sources(settings, anton, now), anton, 1, "Mine is good.", now)


def see_and_approve(page: Page, engine: Engine) -> None:
    expect(page.get_by_text("A promotion waits for a decision")).to_be_visible(timeout=DRAW_MILLISECONDS)
    to(page, "Approvals")
    expect(page.get_by_text("There is a drift report")).to_be_visible(timeout=DRAW_MILLISECONDS)
    expect(page.get_by_role("heading", name="From validation to today")).to_be_visible()
    expect(page.get_by_role("heading", name="Leads that move most")).to_be_visible()
    waiting = request_of(engine, 1)
    assert "drift_report" not in {gate.gate for gate in waiting.failed}
    for left in range(len(waiting.failed), 0, -1):
        assert len(request_of(engine, 1).failed) == left
        say_why(page, "Override a gate", "Few leads; I looked at them.", "Override")
        # Under the gate: what was typed is text on the page as well, before it is sent.
        expect(page.get_by_text("of the ledger): Few leads; I looked at them.")).to_have_count(
            len(waiting.failed) - left + 1, timeout=DRAW_MILLISECONDS
        )
    form = page.get_by_test_id("stForm").filter(has=page.get_by_role("button", name="Approve"))
    form.get_by_role("textbox", name="Reason").fill("Better where it counts.")
    form.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("No request waits for a decision.")).to_be_visible(timeout=2 * DRAW_MILLISECONDS)


def the_ledger_holds_each_step(engine: Engine) -> None:
    told = [(entry.event, entry.actor, entry.via) for entry in entries(engine)]
    steps = [
        ("model.registered", ANALYST, "oidc"),
        ("promotion.requested", ANALYST, "oidc"),
        ("promotion.approved", ENGINEER, "oidc"),
        ("promotion.rolled_back", ENGINEER, "oidc"),
    ]
    assert [row for row in told if row in steps] == steps
    assert verify(engine).valid
    live = champion(engine)
    assert live is not None
    assert (live.version, live.tenure.how) == ("1", "rolled back")
