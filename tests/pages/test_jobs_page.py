"""The page of jobs and the status in every page's sidebar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from app.job_views.status import Standing, seconds_between_looks
from jobs.job import Job, State
from jobs.kinds import KINDS
from jobs.requests import cancel_job, list_jobs, request_job
from jobs.running import Worker, add_line, finish, take_next, tell_progress
from jobs.schedules import list_schedules, set_schedule
from jobs.tables import open_jobs
from lake_access.database import open_database
from lake_access.permissions import Actor, local_user, may
from lake_access.settings import load_settings
from tests.pages.conftest import ENTRY, OpenPage

WORKER = Worker("here", 1, "1")
ADA = local_user("ada <b>*x*</b>")
HOSTILE = "<b>bold</b> **strong** [x](http://x)"


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """The database of a lake without any lead."""
    engine = open_database(load_settings({"LEADLAKE_HOME": str(tmp_path)}))
    open_jobs(engine)
    return engine


def opened(open_page: OpenPage, home: Path) -> AppTest:
    page = open_page(home).switch_page(str(ENTRY.parent.parent / "pages" / "jobs.py")).run()
    assert not page.exception
    assert not page.error
    return page


def as_reader(monkeypatch: pytest.MonkeyPatch, *roles: str) -> None:
    actor = Actor("rea", frozenset(roles), "oidc")  # type: ignore[arg-type]
    for module in ("app.acting", "app.job_views.status"):
        monkeypatch.setattr(f"{module}.acting", lambda: actor)


def texts(page: AppTest) -> list[str]:
    return [text.value for text in page.text]


def running(engine: Engine, **parameters: object) -> Job:
    request_job(engine, KINDS, "maintain", parameters, ADA, datetime.now(UTC))
    job = take_next(engine, WORKER, datetime.now(UTC) - timedelta(seconds=10))
    assert job is not None
    return job


def status(page: AppTest) -> str:
    (link,) = page.sidebar.get("page_link")
    return str(link.proto.label)


@pytest.mark.usefixtures("engine")
def test_with_nothing_to_do_it_says_so(open_page: OpenPage, tmp_path: Path) -> None:
    page = opened(open_page, tmp_path)

    assert page.title[0].value == "Jobs"
    assert page.info[0].value == "Nothing runs or waits."
    assert status(page) == "No job runs"
    assert "Nothing is scheduled. What lands is built every minute all the same." in [c.value for c in page.caption]


def test_a_running_job_is_shown_with_its_step_share_estimate_and_log(
    open_page: OpenPage, tmp_path: Path, engine: Engine
) -> None:
    job = running(engine)
    tell_progress(engine, job.id, str(WORKER), f"Compacting {HOSTILE}", 0.25)
    add_line(engine, job.id, f"line {HOSTILE}", datetime.now(UTC))

    page = opened(open_page, tmp_path)

    (progress,) = [text for text in texts(page) if text.startswith("Compacting")]
    assert progress.startswith(f"Compacting {HOSTILE} · 25.0% · ")
    assert " so far · about " in progress
    assert f"line {HOSTILE}" in page.code[0].value
    assert any(text.startswith("Asked for by ada <b>*x*</b> ") for text in texts(page))
    assert not any("bold" in markdown.value for markdown in [*page.markdown, *page.caption, *page.subheader])
    assert status(page) == "Maintain the tables, 25%"


def test_a_job_is_cancelled_from_its_card(open_page: OpenPage, tmp_path: Path, engine: Engine) -> None:
    job = running(engine)
    page = opened(open_page, tmp_path)

    page.button(key=f"cancel_{job.id}").click().run()

    assert not page.exception
    assert page.button(key=f"cancel_{job.id}").disabled
    assert page.button(key=f"cancel_{job.id}").label == "Stopping …"
    (now,) = list_jobs(engine, ADA)
    assert now.cancel_asked


def test_ended_jobs_say_who_when_how_long_and_what_came_of_it(
    open_page: OpenPage, tmp_path: Path, engine: Engine
) -> None:
    done, failed = running(engine), running(engine, dry_run=True)
    now = datetime.now(UTC)
    finish(engine, done.id, str(WORKER), "succeeded", now, result={"files_joined": 1_204, "dry_run": False})
    finish(engine, failed.id, str(WORKER), "failed", now, error=HOSTILE)
    request_job(engine, KINDS, "build", {}, ADA, now)
    cancel_job(engine, 3, ADA, now)

    page = opened(open_page, tmp_path)

    frame = page.dataframe[0].value
    assert list(frame["job"]) == [3, 2, 1]
    assert list(frame["state"]) == ["– cancelled", "✗ failed", "✓ succeeded"]
    assert list(frame["outcome"]) == [f"Cancelled by {ADA.name}", HOSTILE, "files joined 1,204, dry run no"]
    assert frame["took"][2].startswith("1")
    assert status(page) == "1 failed today"


def test_a_job_is_asked_for_in_the_form(open_page: OpenPage, tmp_path: Path, engine: Engine) -> None:
    page = opened(open_page, tmp_path)
    page.selectbox(key="request_kind").set_value("maintain").run()
    page.checkbox(key="request_maintain_dry_run").check().run()

    page.button(key="request_job").click().run()

    assert not page.exception
    (job,) = list_jobs(engine, ADA)
    assert (job.kind, job.parameters, job.state) == ("maintain", {"dry_run": True}, "queued")


def test_a_schedule_is_set_paused_and_removed(open_page: OpenPage, tmp_path: Path, engine: Engine) -> None:
    page = opened(open_page, tmp_path)
    page.selectbox(key="schedule_preset").set_value("Maintain every night").run()
    page.button(key="set_schedule").click().run()
    (schedule,) = list_schedules(engine, ADA)
    assert (schedule.kind, schedule.crontab) == ("maintain", "30 2 * * *")
    assert any("Every day at 02:30 UTC (30 2 * * *) · next " in text for text in texts(page))

    page.button(key=f"pause_{schedule.id}").click().run()
    assert not list_schedules(engine, ADA)[0].enabled
    page.button(key=f"remove_{schedule.id}").click().run()

    assert not page.exception
    assert list_schedules(engine, ADA) == []


@pytest.mark.usefixtures("engine")
def test_an_impossible_crontab_says_what_is_wrong(open_page: OpenPage, tmp_path: Path) -> None:
    page = opened(open_page, tmp_path)
    page.selectbox(key="schedule_preset").set_value("Times of my own").run()

    page.text_input(key="schedule_crontab").set_value("61 * * * *").run()

    assert "The minute of a schedule cannot be '61': it goes from 0 to 59." in texts(page)
    assert not any(button.key == "set_schedule" for button in page.button)


def test_what_an_analyst_may_not_do_is_not_offered(
    open_page: OpenPage, tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = running(engine)
    set_schedule(engine, KINDS, "maintain", {}, "30 2 * * *", ADA, datetime.now(UTC))
    as_reader(monkeypatch, "analyst")

    page = opened(open_page, tmp_path)

    keys = {button.key for button in page.button}
    assert f"cancel_{job.id}" not in keys
    assert not {"set_schedule", "pause_1", "remove_1"} & keys
    analyst = Actor("ana", frozenset({"analyst"}), "local")
    offered = page.selectbox(key="request_kind").options
    assert offered == [kind.title for kind in KINDS.values() if may(analyst, kind.action)]
    assert "Maintain the tables" not in offered


def test_a_viewer_sees_neither_the_page_nor_the_status(
    open_page: OpenPage, calls_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_reader(monkeypatch, "viewer")

    page = open_page(calls_home)

    assert page.title[0].value == "Conversion"
    assert not page.sidebar.get("page_link")


def test_the_status_stands_on_other_pages_too(open_page: OpenPage, calls_home: Path) -> None:
    assert status(open_page(calls_home)) == "No job runs"


@pytest.mark.parametrize(
    ("counts", "seconds"), [({}, 20), ({"failed": 3}, 20), ({"queued": 1}, 4), ({"running": 1, "failed": 1}, 4)]
)
def test_the_status_is_looked_at_often_only_while_there_are_jobs(counts: dict[State, int], seconds: int) -> None:
    assert seconds_between_looks(Standing(counts, [])) == seconds


def test_the_status_is_looked_at_seldom_where_the_database_does_not_answer() -> None:
    assert seconds_between_looks(None) == 20
