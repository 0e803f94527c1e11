"""The worker: what it sees to every minute, and real processes that are killed, cancelled, doubled and restarted."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from jobs.job import WORKER_NAME, Job
from jobs.kinds import KINDS
from jobs.queue import open_queue, wake_worker
from jobs.requests import cancel_job, list_jobs, read_log, run_again
from jobs.running import Worker, finish, take_next
from jobs.schedules import list_schedules, set_schedule
from jobs.tables import SCHEDULES, open_jobs
from jobs.tending import build_once, see_to_builds
from lake_access.database import open_database, writing
from lake_access.iceberg.tables import LEADS
from lake_access.lake import Lake
from lake_access.settings import Settings
from tests.app.cli.running import finish as finish_command
from tests.app.cli.running import start
from tests.jobs.trial import ADA, NOW, ROOT_USER, ask, end_worker, look, start_worker, wait_until
from tests.jobs.trial_kinds import TRIAL_KINDS
from tests.lake_access.lakes import IDENTITY_KEY, lake_in, land_lines, read_table, settings_in, touch

SLOW = 1_200  # steps of the trial kind that take a minute


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    engine = open_database(settings)
    open_jobs(engine)
    yield engine
    engine.dispose()


def is_running(job: Job) -> bool:
    return job.state == "running" and job.share is not None


def has_ended(job: Job) -> bool:
    return not job.is_active


def the_build(engine: Engine) -> Job:
    (job,) = list_jobs(engine, ROOT_USER, kinds=["build"])
    return job


def test_one_build_builds_what_landed_and_the_next_finds_nothing(lake: Lake) -> None:
    land_lines(lake, "webinar", touch(), "no JSON")

    assert build_once(lake.settings, NOW) == {"batches": 1, "read": 2, "curated": 1}
    assert build_once(lake.settings, NOW) == {"batches": 0, "read": 0, "curated": 0}


def test_a_build_that_fails_is_one_logged_sentence(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    lake = lake_in(tmp_path)
    (tmp_path / "leadlake.sqlite").unlink()
    (tmp_path / "leadlake.sqlite").mkdir()

    with caplog.at_level(logging.ERROR):
        assert build_once(lake.settings, NOW) == {}

    (record,) = caplog.records
    assert record.getMessage().startswith("the build failed: ")
    assert record.exc_info is None


def test_a_build_is_asked_for_only_where_something_landed_and_only_once(engine: Engine, settings: Settings) -> None:
    lake = lake_in(settings.home)
    assert see_to_builds(engine, settings, KINDS, NOW) is None
    assert list_jobs(engine, ROOT_USER) == []
    land_lines(lake, "webinar", touch())

    job = see_to_builds(engine, settings, KINDS, NOW)

    assert job is not None
    assert (job.kind, job.requested_by, job.state) == ("build", WORKER_NAME, "queued")
    assert see_to_builds(engine, settings, KINDS, NOW) is None


def test_builds_that_fail_one_after_another_pause_ever_longer(engine: Engine, settings: Settings) -> None:
    land_lines(lake_in(settings.home), "webinar", touch())
    minutes, asked = 0, []
    while minutes < 200:
        now = NOW + timedelta(minutes=minutes)
        if see_to_builds(engine, settings, KINDS, now) is not None:
            asked.append(minutes)
            job = take_next(engine, Worker("w", 1, "1"), now)
            assert job is not None
            finish(engine, job.id, "w 1 1", "failed", now, error="The disk is full.")
        minutes += 1

    assert asked == [0, 2, 6, 14, 30, 62, 122, 182]


def test_jobs_are_run_and_say_what_became_of_them(engine: Engine, settings: Settings) -> None:
    asked = {kind: ask(engine, kind) for kind in ("count", "refused", "broken", "no_json")}
    worker = start_worker(settings)
    try:
        ended = {kind: wait_until(engine, job, has_ended) for kind, job in asked.items()}
    finally:
        logged = end_worker(worker)

    assert (ended["count"].state, ended["count"].result, ended["count"].share) == ("succeeded", {"counted": 3}, 1.0)
    assert [line for _, line in read_log(engine, ended["count"].id, ADA)] == ["Counting", "counted to 3"]
    assert (ended["refused"].state, ended["refused"].error) == (
        "failed",
        "There are too few leads to learn from: 3 of 500.",
    )
    for kind in ("broken", "no_json"):
        reference = f"job {ended[kind].id}"
        assert ended[kind].error is not None
        assert f"“{reference}”" in (ended[kind].error or "")
        assert "division" not in (ended[kind].error or "")
        assert f"reference: {reference}\n" in logged
    assert "ZeroDivisionError" in logged


def test_a_cancelled_job_stops_within_two_seconds_and_a_deaf_one_is_killed(engine: Engine, settings: Settings) -> None:
    listening, deaf = ask(engine, steps=SLOW), ask(engine, "deaf")
    worker = start_worker(settings)
    try:
        wait_until(engine, listening, is_running)
        wait_until(engine, deaf, lambda job: job.step is not None)
        for job in (listening, deaf):
            cancel_job(engine, job.id, ADA, datetime.now(UTC))
        asked = time.monotonic()
        assert wait_until(engine, listening, has_ended).state == "cancelled"
        heard = time.monotonic() - asked
        assert wait_until(engine, deaf, has_ended).state == "cancelled"
        killed = time.monotonic() - asked
    finally:
        end_worker(worker)

    assert heard < 5  # a second or so, on a machine that has nothing else to do
    assert killed < 15


@pytest.mark.parametrize("steps_done", [0, *(pytest.param(steps, marks=pytest.mark.slow) for steps in (1, 8))])
def test_the_job_of_a_killed_worker_is_marked_and_runs_again(
    engine: Engine, settings: Settings, tmp_path: Path, steps_done: int
) -> None:
    mark = tmp_path / "mark"
    job = ask(engine, steps=SLOW, mark=str(mark))
    worker = start_worker(settings)
    wait_until(engine, job, lambda now: now.state == "running" and (now.share or 0) * SLOW >= steps_done)
    worker.kill()
    worker.wait()

    assert look(engine, job).state == "running"
    second = start_worker(settings)
    try:
        lost = wait_until(engine, job, has_ended)
        again = run_again(engine, TRIAL_KINDS, job.id, ADA, datetime.now(UTC))
        wait_until(engine, again, is_running)
        children = [int(pid) for pid in mark.read_text(encoding="utf-8").split()]
        assert not any(Path(f"/proc/{pid}").exists() for pid in children[:-1])
        cancel_job(engine, again.id, ADA, datetime.now(UTC))
        wait_until(engine, again, has_ended)
    finally:
        end_worker(second)
        worker.communicate()

    assert (lost.state, again.attempt) == ("failed", 2)
    assert lost.error is not None
    assert lost.error.startswith("The worker was gone")


def test_the_job_whose_own_process_is_killed_says_so(engine: Engine, settings: Settings, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    job = ask(engine, steps=SLOW, mark=str(mark))
    worker = start_worker(settings)
    try:
        wait_until(engine, job, is_running)
        os.kill(int(mark.read_text(encoding="utf-8")), signal.SIGKILL)
        ended = wait_until(engine, job, has_ended, seconds=10)
    finally:
        end_worker(worker)

    assert ended.state == "failed"
    assert ended.error == (
        "The process of this job was killed, perhaps for want of memory. What was committed stays; it can be run again."
    )


def test_a_worker_that_is_told_to_end_marks_its_job_and_takes_its_process_along(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    job = ask(engine, steps=SLOW, mark=str(mark))
    worker = start_worker(settings)
    wait_until(engine, job, is_running)

    end_worker(worker)

    assert worker.returncode == 0
    ended = look(engine, job)
    assert (ended.state, ended.error) == (
        "failed",
        "The worker was told to end while this ran. What was committed stays; it can be run again.",
    )
    deadline = time.monotonic() + 10
    while Path(f"/proc/{mark.read_text(encoding='utf-8').strip()}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.slow
def test_ctrl_c_lets_the_job_at_hand_end(engine: Engine, settings: Settings) -> None:
    job, waiting = ask(engine, steps=60), [ask(engine, steps=number) for number in (61, 62)]
    worker = start_worker(settings)
    wait_until(engine, job, is_running)

    worker.send_signal(signal.SIGINT)
    worker.communicate(timeout=40)

    assert look(engine, job).state == "succeeded"
    assert look(engine, waiting[-1]).state == "queued"


def test_two_workers_run_each_job_once(engine: Engine, settings: Settings, tmp_path: Path) -> None:
    workers = [start_worker(settings) for _ in range(2)]
    try:
        asked = [ask(engine, steps=2, mark=str(tmp_path / f"mark{number}")) for number in range(6)]
        wake_worker(settings)
        ended = [wait_until(engine, job, has_ended) for job in asked]
    finally:
        for worker in workers:
            end_worker(worker)

    assert [job.state for job in ended] == ["succeeded"] * 6
    assert [len(file.read_text(encoding="utf-8").split()) for file in sorted(tmp_path.glob("mark*"))] == [1] * 6


def test_a_schedule_that_was_missed_runs_once_when_a_worker_is_back(engine: Engine, settings: Settings) -> None:
    schedule = set_schedule(engine, TRIAL_KINDS, "count", {}, "* * * * *", ROOT_USER, datetime.now(UTC))
    long_ago = datetime.now(UTC) - timedelta(days=2)
    with writing(engine) as connection:
        connection.execute(update(SCHEDULES).values(next_run=long_ago, crontab="0 0 1 1 *"))

    worker = start_worker(settings)
    try:
        deadline = time.monotonic() + 40
        while not (jobs := list_jobs(engine, ADA)):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        ended = wait_until(engine, jobs[0], has_ended)
    finally:
        end_worker(worker)

    assert [(job.state, job.of_schedule) for job in list_jobs(engine, ADA)] == [("succeeded", schedule.id)]
    assert ended.requested_by == "root"
    (after,) = list_schedules(engine, ADA)
    assert after.next_run > datetime.now(UTC)


def test_a_worker_builds_what_landed_though_one_before_it_was_killed(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    # The lock that such a one leaves behind.
    open_queue(lake.settings).lock_task("tend").acquire()
    land_lines(lake, "webinar", touch())
    engine = open_database(lake.settings)
    open_jobs(engine)

    worker = start("worker", home=tmp_path, LEADLAKE_IDENTITY_KEY=IDENTITY_KEY)
    try:
        deadline = time.monotonic() + 40
        while not (jobs := list_jobs(engine, ROOT_USER)) or jobs[0].is_active:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    finally:
        worker.send_signal(signal.SIGTERM)
        ended = finish_command(worker, seconds=20)

    job = the_build(engine)
    assert (job.state, job.requested_by) == ("succeeded", WORKER_NAME)
    assert job.result == {"batches": 1, "read": 1, "curated": 1, "duplicates": 0, "quarantined": 0, "leads": 1}
    assert len(read_table(lake, LEADS)) == 1
    assert (ended.code, ended.out) == (0, "")
    assert ended.err.startswith("INFO jobs.worker: job 1 (build) begins, asked for by worker\n")
