"""Jobs in PostgreSQL: for a team whose workers are on several machines."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from jobs.requests import cancel_job, list_jobs
from jobs.running import Worker, finish, take_next
from jobs.schedules import request_due, set_schedule
from jobs.tables import open_jobs
from lake_access import ledger
from lake_access.database import open_database
from lake_access.settings import Settings
from tests.jobs.trial import ADA, MLE, NOW, ask, end_worker, look, start_worker, wait_until
from tests.jobs.trial_kinds import TRIAL_KINDS
from tests.lake_access.lakes import settings_in
from tests.lake_access.postgres_server import programs, running_postgres

pytestmark = pytest.mark.skipif(programs() is None, reason="PostgreSQL's server programs are not installed")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    binaries = programs()
    assert binaries is not None
    with running_postgres(binaries) as server:
        database = server.make_database(f"jobs-{uuid.uuid4()}")
        yield settings_in(tmp_path_factory.mktemp("home"), database=database)


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    engine = open_database(settings)
    open_jobs(engine)
    yield engine
    for job in list_jobs(engine, ADA, states=["queued"]):
        cancel_job(engine, job.id, MLE, NOW)
    engine.dispose()


def test_identical_requests_at_once_are_one_job(engine: Engine) -> None:
    with ThreadPoolExecutor(5) as pool:
        ids = {job.id for job in pool.map(lambda _: ask(engine, steps=5), range(20))}

    assert len(ids) == 1


def test_many_workers_at_once_never_take_one_job_twice(engine: Engine) -> None:
    asked = {ask(engine, steps=100 + steps).id for steps in range(12)}

    with ThreadPoolExecutor(5) as pool:
        taken = list(pool.map(lambda number: take_next(engine, Worker("w", number, "1"), NOW), range(20)))

    assert sorted(job.id for job in taken if job is not None) == sorted(asked)
    for job in taken:
        if job is not None:
            assert job.worker is not None
            finish(engine, job.id, job.worker, "succeeded", NOW, result={})


def test_two_workers_ask_once_for_what_is_due(engine: Engine) -> None:
    set_schedule(engine, TRIAL_KINDS, "count", {"steps": 9}, "0 * * * *", MLE, NOW)

    with ThreadPoolExecutor(5) as pool:
        asked = list(pool.map(lambda _: request_due(engine, TRIAL_KINDS, NOW + timedelta(hours=1)), range(10)))

    assert sum(len(jobs) for jobs in asked) == 1
    assert ledger.verify(engine).valid


def test_a_worker_runs_what_was_asked_for_on_another_machine(engine: Engine, settings: Settings) -> None:
    """Nobody wakes this worker: its home is not that of the one who asks."""
    worker = start_worker(settings_in(Path(settings.home).parent / "other", database=settings.database))
    try:
        job = ask(engine, steps=3)
        ended = wait_until(engine, job, lambda now: not now.is_active)
    finally:
        end_worker(worker)

    assert ended.result == {"counted": 3}
    assert look(engine, job).state == "succeeded"
