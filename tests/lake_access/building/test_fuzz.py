"""Whatever the lines are: each is curated, a duplicate or quarantined, as the oracle says, and the process lives."""

from __future__ import annotations

import random
import resource
from pathlib import Path

import pytest

from lake_access.building.build import build
from lake_access.iceberg.tables import BATCHES, EVENTS, QUARANTINE
from lake_access.lake import Lake
from lake_access.raw import Batch
from tests.lake_access.building.crash_run import PROCESSES
from tests.lake_access.building.fuzzed_lines import STREAMS, fuzzed_line, hard_lines
from tests.lake_access.lakes import NOW, batch_of, lake_in, land_bytes, read_table
from tests.lake_access.oracle import numbered_lines
from tests.lake_access.oracle_lines import RefusedLineError, read_event

MEGABYTES_MORE = 300


def fuzzed_files(seed: int, lines: int) -> dict[str, bytes]:
    """A file of fuzzed lines for each stream."""
    rng = random.Random(seed)
    ends = [b"\n", b"\n", b"\n", b"\r\n"]
    of_stream = lines // len(STREAMS)
    return {
        stream: b"".join(fuzzed_line(rng, stream) + rng.choice(ends) for _ in range(of_stream)) for stream in STREAMS
    }


def is_refused(lake: Lake, batch: Batch, line: bytes) -> bool:
    try:
        read_event(line, batch, lake.settings.declarations)
    except RefusedLineError:
        return True
    return False


def assert_each_line_is_accounted_for(lake: Lake, landed: dict[Batch, bytes]) -> None:
    """Counts add up to the lines that are not blank, and those are refused that the oracle refuses."""
    result = build(lake, NOW)
    assert result.refused == []
    assert result.read == result.curated + result.duplicates + result.quarantined
    refused = {(row["stream"], row["batch_id"], row["line_number"]): row for row in read_table(lake, QUARANTINE)}
    curated = {(row["stream"], row["batch_id"], row["line_number"]) for row in read_table(lake, EVENTS)}
    counts = {row["key"]: row for row in read_table(lake, BATCHES)}
    assert len(refused) == result.quarantined
    assert len(curated) == result.curated
    assert not refused.keys() & curated
    for batch, content in landed.items():
        lines = {(batch.stream, batch.batch_id, number): line for number, line in numbered_lines(content)}
        assert counts[batch.key]["read"] == len(lines)
        differing = {
            place: (line[:300], refused[place]["reason"] if place in refused else None)
            for place, line in lines.items()
            if (place in refused) != is_refused(lake, batch, line)
        }
        assert differing == {}
        assert {
            place: row["line"] for place, row in refused.items() if place[:2] == (batch.stream, batch.batch_id)
        } == {place: line[: 1 << 20] for place, line in lines.items() if place in refused}


def land_files(lake: Lake, files: dict[str, bytes]) -> dict[Batch, bytes]:
    return {batch_of(land_bytes(lake, stream, content)): content for stream, content in files.items()}


def test_five_thousand_fuzzed_lines_are_all_accounted_for(lake: Lake) -> None:
    landed = land_files(lake, fuzzed_files(seed=1, lines=5_000))

    assert_each_line_is_accounted_for(lake, landed)
    assert len(read_table(lake, EVENTS)) > 500
    assert len(read_table(lake, QUARANTINE)) > 500


def test_lines_that_break_readers_are_all_accounted_for(lake: Lake) -> None:
    sound = b'{"event_type":"webinar_registration","email":"last@example.com","timestamp":"2025-11-01T10:00:00Z"}'

    assert_each_line_is_accounted_for(lake, land_files(lake, {"webinar": b"\n".join([*hard_lines(), sound])}))
    assert len(read_table(lake, EVENTS)) >= 5


def peak_megabytes(files: int, home: Path) -> None:
    """Build a lake of so many files of 10,000 fuzzed lines, all different, and write down the process's peak memory."""
    lake = lake_in(home, memory="500MB")
    for seed in range(files):
        land_files(lake, fuzzed_files(seed, lines=10_000))
    assert build(lake, NOW).read > files * 7_000
    (home / "peak").write_text(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024), encoding="ascii")


@pytest.mark.slow
def test_a_hundred_thousand_fuzzed_lines_are_all_accounted_for(lake: Lake) -> None:
    landed: dict[Batch, bytes] = {}
    for seed in range(10):
        landed |= land_files(lake, fuzzed_files(seed, lines=10_000))

    assert_each_line_is_accounted_for(lake, landed)


@pytest.mark.slow
def test_memory_stays_flat_over_a_hundred_thousand_fuzzed_lines(tmp_path: Path) -> None:
    peaks = []
    for files in (1, 10):
        process = PROCESSES.Process(target=peak_megabytes, args=(files, tmp_path / str(files)))
        process.start()
        process.join(timeout=600)
        assert process.exitcode == 0
        peaks.append(int((tmp_path / str(files) / "peak").read_text(encoding="ascii")))

    assert peaks[1] < peaks[0] + MEGABYTES_MORE
