"""Upkeep beside builds, readers and itself, and cut short anywhere: the tables stay what they are."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from lake_access.building.build import build
from lake_access.lake import Lake
from tests.lake_access.building.crossings import OURS_AND_THE_CATALOG, Crossing, crossing, draw, record
from tests.lake_access.lakes import NOW, Row, lake_in, read_tables
from tests.lake_access.upkeep.tended import (
    LANDINGS,
    built,
    long_after,
    retention_after_now,
    seen,
    tend,
)
from tests.lake_access.upkeep.upkeep_run import PROCESSES, maintain_until

Tables = dict[str, list[Row]]


@dataclass(frozen=True)
class Undisturbed:
    """The points that an upkeep comes by, and a build of a fourth landing; the tables of three and of four."""

    points: Counter[str]
    points_of_build: Counter[str]
    of_three: Tables
    of_four: Tables


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    lake = built(tmp_path_factory.mktemp("lake"), 3)
    of_three, now = read_tables(lake), retention_after_now()
    points = record(lambda: tend(lake, now), OURS_AND_THE_CATALOG)
    untended = built(tmp_path_factory.mktemp("untended"), 3)
    LANDINGS[3](untended)
    points_of_build = record(lambda: build(untended, NOW), OURS_AND_THE_CATALOG)
    return Undisturbed(points, points_of_build, of_three, read_tables(untended))


def build_fourth(home: Path) -> None:
    lake = lake_in(home)
    LANDINGS[3](lake)
    build(lake, NOW)


def in_the_midst(run: Callable[[], object], other: Callable[[], object], at: Crossing) -> None:
    """Run, and at this crossing let the other run from start to end."""
    happened = []

    def happen() -> None:
        happened.append(at)
        other()

    with crossing(at.watched(happen), OURS_AND_THE_CATALOG):
        run()
    assert happened == [at]


def assert_nothing_is_left_to_do(lake: Lake) -> None:
    now = long_after()
    tend(lake, now)
    again = tend(lake, now)
    assert all(t.files_before == t.files_after and not t.snapshots_expired for t in again.tables.values())
    assert all(not table.orphan_files for table in again.tables.values())


def test_an_upkeep_comes_by_every_step(undisturbed: Undisturbed) -> None:
    assert len(undisturbed.points) > 200
    for step in ("compaction.compact", "commits.commit", "expiry.expire", "orphans.find_orphans", "orphans.delete_all"):
        assert any(point.endswith(f".{step}") for point in undisturbed.points), step


def assert_a_killed_upkeep_is_repeated(home: Path, undisturbed: Undisturbed, seed: int) -> None:
    lake, now, end = built(home, 3), retention_after_now(), draw(undisturbed.points, seed)
    pinned, before = lake.pin(), seen(lake.pin())
    process = PROCESSES.Process(target=maintain_until, args=(home, now, end))
    process.start()
    process.join(timeout=120)
    assert process.exitcode == -signal.SIGKILL, end

    assert read_tables(lake) == undisturbed.of_three, end
    assert seen(pinned) == seen(lake.pin()) == before, end
    build_fourth(home)
    assert read_tables(lake) == undisturbed.of_four, end
    assert_nothing_is_left_to_do(lake)
    assert read_tables(lake) == undisturbed.of_four, end


def assert_a_build_amid_an_upkeep_loses_nothing(home: Path, undisturbed: Undisturbed, seed: int) -> None:
    lake, now, at = built(home, 3), retention_after_now(), draw(undisturbed.points, seed)
    pinned, before = lake.pin(), seen(lake.pin())

    in_the_midst(lambda: tend(lake, now), lambda: build_fourth(home), at)

    assert seen(pinned) == before, at
    assert read_tables(lake) == undisturbed.of_four, at
    assert_nothing_is_left_to_do(lake)
    assert read_tables(lake) == undisturbed.of_four, at


def assert_an_upkeep_amid_a_build_loses_nothing(home: Path, undisturbed: Undisturbed, seed: int) -> None:
    lake, now, at = built(home, 3), retention_after_now(), draw(undisturbed.points_of_build, seed)
    pinned, before = lake.pin(), seen(lake.pin())
    LANDINGS[3](lake)

    in_the_midst(lambda: build(lake, NOW), lambda: tend(lake_in(home), now), at)

    assert seen(pinned) == before, at
    assert read_tables(lake) == undisturbed.of_four, at
    assert_nothing_is_left_to_do(lake)
    assert read_tables(lake) == undisturbed.of_four, at


def assert_two_upkeeps_at_once_are_as_one(home: Path, undisturbed: Undisturbed, seed: int) -> None:
    lake, now, at = built(home, 3), retention_after_now(), draw(undisturbed.points, seed)
    pinned, before = lake.pin(), seen(lake.pin())

    in_the_midst(lambda: tend(lake, now), lambda: tend(lake_in(home), now), at)

    assert seen(pinned) == seen(lake.pin()) == before, at
    assert read_tables(lake) == undisturbed.of_three, at
    build_fourth(home)
    assert read_tables(lake) == undisturbed.of_four, at


@pytest.mark.parametrize("seed", range(3))
def test_an_upkeep_that_is_killed_leaves_a_sound_lake(seed: int, tmp_path: Path, undisturbed: Undisturbed) -> None:
    assert_a_killed_upkeep_is_repeated(tmp_path, undisturbed, seed)


@pytest.mark.parametrize("seed", range(3))
def test_a_build_in_the_midst_of_an_upkeep_loses_nothing(seed: int, tmp_path: Path, undisturbed: Undisturbed) -> None:
    assert_a_build_amid_an_upkeep_loses_nothing(tmp_path, undisturbed, seed)


@pytest.mark.parametrize("seed", range(3))
def test_an_upkeep_in_the_midst_of_a_build_loses_nothing(seed: int, tmp_path: Path, undisturbed: Undisturbed) -> None:
    assert_an_upkeep_amid_a_build_loses_nothing(tmp_path, undisturbed, seed)


@pytest.mark.parametrize("seed", range(3))
def test_two_upkeeps_at_once_are_as_one(seed: int, tmp_path: Path, undisturbed: Undisturbed) -> None:
    assert_two_upkeeps_at_once_are_as_one(tmp_path, undisturbed, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 125))
@pytest.mark.parametrize(
    "claim",
    [
        assert_a_killed_upkeep_is_repeated,
        assert_a_build_amid_an_upkeep_loses_nothing,
        assert_an_upkeep_amid_a_build_loses_nothing,
        assert_two_upkeeps_at_once_are_as_one,
    ],
)
def test_upkeep_holds_a_hundred_times(
    claim: Callable[[Path, Undisturbed, int], None], seed: int, tmp_path: Path, undisturbed: Undisturbed
) -> None:
    claim(tmp_path, undisturbed, seed)
