"""However a run of ingest and build ends, the next one brings every table to where an undisturbed run brings it."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from lake_access.demo_events import DemoPlan, write_demo_events
from lake_access.raw import list_batches
from tests.lake_access.building.crash_run import PROCESSES, Portions, ingest_and_build, run_from, run_until
from tests.lake_access.building.crossings import OURS_AND_THE_CATALOG, draw, record
from tests.lake_access.lakes import NOW, Row, lake_in, read_tables


@dataclass(frozen=True)
class Undisturbed:
    """What a run does that nothing happens to: the points it comes by, the seconds it takes, the tables it leaves."""

    portions: Portions
    points: Counter[str]
    seconds: float
    tables: Mapping[str, list[Row]]
    keys: list[str]


def raw_keys(home: Path) -> list[str]:
    lake = lake_in(home)
    return [batch.key for stream in lake.settings.declarations.sources for batch in list_batches(lake.store, stream)]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    folder = tmp_path_factory.mktemp("undisturbed")
    written = write_demo_events(DemoPlan(until=NOW, leads=150), folder / "events")
    files = sorted((file.stem[-7:], stream, file) for stream, of in written.items() for file in of)
    recent = [(stream, file) for month, stream, file in files if month >= "2025-12"]
    portions = (recent[: len(recent) // 2], recent[len(recent) // 2 :])
    points = record(lambda: ingest_and_build(folder / "recorded", portions), OURS_AND_THE_CATALOG)
    started = time.monotonic()
    ingest_and_build(folder / "home", portions)
    seconds = time.monotonic() - started
    return Undisturbed(portions, points, seconds, read_tables(lake_in(folder / "home")), raw_keys(folder / "home"))


def assert_as_undisturbed(home: Path, undisturbed: Undisturbed) -> None:
    tables = read_tables(lake_in(home))
    for name, rows in undisturbed.tables.items():
        assert tables[name] == rows, name
    assert raw_keys(home) == undisturbed.keys


def killed_at_a_point(home: Path, undisturbed: Undisturbed, seed: int) -> str:
    """Where the run died."""
    end = draw(undisturbed.points, seed)
    process = PROCESSES.Process(target=run_until, args=(home, undisturbed.portions, end))
    process.start()
    process.join(timeout=120)
    assert process.exitcode == -signal.SIGKILL, end
    return f"{end}"


def killed_at_a_time(home: Path, undisturbed: Undisturbed, seed: int) -> str:
    start = PROCESSES.Barrier(2)
    process = PROCESSES.Process(target=run_from, args=(start, home, undisturbed.portions))
    process.start()
    start.wait(timeout=60)
    seconds = random.Random(seed).uniform(0, undisturbed.seconds)
    time.sleep(seconds)
    process.kill()
    process.join(timeout=120)
    return f"{seconds:.3f} s"


def assert_it_recovers(home: Path, undisturbed: Undisturbed, seed: int) -> None:
    """Every fourth seed is killed at a moment, in the midst of whatever runs; every fifth is killed a second time."""
    kill = killed_at_a_time if seed % 4 == 3 else killed_at_a_point
    ends = [kill(home, undisturbed, seed)]
    if seed % 5 == 4:
        ends.append(killed_at_a_time(home, undisturbed, seed + 1_000_000))
    ingest_and_build(home, undisturbed.portions)
    try:
        assert_as_undisturbed(home, undisturbed)
    except AssertionError as exc:
        raise AssertionError(f"seed {seed}, killed at {', then '.join(ends)}: {exc}") from exc


def test_an_undisturbed_run_has_something_of_everything(undisturbed: Undisturbed) -> None:
    assert len(undisturbed.points) > 300
    assert all(rows for rows in undisturbed.tables.values())
    events, leads = undisturbed.tables["curated.events"], undisturbed.tables["curated.leads"]
    assert len(events) > 2 * len(leads) > 20


@pytest.mark.parametrize("seed", range(10))
def test_a_killed_run_repeated_ends_as_an_undisturbed_one(seed: int, tmp_path: Path, undisturbed: Undisturbed) -> None:
    assert_it_recovers(tmp_path / "home", undisturbed, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 110))
def test_a_hundred_killed_runs_end_as_an_undisturbed_one(seed: int, tmp_path: Path, undisturbed: Undisturbed) -> None:
    assert_it_recovers(tmp_path / "home", undisturbed, seed)


def test_a_run_repeated_changes_nothing(tmp_path: Path, undisturbed: Undisturbed) -> None:
    for _ in range(2):
        ingest_and_build(tmp_path / "home", undisturbed.portions)

    assert_as_undisturbed(tmp_path / "home", undisturbed)
