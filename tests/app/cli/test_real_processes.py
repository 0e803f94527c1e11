"""Commands as processes of their own: pipes, signals, and a dashboard that answers. Few, since each takes seconds."""

from __future__ import annotations

import json
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from tests.app.cli.running import Ended, finish, start

ENDLESS = "SELECT max(hash(a.range, b.range)) FROM range(10000000) a, range(10000000) b"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2) as answer:
            return bool(answer.read() == b"ok")
    except (urllib.error.URLError, OSError):
        return False


def wait_until(is_so: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_reader_that_goes_away_is_no_failure(home: Path) -> None:
    process = start("query", "SELECT range AS n, range * 7 AS m FROM range(300000)", "--limit", "300000", home=home)
    assert process.stdout is not None
    first = process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None

    with process.stderr:
        said = process.stderr.read()

    assert process.wait(30) == 0
    assert first.split() == ["n", "m"]
    assert said == ""


def test_ctrl_c_ends_a_query_that_would_never_end(home: Path) -> None:
    process = start("query", ENDLESS, home=home)
    wait_until((home / "leadlake.sqlite").exists)
    time.sleep(1)

    process.send_signal(signal.SIGINT)
    ended = finish(process, seconds=10)

    assert (ended.code, ended.out) == (130, "")
    assert ended.err == "leadlake: interrupted; what was committed stays. Run the command again for the rest.\n"


def test_a_killed_build_is_done_by_the_next(home: Path, tmp_path: Path, leadlake: Callable[..., Ended]) -> None:
    event = {"event_type": "webinar_attendance", "timestamp": "2025-01-01T10:00:00Z"}
    lines = [json.dumps({**event, "email": f"a{number}@example.com"}) for number in range(20_000)]
    (tmp_path / "many.jsonl").write_text("\n".join(lines), encoding="utf-8")
    leadlake("ingest", "webinar", tmp_path / "many.jsonl")
    process = start("build", home=home)
    # Files of tables: it is amid its work.
    wait_until(lambda: any((home / "lake").rglob("*.parquet")))

    process.kill()
    killed = finish(process)
    leadlake("build")

    counts = (
        "SELECT count(*), count(DISTINCT event_id), (SELECT sum(read)::INT FROM curated.batches) FROM curated.events"
    )
    assert killed.code == -signal.SIGKILL
    assert leadlake("query", counts, "--json").json["rows"] == [[20_000, 20_000, 20_000]]


def test_up_serves_from_any_folder_until_it_is_told_to_end(home: Path, tmp_path: Path) -> None:
    port = free_port()
    process = start("up", "--port", str(port), "--no-demo", home=home, folder=tmp_path)
    assert process.stderr is not None
    announced = process.stderr.readline()
    wait_until(lambda: is_healthy(port))

    process.send_signal(signal.SIGTERM)
    ended = finish(process, seconds=30)

    assert announced == f"Leadlake is on http://127.0.0.1:{port} (Ctrl+C stops it).\n"
    assert ended == Ended(0, "", "")
    assert not is_healthy(port)
