"""The worker: one build, and a real process that builds what lands and ends when it is told to."""

from __future__ import annotations

import logging
import signal
import time
from pathlib import Path

import pytest

from jobs.queue import open_queue
from jobs.worker import build_once
from lake_access.iceberg.tables import LEADS
from lake_access.lake import Lake
from tests.app.cli.running import finish, start
from tests.lake_access.lakes import IDENTITY_KEY, NOW, lake_in, land_lines, read_table, touch


def wait_for_leads(lake: Lake, number: int, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while len(read_table(lake, LEADS)) < number:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_one_look_builds_what_landed_and_the_next_finds_nothing(lake: Lake) -> None:
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


def test_a_worker_builds_what_landed_though_one_before_it_was_killed_amid_a_build(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    # The lock that such a one leaves behind.
    open_queue(lake.settings).lock_task("build").acquire()
    land_lines(lake, "webinar", touch())

    worker = start("worker", home=tmp_path, LEADLAKE_IDENTITY_KEY=IDENTITY_KEY)
    try:
        wait_for_leads(lake, 1)
    finally:
        worker.send_signal(signal.SIGTERM)
        ended = finish(worker, seconds=20)

    assert (ended.code, ended.out) == (0, "")
    assert ended.err in ("", "INFO jobs.worker: built 1 batches: 1 lines = 1 curated + 0 duplicates + 0 quarantined\n")
