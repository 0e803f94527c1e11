"""Signing in with a browser at a real provider: each role on each page, the way back, an ended session, signing out."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from app.navigation import PAGES, PageEntry
from lake_access import ledger
from lake_access.database import open_database
from lake_access.permissions import ALLOWED, Actor, Role
from lake_access.sessions import revoke
from lake_access.settings import load_settings
from tests.app.sign_in.served import (
    ROLES,
    Served,
    free_port,
    handshake,
    provider_process,
    server_process,
    write_config,
    write_secrets,
)
from tests.browser.dashboard import DRAW_MILLISECONDS

pytestmark = pytest.mark.browser

PEOPLE: dict[Role, tuple[str, str]] = {
    "viewer": ("vera", "vera@example.com"),
    "analyst": ("anton", "anton@example.com"),
    "ml_engineer": ("mia", "mia@example.com"),
    "admin": ("adele", "adele@example.com"),
}
WARDEN = Actor("adele@example.com", frozenset({"admin"}), "command line")


@pytest.fixture(scope="module")
def served(calls_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("signed") / "home"
    # The tables' catalog holds the paths of their files, so that the lake itself stays where it is.
    home.mkdir()
    shutil.copy(calls_home / "leadlake.sqlite", home / "leadlake.sqlite")
    (home / "lake").symlink_to(calls_home / "lake")
    config = write_config(home / "leadlake.toml", f'sign_in = "oidc"\n{ROLES}')
    port = free_port()
    with provider_process() as provider:
        secrets = write_secrets(home / "secrets.toml", port, provider)
        with server_process(home, config, secrets_file=secrets, port=port) as address:
            yield Served(address, home, config, provider)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of somebody who has no cookie yet; nothing may go wrong in it, but for the provider's own pages."""
    problems: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and message.location.get("url", "").startswith("http://localhost:"):
            problems.append(message.text)

    context = browser.new_context()
    opened = context.new_page()
    opened.on("console", note)
    opened.on("pageerror", lambda error: problems.append(str(error)))
    yield opened
    context.close()
    # Chromium tells of a refused answer, which is what some tests ask for.
    assert [problem for problem in problems if not re.search(r"status of 40|error - 401", problem)] == []


def sign_in(page: Page, link: str, name: str) -> None:
    page.goto(link)
    page.get_by_role("link", name="Sign in with House").click()
    _say_who(page, name)


def _say_who(page: Page, name: str) -> None:
    page.get_by_role("textbox").fill(name)
    page.get_by_role("button", name="Authorize").click()


def expect_title(page: Page, title: str) -> None:
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible(timeout=DRAW_MILLISECONDS)


def address_of(entry: PageEntry) -> str:
    return "/" if entry is PAGES[0] else f"/{entry.file.removesuffix('.py')}"


@pytest.mark.parametrize("role", PEOPLE)
def test_each_role_is_offered_its_pages_and_told_why_the_others_stay_closed(
    served: Served, page: Page, role: Role
) -> None:
    name, email = PEOPLE[role]
    sign_in(page, served.address, name)
    sidebar = page.get_by_test_id("stSidebar")
    expect(sidebar.get_by_text(f"{email} · {role}")).to_be_visible(timeout=DRAW_MILLISECONDS)
    for entry in PAGES:
        page.goto(f"{served.address}{address_of(entry)}")
        expect_title(page, entry.title)
        refused = page.get_by_text("This is not for your role.")
        if role in ALLOWED[entry.action]:
            expect(sidebar.get_by_text(email)).to_be_visible()
            expect(refused).not_to_be_visible()
        else:
            expect(refused).to_be_visible(timeout=DRAW_MILLISECONDS)
            assert sidebar.get_by_role("link", name=entry.title).count() == 0
    told = ledger.entries(open_database(load_settings(served.environment)), event="access.refused", subject=None)
    closed = {entry.action.value for entry in PAGES if role not in ALLOWED[entry.action]}
    assert {entry.subject for entry in told if entry.actor == email} == closed


def test_a_link_opens_the_same_view_after_signing_in(served: Served, page: Page) -> None:
    link = f"{served.address}/conversion?source=cellular&rows=Location"

    sign_in(page, link, "vera")

    expect_title(page, "Conversion")
    expect(page).to_have_url(re.compile(r"source=cellular&rows=Location"))


def test_a_download_is_closed_to_who_has_no_cookie(served: Served, page: Page) -> None:
    sign_in(page, f"{served.address}/conversion", "vera")
    expect_title(page, "Conversion")
    button = page.get_by_test_id("stDownloadButton").get_by_role("button").first
    button.wait_for(timeout=DRAW_MILLISECONDS)
    with page.expect_download() as downloading:
        button.click()

    file = downloading.value.url
    assert "/media/" in file
    assert page.request.get(file).status == 200
    assert httpx.get(file).status_code == 401


def test_nobody_sees_whom_to_ask_and_nothing_else(served: Served, page: Page) -> None:
    sign_in(page, served.address, "norbert")

    expect_title(page, "No role here")
    expect(page.get_by_text("You are signed in as norbert@example.com, and no list here names you.")).to_be_visible()
    expect(page.get_by_text("Ask the lake's keeper.")).to_be_visible()
    cookies = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in page.context.cookies())
    assert handshake(served.address, {"Cookie": cookies, "Origin": served.address}) == 403


def test_an_ended_session_is_asked_again_and_keeps_its_address(served: Served, page: Page) -> None:
    sign_in(page, f"{served.address}/conversion?rows=Location", "anton")
    expect_title(page, "Conversion")

    page.wait_for_timeout(1100)
    engine = open_database(load_settings(served.environment))
    revoke(engine, WARDEN, "anton@example.com", "a test", datetime.now(UTC))
    page.get_by_text("Count young leads too").click()

    expect(page.get_by_text("Your session is over; sign in again.")).to_be_visible(timeout=DRAW_MILLISECONDS)
    page.wait_for_timeout(1100)
    page.get_by_role("button", name="Sign in with House").click()
    _say_who(page, "anton")
    expect_title(page, "Conversion")
    expect(page).to_have_url(re.compile(r"rows=Location"))
    expect(page.get_by_test_id("stSidebar").get_by_text("anton@example.com · analyst")).to_be_visible()


def test_signing_out_leads_to_the_sign_in(served: Served, page: Page) -> None:
    sign_in(page, served.address, "mia")
    expect_title(page, "Overview")

    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="End session").click()

    expect_title(page, "Sign in")
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    page.goto(served.address)
    expect_title(page, "Sign in")
