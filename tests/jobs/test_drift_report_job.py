"""The job `drift_report` by a real worker: it keeps a report; killed at work it leaves a failed job, and no report."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from jobs.job import Job
from jobs.kinds import KINDS
from jobs.kinds.drift_report import side_of
from jobs.requests import request_job
from jobs.tables import open_jobs
from lake_access.building.build import build
from lake_access.database import open_database
from lake_access.demo_events import DemoPlan
from lake_access.errors import NotAllowedError, RefusedError
from lake_access.lake import Lake
from monitoring.kept_reports import list_reports, report_of_version
from tests.jobs.trial import ADA, NOW, VERA, end_worker, start_worker, wait_until
from tests.lake_access.lakes import lake_in, land_demo


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    folder = tmp_path_factory.mktemp("demo")
    lake = lake_in(folder / "home")
    land_demo(lake, DemoPlan(until=NOW, leads=800), folder / "events")
    build(lake, NOW)
    return lake


@pytest.fixture
def engine(lake: Lake) -> Iterator[Engine]:
    engine = open_database(lake.settings)
    open_jobs(engine)
    yield engine
    engine.dispose()


def ask(engine: Engine, **parameters: object) -> Job:
    return request_job(engine, KINDS, "drift_report", parameters, ADA, NOW)


def children_of(process: subprocess.Popen[str]) -> set[int]:
    """The processes that this one started, whichever of its threads did."""
    threads = Path(f"/proc/{process.pid}/task").iterdir()
    return {int(child) for thread in threads for child in (thread / "children").read_text().split()}


def half_reports(lake: Lake) -> list[str]:
    folder = Path(lake.settings.home) / "reports"
    return [path.name for path in folder.iterdir() if not (path / "index.json").exists()] if folder.exists() else []


def test_who_may_not_and_days_that_are_none_are_refused(engine: Engine) -> None:
    with pytest.raises(NotAllowedError, match="may not run a drift report"):
        request_job(engine, KINDS, "drift_report", {}, VERA, NOW)
    with pytest.raises(RefusedError, match="current_from is a day such as"):
        side_of("current", {"current_from": "yesterday"})
    with pytest.raises(RefusedError, match="reference_to: 2025-01-01 is before 2025-02-01"):
        side_of("reference", {"reference_from": "2025-02-01", "reference_to": "2025-01-01"})


@pytest.mark.slow
def test_a_worker_keeps_the_report_and_a_killed_one_leaves_a_failed_job_and_no_report(
    engine: Engine, lake: Lake
) -> None:
    whole = ask(engine, reference="1", current="2", columns=["score", "first_source"])
    worker = start_worker(lake.settings)
    try:
        done = wait_until(engine, whole, lambda job: not job.is_active, 180)
        assert done.state == "succeeded", done.error
        (report,) = list_reports(lake.store)
        assert (done.result or {})["report"] == report.id
        assert (report.versions, report.columns) == (("1", "2"), ("score", "first_source"))
        assert report_of_version(lake.store, "2") == report
        assert report_of_version(lake.store, "3") is None

        killed = ask(engine, reference="1", current="2")
        wait_until(engine, killed, lambda job: job.step == "Evidently at work", 180)
        for child in children_of(worker):
            os.kill(child, signal.SIGKILL)
        ended = wait_until(engine, killed, lambda job: not job.is_active, 60)
    finally:
        end_worker(worker)

    assert ended.state == "failed"
    assert (ended.error or "").endswith(".")
    assert list_reports(lake.store) == [report]
    assert half_reports(lake) == []
