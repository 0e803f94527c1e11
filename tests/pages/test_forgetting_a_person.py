"""Forgetting a person from the page Leads: for who may, with a reason and the id typed, and what became of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from jobs.job import Job
from jobs.kind import JobTask
from jobs.kinds.forget import FORGET
from jobs.requests import list_jobs
from jobs.running import Worker, finish, take_next
from lake_access.database import open_database
from lake_access.ledger import entries
from lake_access.permissions import ROLES, Role, RowLimits, local_user
from tests.pages import lakes
from tests.pages.conftest import OpenPage
from tests.pages.people import Door

REASON = "asked for it, case 12"
BUTTON = "Forget for good"
WORKER = Worker("here", 1, "1")
ADMIN = local_user("adele")


def engine_of(home: Path) -> Engine:
    return open_database(lakes.opened(home).settings)


def found(open_page: OpenPage, home: Path) -> tuple[AppTest, str]:
    """The page after a search by an address: one lead is open."""
    page = open_page(home, "leads.py")
    page.text_input(key="_typed").set_value("guest3@example.com").run()
    lead = page.query_params["lead"]
    return page, lead[0] if isinstance(lead, list) else lead


def offered(page: AppTest) -> bool:
    return BUTTON in [button.label for button in page.button]


def ask(page: AppTest, lead: str, reason: str, typed: str) -> AppTest:
    page.text_input(key=f"forget_reason_{lead}").set_value(reason)
    page.text_input(key=f"forget_typed_{lead}").set_value(typed)
    next(button for button in page.button if button.label == BUTTON).click()
    page.run()
    assert not page.exception
    assert not page.error
    return page


def texts(page: AppTest) -> list[str]:
    return [element.value for element in (*page.text, *page.caption, *page.markdown, *page.warning)]


def run(home: Path, job: Job) -> dict[str, Any]:
    task = JobTask(
        lakes.opened(home).settings, job.actor, datetime.now(UTC), lambda _step, _share: None, lambda _line: None
    )
    return dict(FORGET.run(task, job.parameters))


def test_a_person_found_by_address_is_forgotten_and_the_page_says_what_went(
    open_page: OpenPage, addresses_home: Path
) -> None:
    page, lead = found(open_page, addresses_home)
    engine = engine_of(addresses_home)

    ask(page, lead, REASON, lead[:8])

    assert "Waits for a free place in the worker. Where none is running, `leadlake worker` starts one." in texts(page)
    job = take_next(engine, WORKER, datetime.now(UTC))
    assert job is not None
    assert (job.kind, job.parameters) == ("forget", {"lead": lead, "reason": REASON})
    result = run(addresses_home, job)
    finish(engine, job.id, str(WORKER), "succeeded", datetime.now(UTC), result=result)
    page.run()
    assert not page.exception
    said = texts(page)
    assert any("The person is forgotten" in text for text in said)
    assert any(text.startswith("Erased: 1 lead, 1 line of raw events, 1 raw batch written anew") for text in said)
    assert page.info[0].value == "There is no such lead here, or none that you may see."
    assert not offered(page)
    assert "guest3" not in str([(one.parameters, one.result) for one in list_jobs(engine, ADMIN)])
    (told,) = entries(engine, event="person.forgotten")
    assert (told.subject, told.details["reason"]) == (lead, REASON)


@pytest.mark.parametrize(
    ("reason", "typed", "said"),
    [
        (REASON, "", "What was typed is not the lead's id"),
        (REASON, "00000000", "What was typed is not the lead's id"),
        ("", None, "forgetting a person takes a reason"),
        ("guest3@example.com asked", None, "no address may stand in it"),
    ],
)
def test_without_a_reason_or_the_id_nothing_is_asked_for(
    open_page: OpenPage, addresses_home: Path, reason: str, typed: str | None, said: str
) -> None:
    page, lead = found(open_page, addresses_home)

    ask(page, lead, reason, lead[:8] if typed is None else typed)

    assert "Nothing was done." in texts(page)
    assert any(said in text for text in texts(page))
    assert list_jobs(engine_of(addresses_home), ADMIN) == []


def test_one_that_failed_says_that_it_is_to_be_run_again(open_page: OpenPage, addresses_home: Path) -> None:
    page, lead = found(open_page, addresses_home)
    engine = engine_of(addresses_home)
    ask(page, lead, REASON, lead)
    job = take_next(engine, WORKER, datetime.now(UTC))
    assert job is not None
    finish(engine, job.id, str(WORKER), "failed", datetime.now(UTC), error="others kept committing first <b>*x*</b>")

    page.run()

    assert "others kept committing first <b>*x*</b>" in [text.value for text in page.text]
    assert any("it finishes what it began" in text for text in texts(page))
    next(button for button in page.button if button.label == "Put away").click().run()
    assert not any("Forgetting a person" in text for text in texts(page))


@pytest.mark.parametrize(("role", "limit"), [*((role, None) for role in ROLES), ("admin", 0)])
def test_it_is_offered_to_administrators_who_see_all_leads_alone(
    open_page: OpenPage,
    addresses_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    role: Role,
    limit: int | None,
) -> None:
    rows = lakes.opened(addresses_home).pin().rows("SELECT lead_id::VARCHAR FROM curated.leads LIMIT 1")
    Door(monkeypatch, tmp_path, [RowLimits(sources=("webinar",))]).lets_in(role, limit)

    page = open_page(addresses_home, "leads.py", lead=rows[0][0])

    assert not page.exception
    assert [code.value for code in page.code][:1] == [rows[0][0]]
    assert offered(page) == (role == "admin" and limit is None)
