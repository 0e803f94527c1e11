"""Asking for jobs: who may, what is one and the same, what cancelling and running again do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert
from sqlalchemy.exc import IntegrityError

from jobs.job import WORKER_NAME, Job, actor_of, rights_of, seconds_left
from jobs.requests import (
    cancel_job,
    count_jobs,
    list_jobs,
    read_job,
    run_again,
    usual_seconds,
)
from jobs.running import Worker, add_line, finish, take_next, tell_progress
from jobs.tables import JOBS, open_jobs
from lake_access import ledger
from lake_access.database import open_database, writing
from lake_access.errors import NotAllowedError, RefusedError, StorageError
from lake_access.permissions import Actor, RowLimits, local_user
from tests.jobs.trial import ADA, BOB, MLE, NOW, VERA, ask, look
from tests.jobs.trial_kinds import TRIAL_KINDS
from tests.lake_access.lakes import settings_in

WORKER = Worker("here", 1, "1")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(settings_in(tmp_path))
    open_jobs(engine)
    yield engine
    engine.dispose()


def begin(engine: Engine) -> Job:
    job = take_next(engine, WORKER, NOW)
    assert job is not None
    return job


def test_a_request_is_queued_with_its_defaults_and_the_rights_of_its_requester(engine: Engine) -> None:
    job = look(engine, ask(engine))

    assert (job.state, job.kind, job.parameters) == ("queued", "count", {"steps": 3})
    assert (job.requested_by, job.requested_at, job.attempt) == ("ada", NOW, 1)
    assert (job.actor.name, job.actor.roles, job.actor.via) == ("ada", ADA.roles, "local")


def test_row_limits_and_the_way_by_which_they_came_go_with_the_one_who_asked() -> None:
    limited = Actor("lim", frozenset({"analyst"}), "oidc", RowLimits(sources=("Webinar",)))

    assert actor_of("lim", json.loads(json.dumps(rights_of(limited)))) == limited


def test_no_job_decides_for_the_one_user_of_a_machine_without_sign_in() -> None:
    alone = local_user("lena")

    acting = actor_of("lena", rights_of(alone))

    assert (alone.alone, acting.alone, acting.via) == (True, False, "local")


def test_a_job_from_before_the_way_was_kept_is_the_workers() -> None:
    assert actor_of("ada", {"roles": ["analyst"], "limits": None}).via == "worker"


def test_identical_requests_are_one_job_until_it_has_ended(engine: Engine) -> None:
    first = ask(engine, steps=5)

    assert ask(engine, actor=BOB, steps="5").id == first.id
    assert ask(engine, steps=6).id != first.id
    begin(engine)
    assert ask(engine, steps=5).id == first.id
    finish(engine, first.id, str(WORKER), "succeeded", NOW, result={})
    assert ask(engine, steps=5).id != first.id


def test_identical_requests_at_once_are_one_job(engine: Engine) -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = {job.id for job in pool.map(lambda _: ask(engine, steps=5), range(24))}

    assert len(ids) == 1
    assert len(list_jobs(engine, ADA)) == 1


def test_the_database_itself_refuses_a_second_identical_job(engine: Engine) -> None:
    row: dict[str, Any] = {"kind": "count", "parameters": {}, "digest": "d", "state": "queued", "requested_by": "ada"}
    row |= {"rights": rights_of(ADA), "requested_at": NOW}

    with pytest.raises((StorageError, IntegrityError)), writing(engine) as connection:
        connection.execute(insert(JOBS), [row, row])


def test_who_may_not_do_it_may_not_ask_for_it(engine: Engine) -> None:
    with pytest.raises(NotAllowedError, match="vera may not retrain a model"):
        ask(engine, actor=VERA)
    with pytest.raises(NotAllowedError, match="maintain"):
        ask(engine, "maintain")
    with pytest.raises(NotAllowedError):
        list_jobs(engine, VERA)

    assert list_jobs(engine, ADA) == []


@pytest.mark.parametrize(
    ("kind", "parameters", "sentence"),
    [
        ("cuont", {}, r"no kind of job 'cuont' \(did you mean \"count\"\?\)"),
        ("count", {"stops": 1}, r"unknown parameter 'stops' \(did you mean \"steps\"\?\)"),
        ("count", {"steps": "many"}, "steps is a whole number, and not 'many'"),
        ("count", {"steps": True}, "steps is a whole number"),
        ("count", {"steps": 2.5}, "steps is a whole number"),
        ("count", {"steps": float("nan")}, "steps is a whole number"),
        ("count", {"mark": 3}, "mark is text"),
        ("build", {"x": 1}, "unknown parameter 'x'"),
    ],
)
def test_what_cannot_be_is_refused_with_what_it_should_be(
    engine: Engine, kind: str, parameters: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(RefusedError, match=sentence):
        ask(engine, kind, **parameters)

    assert list_jobs(engine, ADA) == []


def test_a_queued_job_that_is_cancelled_never_starts(engine: Engine) -> None:
    job = cancel_job(engine, ask(engine).id, ADA, NOW)

    assert (job.state, job.finished_at, job.cancelled_by) == ("cancelled", NOW, "ada")
    assert take_next(engine, WORKER, NOW) is None


def test_a_running_job_is_asked_to_stop_and_the_ledger_knows_by_whom(engine: Engine) -> None:
    ask(engine)
    running = begin(engine)

    assert cancel_job(engine, running.id, MLE, NOW).state == "running"
    cancel_job(engine, running.id, ADA, NOW)

    assert look(engine, running).cancel_asked
    assert look(engine, running).cancelled_by == "mia"
    (entry,) = ledger.entries(engine, event="job.cancelled")
    assert (entry.actor, entry.subject) == ("mia", f"job {running.id}")


def test_somebody_elses_job_takes_the_role_for_it(engine: Engine) -> None:
    job = ask(engine)

    with pytest.raises(NotAllowedError, match="bob may not cancel a job of somebody else"):
        cancel_job(engine, job.id, BOB, NOW)

    assert look(engine, job).state == "queued"
    assert cancel_job(engine, job.id, MLE, NOW).state == "cancelled"


def test_what_has_ended_cannot_be_cancelled_and_what_never_was_is_named(engine: Engine) -> None:
    job = cancel_job(engine, ask(engine).id, ADA, NOW)

    with pytest.raises(RefusedError, match=f"Job {job.id} has ended"):
        cancel_job(engine, job.id, ADA, NOW)
    with pytest.raises(RefusedError, match="There is no job 99"):
        cancel_job(engine, 99, ADA, NOW)


def test_a_failed_job_is_run_again_as_its_next_attempt(engine: Engine) -> None:
    failed = ask(engine, steps=7)
    begin(engine)
    finish(engine, failed.id, str(WORKER), "failed", NOW, error="It failed.")

    again = run_again(engine, TRIAL_KINDS, failed.id, BOB, NOW)

    assert (again.parameters, again.attempt, again.requested_by) == ({"steps": 7}, 2, "bob")
    assert run_again(engine, TRIAL_KINDS, failed.id, BOB, NOW).id == again.id
    assert look(engine, failed).error == "It failed."


def test_what_succeeded_is_not_run_again(engine: Engine) -> None:
    job = ask(engine)
    begin(engine)
    finish(engine, job.id, str(WORKER), "succeeded", NOW, result={})

    with pytest.raises(RefusedError, match="is succeeded"):
        run_again(engine, TRIAL_KINDS, job.id, ADA, NOW)


def test_the_list_leaves_out_what_the_worker_built_well_by_itself(engine: Engine) -> None:
    itself = Actor(WORKER_NAME, frozenset({"analyst"}), "worker")
    for state in ("succeeded", "failed"):
        ask(engine, "build", actor=itself)
        finish(engine, begin(engine).id, str(WORKER), state, NOW)
    ask(engine)

    assert [(job.kind, job.state) for job in list_jobs(engine, ADA, of_worker=False)] == [
        ("count", "queued"),
        ("build", "failed"),
    ]
    assert len(list_jobs(engine, ADA)) == 3
    assert [job.kind for job in list_jobs(engine, ADA, states=["queued"])] == ["count"]
    assert [job.state for job in list_jobs(engine, ADA, kinds=["build"])] == ["failed", "succeeded"]


def test_the_counts_are_of_what_is_at_hand_and_of_what_ended_since(engine: Engine) -> None:
    for days, state in ((3, "failed"), (0, "failed"), (0, "succeeded")):
        ask(engine, steps=days, mark=state)
        finish(engine, begin(engine).id, str(WORKER), state, NOW - timedelta(days=days))  # type: ignore[arg-type]
    ask(engine, steps=10)
    begin(engine)
    ask(engine, steps=11)

    assert count_jobs(engine, NOW - timedelta(hours=12)) == {
        "failed": 1,
        "succeeded": 1,
        "running": 1,
        "queued": 1,
    }


def test_what_is_left_follows_the_pace_and_what_earlier_runs_took(engine: Engine) -> None:
    for seconds in (10, 30, 20):
        ask(engine, steps=seconds)
        finish(engine, begin(engine).id, str(WORKER), "succeeded", NOW + timedelta(seconds=seconds), result={})
    usual = usual_seconds(engine, ["count", "build"])
    ask(engine)
    job = begin(engine)
    after_5 = NOW + timedelta(seconds=5)

    assert usual == {"count": 20.0}
    assert seconds_left(job, usual["count"], after_5) == 15.0
    assert seconds_left(job, None, after_5) is None
    tell_progress(engine, job.id, str(WORKER), "Half", 0.5)
    halfway = look(engine, job)
    assert seconds_left(halfway, None, after_5) == 5.0
    assert seconds_left(halfway, usual["count"], after_5) == 0.5 * 5.0 + 0.5 * 15.0


def test_a_log_keeps_its_newest_lines(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    from jobs.requests import read_log

    monkeypatch.setattr("jobs.running.LOG_LINES", 5)
    job = ask(engine)
    for number in range(12):
        add_line(engine, job.id, f"line {number} " + "x" * 3_000, NOW)

    lines = [line for _, line in read_log(engine, job.id, ADA)]

    assert [line.split()[1] for line in lines] == ["7", "8", "9", "10", "11"]
    assert {len(line) for line in lines} == {2_000}
    assert len(read_log(engine, job.id, ADA, newest=2)) == 2


def test_a_job_that_is_nowhere_is_named(engine: Engine) -> None:
    with pytest.raises(RefusedError, match="There is no job 3"):
        read_job(engine, 3, ADA)
