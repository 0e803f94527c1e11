"""The job that forgets a person: asked for by the id of their lead, no address in the queue, repeated when killed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from jobs.job import Job
from jobs.kind import JobTask
from jobs.kinds.forget import FORGET, request_forgetting
from jobs.requests import list_jobs, request_job
from jobs.running import Worker, finish, take_next
from lake_access.building.build import build
from lake_access.database import open_database
from lake_access.errors import NotAllowedError, RefusedError
from lake_access.forgetting import forget as steps
from lake_access.forgetting.forget import cut_short
from lake_access.lake import Lake
from lake_access.ledger import entries, verify
from lake_access.permissions import Actor, RowLimits, local_user
from tests.lake_access.forgetting.test_forget import ADDRESS, Killed, erase, files_naming, filled, lead_of
from tests.lake_access.lakes import NOW

ADMIN = local_user("maria")
KEY = "CRM-4242-ann-77"
REASON = "asked for it, case 12"
WORKER = Worker("here", 1, "1")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return filled(tmp_path / "home")


@pytest.fixture
def engine(lake: Lake) -> Iterator[Engine]:
    engine = open_database(lake.settings)
    yield engine
    engine.dispose()


def run(lake: Lake, job: Job) -> dict[str, Any]:
    """The work of a job, as its process does it."""
    task = JobTask(lake.settings, job.actor, datetime.now(UTC), lambda _step, _share: None, lambda _line: None)
    return dict(FORGET.run(task, job.parameters))


def asked(engine: Engine, lead: str) -> Job:
    request_forgetting(engine, ADMIN, lead, REASON, NOW)
    job = take_next(engine, WORKER, NOW)
    assert job is not None
    return job


def test_it_erases_what_the_command_does_and_keeps_the_keyed_hash_alone(lake: Lake, engine: Engine) -> None:
    lead = lead_of(lake, ADDRESS)
    job = asked(engine, lead)

    result = run(lake, job)

    assert result["leads"] == 1
    assert result["raw_lines"] == 6
    assert result["batches_unreadable"] == 0
    assert files_naming(lake, ADDRESS, lead, KEY) == []
    assert job.parameters == {"lead": lead, "reason": REASON}
    assert list_jobs(engine, ADMIN)[0].parameters == job.parameters
    told = {entry.event: entry for entry in entries(engine)}["person.forgotten"]
    assert (told.actor, told.subject, told.details["reason"]) == ("maria", lead, REASON)
    assert verify(engine).valid
    engine.dispose()
    assert ADDRESS.encode() not in (lake.settings.home / "leadlake.sqlite").read_bytes().lower()


@pytest.mark.parametrize(("lead", "reason"), [(ADDRESS, REASON), (None, f"{ADDRESS} asked")])
def test_an_address_is_refused_before_the_queue_keeps_it(
    lake: Lake, engine: Engine, lead: str | None, reason: str
) -> None:
    wish = {"lead": lead or lead_of(lake, ADDRESS), "reason": reason}

    with pytest.raises(RefusedError):
        request_job(engine, {FORGET.name: FORGET}, FORGET.name, wish, ADMIN, NOW)

    assert list_jobs(engine, ADMIN) == []


# Each way in which the names of the person may be there no more; tests/lake_access/forgetting has every step.
@pytest.mark.parametrize(
    ("step", "after"), [("rewrite", True), ("replay", False), ("replay", True), ("_finish", False)]
)
def test_one_that_was_killed_is_finished_by_running_it_again(
    lake: Lake, engine: Engine, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    lead = lead_of(lake, ADDRESS)
    job = asked(engine, lead)
    done = getattr(steps, step)

    def die(*arguments: Any, **named: Any) -> None:
        if after:
            done(*arguments, **named)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(steps, step, die)
        with pytest.raises(Killed):
            run(lake, job)
    finish(engine, job.id, str(WORKER), "failed", NOW, error="killed")
    build(lake, datetime.now(UTC))
    kept = list_jobs(engine, ADMIN)[0]
    assert kept.parameters == {"lead": lead, "reason": REASON}
    run(lake, kept)

    assert files_naming(lake, ADDRESS, lead, KEY) == []
    assert cut_short(engine) == 0
    assert verify(engine).valid


def test_the_command_finishes_what_a_killed_job_began(
    lake: Lake, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = lead_of(lake, ADDRESS)

    def die(*_arguments: Any, **_named: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(steps, "replay", die)
        with pytest.raises(Killed):
            run(lake, asked(engine, lead))
    assert cut_short(engine) == 1

    erase(lake, engine)

    assert files_naming(lake, ADDRESS, lead, KEY) == []
    assert cut_short(engine) == 0


@pytest.mark.parametrize(
    ("actor", "lead", "reason", "message"),
    [
        (ADMIN, "0" * 32, " ", "takes a reason"),
        (ADMIN, "0" * 32, "since ann@x.com asked", "no address may stand in it"),
        (ADMIN, "0" * 32, "since ann\uff20x.com asked", "no address may stand in it"),
        (ADMIN, ADDRESS, REASON, "lead is the id of a lead"),
        (Actor("ben", frozenset({"ml_engineer"}), "oidc"), "0" * 32, REASON, "ben may not forget a person"),
        (
            Actor("ben", frozenset({"admin"}), "oidc", RowLimits(sources=("webinar",))),
            "0" * 32,
            REASON,
            "the right to see all leads",
        ),
    ],
)
def test_what_is_refused_is_no_job(engine: Engine, actor: Actor, lead: str, reason: str, message: str) -> None:
    with pytest.raises(RefusedError, match=message) as refused:
        request_forgetting(engine, actor, lead, reason, NOW)

    assert list_jobs(engine, ADMIN) == []
    assert ADDRESS not in str(refused.value)
    assert isinstance(refused.value, NotAllowedError) == (actor is not ADMIN)


def test_a_lead_that_is_not_there_is_refused_by_the_job_and_nothing_changes(lake: Lake, engine: Engine) -> None:
    with pytest.raises(RefusedError, match="nothing in the lake is of this lead"):
        run(lake, asked(engine, "f" * 32))

    assert entries(engine) == []
    assert files_naming(lake, ADDRESS)
