"""A reverse proxy with TLS that has signed people in: the page is theirs, in their roles and within their limits."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.serving.options import options_of
from lake_access.settings import load_settings
from tests.app.sign_in.served import ROLES, free_port, server_process, write_config
from tests.browser.conftest import CALLS
from tests.browser.dashboard import DRAW_MILLISECONDS
from tests.browser.reverse_proxy import ReverseProxy, reverse_proxy
from tests.pages.lakes import ATTENDANCES

pytestmark = pytest.mark.browser

# From then on a lead is young in that lake.
YOUNG = datetime(2025, 11, 1, tzinfo=UTC)
LIMITS = 'limits = [{ groups = ["south"], locations = ["Ulm"] }]\n'
PROXY = '\n[access.proxy]\ngroups_header = "X-Forwarded-Groups"\nsign_out_url = "/oauth2/sign_out"\n'


def leads_of(location: str | None) -> int:
    """How many mature leads a reader counts: all, with the guests of the webinar, or those of a location."""
    mature = [group for group in CALLS if group.since < YOUNG and location in (None, group.location)]
    return sum(group.count for group in mature) + (ATTENDANCES if location is None else 0)


@pytest.fixture(scope="module")
def proxy(calls_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReverseProxy]:
    home = tmp_path_factory.mktemp("proxied") / "home"
    home.mkdir()
    shutil.copy(calls_home / "leadlake.sqlite", home / "leadlake.sqlite")
    (home / "lake").symlink_to(calls_home / "lake")
    access = f'sign_in = "proxy"\n{LIMITS}{ROLES}{PROXY}addresses = ["127.0.0.1", "::1"]\n'
    config = write_config(home / "leadlake.toml", access)
    declared = load_settings({"LEADLAKE_CONFIG": str(config)}).declarations.access
    port, options = free_port(), options_of(declared, "127.0.0.1", hosts_are_set=False)
    with server_process(home, config, options, port=port), reverse_proxy(port, home) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(ignore_https_errors=True)
    yield context.new_page()
    context.close()


def test_who_the_proxy_names_reads_their_pages_over_tls(proxy: ReverseProxy, page: Page) -> None:
    proxy.email, proxy.groups = "vera@example.com", ""

    page.goto(f"https://localhost:{proxy.port}/conversion")

    sidebar = page.get_by_test_id("stSidebar")
    expect(sidebar.get_by_text("vera@example.com · viewer")).to_be_visible(timeout=DRAW_MILLISECONDS)
    expect(page.get_by_test_id("stMetricValue").get_by_text(str(leads_of(None)), exact=True)).to_be_visible(
        timeout=DRAW_MILLISECONDS
    )
    expect(sidebar.get_by_role("link", name="Sign out")).to_have_attribute("href", "/oauth2/sign_out")
    assert page.context.cookies()
    assert all(cookie["secure"] for cookie in page.context.cookies())


def test_a_limit_by_a_group_of_the_proxy_holds(proxy: ReverseProxy, page: Page) -> None:
    proxy.email, proxy.groups = "anton@example.com", "data, south"

    page.goto(f"https://localhost:{proxy.port}/conversion")

    sidebar = page.get_by_test_id("stSidebar")
    expect(sidebar.get_by_text("anton@example.com · analyst")).to_be_visible(timeout=DRAW_MILLISECONDS)
    expect(page.get_by_test_id("stMetricValue").get_by_text(str(leads_of("Ulm")), exact=True)).to_be_visible(
        timeout=DRAW_MILLISECONDS
    )
    expect(sidebar.get_by_role("link", name="Models")).to_have_count(0)
    page.goto(f"https://localhost:{proxy.port}/lake")
    expect(page.get_by_text("This is not for your role.")).to_be_visible(timeout=DRAW_MILLISECONDS)


def test_whom_no_list_names_gets_no_further(proxy: ReverseProxy, page: Page) -> None:
    proxy.email, proxy.groups = "norbert@example.com", ""

    answer = page.goto(f"https://localhost:{proxy.port}/")

    assert answer is not None
    expect(page.get_by_text("Ask the lake's keeper.")).to_be_visible(timeout=DRAW_MILLISECONDS)
    expect(page.get_by_test_id("stSidebar")).to_have_count(0)
