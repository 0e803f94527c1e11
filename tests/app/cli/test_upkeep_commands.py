"""maintain: what it says it did, and that a dry run does nothing; and earlier states on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.app.cli.running import Ended

Leadlake = Callable[..., Ended]
COUNT = "SELECT count(*) FROM curated.events"


@pytest.fixture
def in_two_builds(leadlake: Leadlake, webinar: Path, tmp_path: Path) -> int:
    """A lake of two builds of three lines each; the snapshot of its events after the first."""
    leadlake("ingest", "webinar", webinar)
    first = leadlake("build", "--json").json["snapshots"]["curated.events"]
    more = tmp_path / "more.jsonl"
    more.write_text(webinar.read_text(encoding="utf-8").replace("example.com", "example.org"), encoding="utf-8")
    leadlake("ingest", "webinar", more)
    leadlake("build")
    return int(first)


@pytest.mark.usefixtures("in_two_builds")
def test_a_dry_run_says_what_there_is_to_do_and_does_nothing(leadlake: Leadlake) -> None:
    said = [leadlake("maintain", "--dry-run") for _ in range(2)]

    assert said[0].code == 0
    assert said[0].out == said[1].out
    assert "curated.events: 2 files would be written as 1.\n" in said[0].out
    assert said[0].out.endswith("Nothing was changed.\n")


@pytest.mark.usefixtures("in_two_builds")
def test_what_was_done_is_said_by_table_and_a_second_time_there_is_nothing(leadlake: Leadlake) -> None:
    done = leadlake("maintain")
    again = leadlake("maintain")

    assert "curated.events: 2 files written as 1.\n" in done.out
    assert again.out == "Nothing to do: no small files to join, no snapshot or file past the retention.\n"


@pytest.mark.usefixtures("in_two_builds")
def test_the_report_as_json_has_every_table(leadlake: Leadlake) -> None:
    done = leadlake("maintain", "--json").json

    assert done.keys() == {"dry_run", "tables", "leftover_files", "leftover_bytes"}
    assert done["tables"]["curated.events"] == {
        "files_before": 2,
        "files_after": 1,
        "snapshots_expired": 0,
        "orphan_files": 0,
        "orphan_bytes": 0,
    }
    assert {"curated.identities", "features.lead_features"} < done["tables"].keys()


def test_a_query_reads_an_earlier_snapshot(leadlake: Leadlake, in_two_builds: int) -> None:
    rows = [
        leadlake("query", COUNT, "--json", *as_of).json["rows"]
        for as_of in ((), ("--as-of", str(in_two_builds)), ("--as-of", datetime.now(UTC).isoformat()))
    ]

    assert rows == [[[4]], [[2]], [[4]]]


def test_a_query_to_a_file_reads_an_earlier_snapshot_too(
    leadlake: Leadlake, in_two_builds: int, tmp_path: Path
) -> None:
    leadlake("query", COUNT + " AS n", "--as-of", str(in_two_builds), "--out", tmp_path / "then.json")

    assert json.loads((tmp_path / "then.json").read_text(encoding="utf-8"))["rows"] == [[2]]


def test_conversion_is_shown_as_of_then(leadlake: Leadlake, in_two_builds: int) -> None:
    then, now = (
        leadlake("conversion", "--by", "", "--all-leads", "--json", *as_of).json
        for as_of in (("--as-of", str(in_two_builds)), ())
    )

    assert [found["rows"][0]["leads"] for found in (then, now)] == [2, 4]
    assert then["snapshot"] != now["snapshot"]


@pytest.mark.parametrize("when", ["2020-01-31", "2020-01-31T10:00:00", "2020-01-31T10:00:00+02:00"])
@pytest.mark.usefixtures("in_two_builds")
def test_a_time_before_all_is_one_sentence_with_the_oldest(leadlake: Leadlake, when: str) -> None:
    ended = leadlake("query", COUNT, "--as-of", when)

    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("leadlake: 2020-01-3")
    assert "The oldest is that of 20" in ended.err


@pytest.mark.parametrize("when", ["yesterday", "2025-13-01", "12", "", "-5"])
@pytest.mark.parametrize("command", [("query", COUNT), ("conversion",)])
def test_what_is_no_time_and_no_snapshot_is_wrong_usage(
    leadlake: Leadlake, when: str, command: tuple[str, ...]
) -> None:
    ended = leadlake(*command, "--as-of", when)

    assert ended.code == 2
    assert "neither a time such as 2025-01-31T12:00:00Z nor a snapshot's id" in " ".join(ended.err.split())
