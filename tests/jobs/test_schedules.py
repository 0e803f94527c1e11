"""Schedules: set and removed with a row of the ledger, run once however often they were missed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from jobs.kinds import KINDS
from jobs.requests import list_jobs
from jobs.schedules import (
    Schedule,
    enable_schedule,
    list_schedules,
    presets,
    remove_schedule,
    request_due,
    set_schedule,
)
from jobs.tables import open_jobs
from lake_access import ledger
from lake_access.database import open_database
from lake_access.errors import NotAllowedError, RefusedError
from lake_access.permissions import Actor
from tests.jobs.trial import ADA, MLE, NOW, ROOT_USER
from tests.jobs.trial_kinds import TRIAL_KINDS
from tests.lake_access.lakes import settings_in

HOUR = timedelta(hours=1)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(settings_in(tmp_path))
    open_jobs(engine)
    yield engine
    engine.dispose()


def hourly(engine: Engine, actor: Actor = MLE, now: datetime = NOW, steps: int = 3) -> Schedule:
    return set_schedule(engine, TRIAL_KINDS, "count", {"steps": steps}, "0 * * * *", actor, now)


def test_a_schedule_is_set_with_its_next_time_and_a_row_of_the_ledger(engine: Engine) -> None:
    schedule = hourly(engine)

    assert list_schedules(engine, ADA) == [schedule]
    assert (schedule.next_run, schedule.last_run, schedule.set_by) == (NOW + HOUR, None, "mia")
    (entry,) = ledger.entries(engine, event="schedule")
    assert (entry.event, entry.actor, entry.subject) == ("schedule.set", "mia", f"schedule {schedule.id}")
    assert entry.details == {"kind": "count", "parameters": {"steps": 3}, "crontab": "0 * * * *"}
    assert ledger.verify(engine).valid


def test_the_same_schedule_set_twice_is_one(engine: Engine) -> None:
    assert hourly(engine).id == hourly(engine).id
    assert hourly(engine, steps=4).id != hourly(engine).id
    assert len(ledger.entries(engine, event="schedule.set")) == 2


def test_who_may_not_change_schedules_changes_none(engine: Engine) -> None:
    schedule = hourly(engine)

    with pytest.raises(NotAllowedError, match="ada may not change schedules"):
        hourly(engine, ADA)
    with pytest.raises(NotAllowedError, match="ada may not change schedules"):
        remove_schedule(engine, schedule.id, ADA, NOW)
    with pytest.raises(NotAllowedError, match="mia may not maintain"):
        set_schedule(engine, TRIAL_KINDS, "maintain", {}, "0 * * * *", MLE, NOW)

    assert list_schedules(engine, ADA) == [schedule]


def test_what_cannot_be_scheduled_is_refused(engine: Engine) -> None:
    with pytest.raises(RefusedError, match="The minute of a schedule cannot be '61'"):
        set_schedule(engine, TRIAL_KINDS, "count", {}, "61 * * * *", MLE, NOW)
    with pytest.raises(RefusedError, match="steps is a whole number"):
        set_schedule(engine, TRIAL_KINDS, "count", {"steps": "x"}, "0 * * * *", MLE, NOW)
    with pytest.raises(RefusedError, match="There is no schedule 5"):
        remove_schedule(engine, 5, MLE, NOW)

    assert list_schedules(engine, ADA) == []
    assert ledger.entries(engine) == []


def test_its_job_is_asked_for_when_its_time_comes_with_the_rights_of_who_set_it(engine: Engine) -> None:
    schedule = hourly(engine)

    assert request_due(engine, TRIAL_KINDS, NOW + HOUR - timedelta(seconds=1)) == []
    (job,) = request_due(engine, TRIAL_KINDS, NOW + HOUR)

    assert (job.kind, job.parameters, job.of_schedule) == ("count", {"steps": 3}, schedule.id)
    assert (job.requested_by, job.actor.roles) == ("mia", MLE.roles)
    (after,) = list_schedules(engine, ADA)
    assert (after.last_run, after.next_run) == (NOW + HOUR, NOW + 2 * HOUR)


def test_what_was_missed_while_no_worker_ran_runs_once(engine: Engine) -> None:
    hourly(engine)
    much_later = NOW + timedelta(days=3, minutes=10)

    assert len(request_due(engine, TRIAL_KINDS, much_later)) == 1
    assert request_due(engine, TRIAL_KINDS, much_later + timedelta(minutes=1)) == []
    (schedule,) = list_schedules(engine, ADA)
    assert schedule.next_run == NOW + timedelta(days=3) + HOUR


def test_two_workers_ask_for_it_once(engine: Engine) -> None:
    hourly(engine)

    with ThreadPoolExecutor(6) as pool:
        asked = list(pool.map(lambda _: request_due(engine, TRIAL_KINDS, NOW + HOUR), range(12)))

    assert sum(len(jobs) for jobs in asked) == 1
    assert len(list_jobs(engine, ADA)) == 1


def test_one_whose_job_still_waits_adds_no_second(engine: Engine) -> None:
    hourly(engine)

    first = request_due(engine, TRIAL_KINDS, NOW + HOUR)
    second = request_due(engine, TRIAL_KINDS, NOW + 2 * HOUR)

    assert [job.id for job in first] == [job.id for job in second]


def test_a_paused_schedule_makes_up_for_nothing_when_it_goes_on(engine: Engine) -> None:
    schedule = hourly(engine)
    enable_schedule(engine, schedule.id, False, MLE, NOW)
    later = NOW + timedelta(hours=5, minutes=30)

    assert request_due(engine, TRIAL_KINDS, later) == []
    resumed = enable_schedule(engine, schedule.id, True, MLE, later)

    assert resumed.next_run == NOW + 6 * HOUR
    assert request_due(engine, TRIAL_KINDS, later) == []
    assert [entry.event for entry in ledger.entries(engine)] == ["schedule.set", "schedule.paused", "schedule.resumed"]


def test_setting_a_paused_schedule_again_has_it_go_on(engine: Engine) -> None:
    schedule = hourly(engine)
    enable_schedule(engine, schedule.id, False, MLE, NOW)

    assert hourly(engine).enabled
    assert len(list_schedules(engine, ADA)) == 1


def test_a_removed_schedule_asks_for_nothing_more_and_its_jobs_stay(engine: Engine) -> None:
    schedule = hourly(engine)
    request_due(engine, TRIAL_KINDS, NOW + HOUR)

    remove_schedule(engine, schedule.id, MLE, NOW + HOUR)

    assert list_schedules(engine, ADA) == []
    assert request_due(engine, TRIAL_KINDS, NOW + 5 * HOUR) == []
    assert len(list_jobs(engine, ADA)) == 1


def test_one_of_a_kind_that_is_gone_stops_no_other(engine: Engine) -> None:
    hourly(engine)
    set_schedule(engine, TRIAL_KINDS, "build", {}, "0 * * * *", MLE, NOW)

    asked = request_due(engine, KINDS, NOW + HOUR)

    assert [job.kind for job in asked] == ["build"]


def test_schedules_outlive_the_process(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    first = open_database(settings)
    schedule = set_schedule(first, KINDS, "maintain", {"dry_run": True}, "30 2 * * *", ROOT_USER, NOW)
    first.dispose()

    assert list_schedules(open_database(settings), ROOT_USER) == [schedule]
    with sqlite3.connect(tmp_path / "leadlake.sqlite") as connection:
        assert connection.execute("SELECT next_run FROM job_schedules").fetchone() == ("2026-01-03T02:30:00.000000Z",)
    connection.close()


def test_presets_are_of_the_kinds_that_there_are() -> None:
    assert {preset.kind for preset in presets(KINDS)} <= set(KINDS)
    assert "build" in {preset.kind for preset in presets(KINDS)}
