"""The command line as its users meet it: real processes, their output, errors and exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

EVENT = '{"event_type": "webinar_attendance", "email": "ann@example.com", "timestamp": "2025-01-01T10:00:00Z"}\n'
ROOT = Path(__file__).resolve().parents[3]


def leadlake(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LEADLAKE_")}
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        env={**environment, "LEADLAKE_HOME": str(home)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture
def events(tmp_path: Path) -> Path:
    file = tmp_path / "events.jsonl"
    file.write_text(EVENT + EVENT + "{bad\n", encoding="utf-8")
    return file


def test_a_file_lands_builds_and_shows(tmp_path: Path, events: Path) -> None:
    home = tmp_path / "home"
    landed = leadlake(home, "ingest", "webinar", str(events), "--json")
    built = leadlake(home, "build", "--json")
    shown = leadlake(home, "conversion", "--by", "source", "--json")

    assert (landed.returncode, json.loads(landed.stdout)["lines"]) == (0, 3)
    counts = {
        name: json.loads(built.stdout)[name] for name in ("read", "curated", "duplicates", "quarantined", "leads")
    }
    assert counts == {"read": 3, "curated": 1, "duplicates": 1, "quarantined": 1, "leads": 1}
    (row,) = json.loads(shown.stdout)["rows"]
    assert (row["source"], row["leads"], row["conversions"], row["rate"]) == ("webinar", 1, 0, 0.0)


def test_landing_and_building_again_changes_nothing(tmp_path: Path, events: Path) -> None:
    home = tmp_path / "home"
    leadlake(home, "ingest", "webinar", str(events))
    first = json.loads(leadlake(home, "build", "--json").stdout)
    again = json.loads(leadlake(home, "ingest", "webinar", str(events), "--json").stdout)
    second = json.loads(leadlake(home, "build", "--json").stdout)

    assert again["landed"][0]["already_landed"] is True
    assert (second["read"], second["snapshots"]) == (0, first["snapshots"])


def test_an_unknown_source_is_one_sentence_that_names_the_nearest(tmp_path: Path, events: Path) -> None:
    refused = leadlake(tmp_path / "home", "ingest", "webinarr", str(events))

    assert refused.returncode == 1
    assert refused.stdout == ""
    assert refused.stderr.splitlines() == [
        'leadlake: unknown source "webinarr" (did you mean "webinar"?); nothing was landed.'
    ]


def test_wrong_usage_exits_with_2(tmp_path: Path) -> None:
    assert leadlake(tmp_path, "conversion", "--from", "yesterday").returncode == 2


def test_only_select_may_run(tmp_path: Path, events: Path) -> None:
    home = tmp_path / "home"
    leadlake(home, "ingest", "webinar", str(events))
    leadlake(home, "build")
    asked = leadlake(home, "query", "SELECT count(*) AS n FROM curated.events", "--json")
    refused = leadlake(home, "query", "DROP VIEW curated.events")
    reaching = leadlake(home, "query", "SELECT * FROM read_csv('/etc/passwd')")

    assert json.loads(asked.stdout) == {"columns": ["n"], "rows": [[1]], "truncated": False}
    assert (refused.returncode, "only SELECT" in refused.stderr) == (1, True)
    assert (reaching.returncode, "root:" in reaching.stdout + reaching.stderr) == (1, False)


def test_the_demo_is_refused_where_events_are(tmp_path: Path, events: Path) -> None:
    home = tmp_path / "home"
    leadlake(home, "ingest", "webinar", str(events))
    files = sorted(path for path in home.rglob("*") if path.is_file())
    refused = leadlake(home, "demo", "--leads", "10")

    assert (refused.returncode, "nothing was changed" in refused.stderr) == (1, True)
    assert sorted(path for path in home.rglob("*") if path.is_file()) == files


def test_doctor_says_what_to_do_with_an_empty_lake(tmp_path: Path) -> None:
    examined = leadlake(tmp_path / "home", "doctor", "--json")

    findings = {finding["subject"]: finding for finding in json.loads(examined.stdout)["findings"]}
    assert examined.returncode == 0
    assert findings["freshness"]["verdict"] == "warning"
    assert "leadlake demo" in findings["freshness"]["remedy"]


def test_a_build_killed_and_repeated_loses_and_doubles_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    lines = [EVENT.replace("ann@", f"a{number}@") for number in range(30_000)]
    file = tmp_path / "many.jsonl"
    file.write_text("".join(lines), encoding="utf-8")
    leadlake(home, "ingest", "webinar", str(file))
    environment = {**os.environ, "LEADLAKE_HOME": str(home)}
    for seconds in (1.0, 1.5, 1.8):
        process = subprocess.Popen([sys.executable, "-m", "app.cli", "build"], env=environment, cwd=ROOT)
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
    leadlake(home, "build")
    counted = leadlake(
        home,
        "query",
        "SELECT count(*), count(DISTINCT event_id), (SELECT sum(read) FROM curated.batches) FROM curated.events",
        "--json",
    )

    assert json.loads(counted.stdout)["rows"] == [[30_000, 30_000, 30_000]]
