"""What workers write: one job is one worker's, and what a dead one left is found."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from jobs.job import WORKER_NAME
from jobs.requests import cancel_job, list_jobs
from jobs.running import (
    HEARTBEAT_PATIENCE,
    KEEP_WORKERS_JOBS,
    Worker,
    beat,
    finish,
    forget_old,
    lives,
    mark_lost,
    release,
    take_next,
    this_worker,
)
from jobs.tables import open_jobs
from lake_access.database import open_database
from lake_access.permissions import Actor
from tests.jobs.trial import ADA, NOW, ask, look
from tests.lake_access.lakes import settings_in

ONE, OTHER = Worker("one", 11, "5"), Worker("other", 12, "6")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(settings_in(tmp_path))
    open_jobs(engine)
    yield engine
    engine.dispose()


def test_jobs_are_taken_in_the_order_in_which_they_were_asked_for(engine: Engine) -> None:
    asked = [ask(engine, steps=steps).id for steps in (3, 1, 2)]

    taken = [take_next(engine, ONE, NOW) for _ in range(4)]

    assert [job and job.id for job in taken] == [*asked, None]


def test_many_workers_at_once_never_take_one_job_twice(engine: Engine) -> None:
    asked = {ask(engine, steps=steps).id for steps in range(20)}

    with ThreadPoolExecutor(6) as pool:
        taken = list(pool.map(lambda number: take_next(engine, Worker("w", number, "1"), NOW), range(30)))

    ids = [job.id for job in taken if job is not None]
    assert sorted(ids) == sorted(asked)


def test_only_its_own_worker_changes_a_job(engine: Engine) -> None:
    job = ask(engine)
    take_next(engine, ONE, NOW)

    assert not finish(engine, job.id, str(OTHER), "succeeded", NOW)
    assert beat(engine, job.id, str(OTHER), NOW) == "not ours"
    assert beat(engine, job.id, str(ONE), NOW) == "go on"
    cancel_job(engine, job.id, ADA, NOW)
    assert beat(engine, job.id, str(ONE), NOW) == "cancel"
    assert finish(engine, job.id, str(ONE), "cancelled", NOW)
    assert not finish(engine, job.id, str(ONE), "succeeded", NOW)
    assert look(engine, job).state == "cancelled"


def test_a_job_of_a_process_that_is_gone_is_marked_at_once(engine: Engine) -> None:
    job = ask(engine)
    take_next(engine, ONE, NOW)

    assert mark_lost(engine, "one", lambda _worker: True, NOW) == []
    assert mark_lost(engine, "one", lambda worker: worker != ONE, NOW) == [job.id]

    lost = look(engine, job)
    assert (lost.state, lost.finished_at) == ("failed", NOW)
    assert lost.error is not None
    assert lost.error.startswith("The worker was gone")


def test_a_job_of_another_machine_is_lost_when_it_falls_silent(engine: Engine) -> None:
    job = ask(engine)
    take_next(engine, OTHER, NOW)
    beat(engine, job.id, str(OTHER), NOW + timedelta(seconds=30))
    silent_at = NOW + timedelta(seconds=31) + HEARTBEAT_PATIENCE

    assert mark_lost(engine, "one", lambda _worker: False, silent_at - timedelta(seconds=5)) == []
    assert mark_lost(engine, "one", lambda _worker: False, silent_at) == [job.id]


def test_a_lost_job_that_was_to_be_cancelled_is_cancelled(engine: Engine) -> None:
    job = ask(engine)
    take_next(engine, ONE, NOW)
    cancel_job(engine, job.id, ADA, NOW)

    mark_lost(engine, "one", lambda _worker: False, NOW)

    assert look(engine, job).state == "cancelled"


def test_a_worker_that_ends_marks_its_own_jobs_and_no_other(engine: Engine) -> None:
    mine, theirs = ask(engine, steps=1), ask(engine, steps=2)
    take_next(engine, ONE, NOW)
    take_next(engine, OTHER, NOW)

    release(engine, ONE, NOW)

    assert [look(engine, job).state for job in (mine, theirs)] == ["failed", "running"]


def test_a_process_is_known_by_its_number_and_its_start() -> None:
    process = subprocess.Popen(["sleep", "30"])
    try:
        me = this_worker()
        assert lives(me)
        assert me.pid == os.getpid()
        assert not lives(Worker(me.host, me.pid, "another start"))
    finally:
        process.kill()
        process.wait()
    assert not lives(Worker("here", process.pid, "1"))


def test_old_jobs_are_forgotten_and_the_workers_own_sooner(engine: Engine) -> None:
    itself = Actor(WORKER_NAME, frozenset({"analyst"}), "worker")
    ask(engine, "build", actor=itself)
    ask(engine)
    for _ in range(2):
        job = take_next(engine, ONE, NOW)
        assert job is not None
        finish(engine, job.id, str(ONE), "succeeded", NOW, result={})

    assert forget_old(engine, NOW + KEEP_WORKERS_JOBS) == 0
    assert forget_old(engine, NOW + KEEP_WORKERS_JOBS + timedelta(seconds=1)) == 1
    assert [job.kind for job in list_jobs(engine, ADA)] == ["count"]
    assert forget_old(engine, NOW + timedelta(days=366)) == 1
