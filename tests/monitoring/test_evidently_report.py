"""Evidently's report is kept whole or not at all, beside our own numbers, which agree with it."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from lake_access.building.build import build
from lake_access.demo_events import DemoPlan
from lake_access.drift.compared import Side
from lake_access.errors import NotAllowedError, RefusedError, StorageError
from lake_access.lake import Lake
from lake_access.permissions import Actor, local_user
from lake_access.storage import ObjectStore
from monitoring import evidently_report
from monitoring.evidently_report import ReportWish, make_report
from monitoring.kept_reports import HTML, JSON, OURS, clear_half_reports, list_reports, put_part, read_index, read_part
from tests.lake_access.lakes import NOW, lake_in, land_demo

COLUMNS = ("score", "converted", "avg_webinar_time", "first_source")
ANN = local_user("ann")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    folder = tmp_path_factory.mktemp("demo")
    lake = lake_in(folder / "home")
    land_demo(lake, DemoPlan(until=NOW, leads=1_000), folder / "events")
    build(lake, NOW)
    return lake


def kept(lake: Lake) -> list[str]:
    return [stored.key for stored in lake.store.list("reports/")]


def test_the_report_is_kept_with_our_numbers_beside_it(lake: Lake) -> None:
    told: list[str] = []
    wish = ReportWish(Side("1"), Side("2"), COLUMNS)
    report = make_report(lake, wish, ANN, NOW, lambda step, _: told.append(step)).stored

    assert list_reports(lake.store)[0] == read_index(lake.store, report.id) == report
    assert (report.made_by, report.columns, report.classified) == ("ann", COLUMNS, True)
    assert report.snapshot_ids == lake.pin().snapshot_ids
    ours, theirs = (json.loads(read_part(lake.store, report, name)) for name in (OURS, JSON))
    values = {column["column"]: column["value"] for column in ours["columns"]}
    drift = [m for m in theirs["drift_and_summary"]["metrics"] if m["config"]["type"].endswith(":ValueDrift")]
    assert {m["config"]["column"]: m["value"] for m in drift} == pytest.approx(values, rel=1e-9, abs=1e-9)
    assert "classification" in theirs
    assert b"all " in read_part(lake.store, report, HTML)[:1000]
    assert told[0] == "Reading both sides"
    assert "Evidently at work" in told


def test_a_sample_says_its_size_and_its_error(lake: Lake) -> None:
    wish = ReportWish(Side("1"), Side("2"), COLUMNS[:1], most_rows=100, seed=4)
    report = make_report(lake, wish, ANN, NOW).stored

    seen = report.reference_rows
    assert (seen.seen, seen.rows > 500) == (100, True)
    assert seen.share_error == pytest.approx(0.098 * ((seen.rows - 100) / (seen.rows - 1)) ** 0.5, rel=1e-3)
    page = read_part(lake.store, report, HTML).decode()
    assert f"a random sample of 100 of {seen.rows:,} rows (seed 4)" in page


def test_a_report_that_dies_is_none(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    before = list_reports(lake.store)
    put = put_part

    def dies_at_the_index(store: ObjectStore, report_id: str, name: str, content: bytes) -> None:
        if name == "index.json":
            raise StorageError("the disk is full.")
        put(store, report_id, name, content)

    monkeypatch.setattr(evidently_report, "put_part", dies_at_the_index)
    with pytest.raises(StorageError):
        make_report(lake, ReportWish(Side("1"), Side("2"), COLUMNS[:1]), ANN, NOW)

    assert list_reports(lake.store) == before
    left = len(kept(lake))
    assert clear_half_reports(lake.store, NOW + timedelta(hours=23)) == 0
    assert clear_half_reports(lake.store, NOW + timedelta(hours=25)) == 3
    assert len(kept(lake)) == left - 3
    assert list_reports(lake.store) == before


def test_who_may_not_and_what_is_not_there_are_refused(lake: Lake) -> None:
    before = kept(lake)
    viewer = Actor("vic", frozenset({"viewer"}), "oidc")
    with pytest.raises(NotAllowedError):
        make_report(lake, ReportWish(Side("1"), Side("2")), viewer, NOW)
    with pytest.raises(RefusedError, match="no row is of version 9"):
        make_report(lake, ReportWish(Side("1"), Side("9")), ANN, NOW)
    for unknown in ("../../raw", "20260101T000000Z-00000000"):
        with pytest.raises(RefusedError, match="there is no report"):
            read_index(lake.store, unknown)

    assert kept(lake) == before


def test_a_report_that_was_changed_is_not_shown(lake: Lake, tmp_path: Path) -> None:
    report = make_report(lake, ReportWish(Side("1"), Side("2"), COLUMNS[:1]), ANN, NOW).stored
    lake.store.delete(f"reports/{report.id}/{HTML}")
    (tmp_path / "other").write_text("other", encoding="utf-8")
    lake.store.put_if_absent(f"reports/{report.id}/{HTML}", tmp_path / "other")

    with pytest.raises(StorageError, match=r"evidently\.html is gone or was changed"):
        read_part(lake.store, report, HTML)


def test_reading_reports_and_comparing_never_import_evidently() -> None:
    program = (
        "import sys; import monitoring.evidently_report, monitoring.drift.compare, monitoring.drift.over_time, "
        "monitoring.score_shift, monitoring.late_outcomes; "
        "print([name for name in ('evidently', 'sklearn', 'scipy.stats', 'mlflow') if name in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert ended.stdout == "[]\n"
