"""The page of jobs as a reader has it: asked for, watched, cancelled, with a real worker beside the dashboard."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine

from jobs.queue import wake_worker
from jobs.requests import cancel_job, list_jobs, request_job
from lake_access.database import open_database
from lake_access.permissions import local_user
from lake_access.settings import Settings, load_settings
from tests.browser.conftest import MODES, Mode, OpenPage, Width
from tests.browser.dashboard import serve
from tests.browser.reading import misplaced
from tests.jobs.trial import end_worker, start_worker
from tests.jobs.trial_kinds import TRIAL_KINDS
from tests.pages import lakes

pytestmark = pytest.mark.browser

READER = local_user(getpass.getuser())
SECONDS = 30_000


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("jobs")
    lakes.fill(home)
    return load_settings({"LEADLAKE_HOME": str(home)})


@pytest.fixture(scope="module")
def address(settings: Settings) -> Iterator[str]:
    """The dashboard's, with a worker beside it."""
    worker = start_worker(settings)
    with serve(Path(settings.home)) as address:
        yield address
    end_worker(worker)


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    engine = open_database(settings)
    yield engine
    engine.dispose()


def go_to_jobs(page: Page) -> None:
    """By the status in the sidebar, which stands on every page."""
    if page.viewport_size is not None and page.viewport_size["width"] < 500:
        page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_test_id("stSidebar").get_by_test_id("stPageLink").get_by_role("link").click()
    expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible(timeout=SECONDS)


def ask_for_counting(engine: Engine, settings: Settings, steps: int) -> int:
    """A job of a kind that takes as long as it is told."""
    job = request_job(engine, TRIAL_KINDS, "count", {"steps": steps}, READER, datetime.now(UTC))
    wake_worker(settings)
    return job.id


def test_a_job_is_asked_for_watched_and_found_among_those_that_ended(
    open_page: OpenPage, address: str, engine: Engine
) -> None:
    page = open_page(address)
    go_to_jobs(page)
    page.get_by_role("button", name="Run a job").click()
    page.get_by_role("button", name="Run", exact=True).click()

    # The page follows by itself: nobody reloads it.
    expect(page.get_by_text("The newest 200 at most")).to_be_visible(timeout=SECONDS)
    expect(page.get_by_text("Nothing runs or waits.")).to_be_visible(timeout=SECONDS)
    (job,) = list_jobs(engine, READER, kinds=["build"])
    assert (job.state, job.requested_by) == ("succeeded", READER.name)


def test_a_job_is_watched_and_cancelled(open_page: OpenPage, address: str, engine: Engine, settings: Settings) -> None:
    page = open_page(address)
    number = ask_for_counting(engine, settings, 1_000)
    status = page.get_by_test_id("stSidebar").get_by_test_id("stPageLink")
    expect(status).to_contain_text("count, ", timeout=SECONDS)
    go_to_jobs(page)

    told = page.get_by_text("so far", exact=False).first
    expect(told).to_contain_text("Counting", timeout=SECONDS)
    before = told.inner_text()
    expect(told).not_to_have_text(before, timeout=SECONDS)
    page.get_by_role("button", name="Cancel").click()

    expect(page.get_by_text("Nothing runs or waits.")).to_be_visible(timeout=SECONDS)
    expect(status).to_contain_text("No job runs", timeout=SECONDS)
    (job,) = [job for job in list_jobs(engine, READER) if job.id == number]
    assert (job.state, job.cancelled_by) == ("cancelled", READER.name)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_cut_off_or_wider_than_the_screen(
    open_page: OpenPage, address: str, engine: Engine, settings: Settings, width: Width, mode: Mode
) -> None:
    page = open_page(address, width, mode)
    numbers = [ask_for_counting(engine, settings, steps) for steps in (700, 701, 702)]
    go_to_jobs(page)
    expect(page.get_by_text("Waits for a free place")).to_have_count(1, timeout=SECONDS)

    assert misplaced(page) == []

    for number in numbers:
        cancel_job(engine, number, READER, datetime.now(UTC))
    expect(page.get_by_text("Nothing runs or waits.")).to_have_count(1, timeout=SECONDS)
