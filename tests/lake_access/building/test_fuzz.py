"""Whatever the lines are: each is curated, a duplicate or quarantined, as the oracle says, and the process lives."""

from __future__ import annotations

import json
import random
import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from lake_access.building import curate as curating
from lake_access.building.build import build, unbuilt_batches
from lake_access.building.identity import identity_key
from lake_access.building.workshop import open_workshop
from lake_access.iceberg.tables import BATCHES, EVENTS, QUARANTINE
from lake_access.lake import Lake
from lake_access.raw import Batch
from tests.lake_access.building.crash_run import PROCESSES
from tests.lake_access.building.fuzzed_lines import STREAMS, fuzzed_line, hard_lines
from tests.lake_access.lakes import NOW, batch_of, lake_in, land_bytes, read_table, touch
from tests.lake_access.oracle import numbered_lines
from tests.lake_access.oracle_lines import RefusedLineError, read_event

MEGABYTES_MORE = 120


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


def sound_files(seed: int, lines: int) -> dict[str, bytes]:
    events = (touch(n=f"{seed}.{number}", email=f"lead{number % 1_000}@example.com") for number in range(lines))
    return {"webinar": b"\n".join(json.dumps(event).encode() for event in events)}


def peak_megabytes(files: Callable[[int, int], dict[str, bytes]], times: int, home: Path) -> None:
    """Curate so many times 10,000 lines, all different, and write down the process's peak memory."""
    # Small portions, so that what is held of each is little beside what would be held of all.
    curating.CHUNK_BYTES, curating.ROWS_PER_WRITE = 1 << 20, 10_000
    lake = lake_in(home)
    for number in range(times):
        land_files(lake, files(number, 10_000))
    workshop = open_workshop(lake.settings, lake.store, lake.catalog, identity_key(lake.settings), NOW)
    with workshop.connection:
        curating.equip(workshop)
        counts = curating.curate(workshop, unbuilt_batches(workshop))
    assert sum(of_batch.read for of_batch in counts.values()) > times * 7_000
    (home / "peak").write_text(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024), encoding="ascii")


@pytest.mark.slow
def test_a_hundred_thousand_fuzzed_lines_are_all_accounted_for(lake: Lake) -> None:
    landed: dict[Batch, bytes] = {}
    for seed in range(10):
        landed |= land_files(lake, fuzzed_files(seed, lines=10_000))

    assert_each_line_is_accounted_for(lake, landed)


@pytest.mark.slow
@pytest.mark.parametrize(("files", "few", "many"), [(fuzzed_files, 2, 12), (sound_files, 5, 40)])
def test_the_memory_of_curating_stays_flat(
    files: Callable[[int, int], dict[str, bytes]], few: int, many: int, tmp_path: Path
) -> None:
    peaks = []
    for times in (few, many):
        process = PROCESSES.Process(target=peak_megabytes, args=(files, times, tmp_path / str(times)))
        process.start()
        process.join(timeout=250)
        assert process.exitcode == 0
        peaks.append(int((tmp_path / str(times) / "peak").read_text(encoding="ascii")))

    assert peaks[1] < peaks[0] + MEGABYTES_MORE
