"""leadlake drift: its shapes, its exit codes, and the report beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lake_access.lake import open_lake
from lake_access.settings import load_settings
from monitoring.kept_reports import list_reports
from tests.app.cli.running import Ended

PERIODS = ("--reference-to", "2025-09-30", "--current-from", "2025-11-20")


@pytest.fixture(autouse=True)
def the_demo(demo_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADLAKE_HOME", str(demo_home))


def test_the_shape_that_other_programs_rely_on(leadlake: Callable[..., Ended]) -> None:
    ended = leadlake("drift", "--reference", "1", "--current", "2", "--json")

    assert ended.code == 0
    assert {"dataset_drift", "share", "columns"} <= ended.json.keys()
    for column in ended.json["columns"]:
        assert {"column", "test", "value", "threshold", "drifted", "noise"} <= column.keys()
    assert {"score", "converted", "first_source"} <= {column["column"] for column in ended.json["columns"]}


def test_drift_ends_with_three_where_it_was_asked_for(leadlake: Callable[..., Ended]) -> None:
    drifted = ("drift", *PERIODS, "--columns", "device_model_interest,first_source")

    assert leadlake(*drifted).code == 0
    assert leadlake(*drifted, "--fail-on-drift").code == 3
    assert leadlake("drift", *PERIODS, "--columns", "events_crm_contact", "--fail-on-drift").code == 0


def test_a_person_reads_a_table_with_the_verdicts(leadlake: Callable[..., Ended]) -> None:
    ended = leadlake("drift", *PERIODS, "--columns", "device_model_interest,first_source")

    assert "unseen: Aero 3" in ended.out
    assert "2 of 2 columns drifted (100.0%): drift by Evidently's rule." in ended.out


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ((), 2, "both sides are the same"),
        (("--reference", "1"), 1, "one side is of version 1 and the other of none"),
        (("--reference", "1", "--current", "9"), 1, "no row is of version 9"),
        (("--reference-from", "2025-02-01", "--reference-to", "2025-01-01"), 2, "is before"),
        ((*PERIODS, "--columns", "scroe"), 1, "score"),
    ],
)
def test_what_cannot_be_compared_is_said(
    leadlake: Callable[..., Ended], arguments: tuple[str, ...], code: int, told: str
) -> None:
    ended = leadlake("drift", *arguments)

    assert (ended.code, ended.out) == (code, "")
    assert told in ended.err


@pytest.mark.slow
def test_evidentlys_report_is_written_and_kept(leadlake: Callable[..., Ended], demo_home: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    ended = leadlake("drift", *PERIODS, "--columns", "score,converted,first_source", "--html", page, "--json")

    (report,) = list_reports(open_lake(load_settings({"LEADLAKE_HOME": str(demo_home)})).store)
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert report.columns == ("score", "converted", "first_source")
    assert report.share == ended.json["share"]
