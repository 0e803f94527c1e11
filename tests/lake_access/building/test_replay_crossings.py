"""A replay that is killed, repeated, or run beside builds ends in the tables of one; no reader sees a half of it."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from lake_access.building.build import build
from lake_access.building.replay import ReplayRange, replay
from lake_access.lake import Lake
from tests.lake_access.building.crash_run import PROCESSES, leave_nothing_outside
from tests.lake_access.building.crossings import OURS_AND_THE_CATALOG, Crossing, crossing, die, draw, record
from tests.lake_access.building.test_concurrency import Tables, half_seen, land_first, land_second, land_third
from tests.lake_access.lakes import CURATED_TABLES, NOW, lake_in, land_lines, read_tables, shipped_config, touch

EVERYTHING = ReplayRange()
FIRST_DAY = ReplayRange(until=NOW.date())
RANGES = {"everything": EVERYTHING, "first": FIRST_DAY}
NARROW = shipped_config(("max = 1440 }     # minutes", "max = 10 }"))
LATER = NOW + timedelta(days=1)


def prepared(home: Path) -> Lake:
    """A built lake; since then a limit was widened, so that the first day's lines have more to say.

    By then they take an event from the second day, and link two leads.
    """
    lake = lake_in(home, NARROW)
    land_first(lake)
    land_second(lake)
    long = touch(event_type="webinar_attendance", duration=20)
    land_lines(lake, "webinar", long | {"event_id": "1"}, long | {"lead_key": "crm-2"}, "rubbish", at=NOW)
    land_lines(lake, "webinar", touch(event_id="1", email="ann@example.com"), "refuse", at=LATER)
    build(lake, NOW)
    return lake_in(home)


def tables_of(lake: Lake) -> Tables:
    return read_tables(lake, without=["built_at"])


@pytest.fixture(scope="module", params=RANGES)
def chosen(request: pytest.FixtureRequest) -> ReplayRange:
    return RANGES[request.param]


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory, chosen: ReplayRange) -> Tables:
    """The tables after a replay that nothing happened to."""
    lake = prepared(tmp_path_factory.mktemp("replayed"))
    before = tables_of(lake)
    assert replay(lake, chosen, NOW).freed == 2
    after = tables_of(lake)
    assert [name for name in CURATED_TABLES if after[name] == before[name]] == ["curated.scores"]
    return after


@pytest.fixture(scope="module")
def points(tmp_path_factory: pytest.TempPathFactory, chosen: ReplayRange) -> Counter[str]:
    """What a replay comes by."""
    lake = prepared(tmp_path_factory.mktemp("points"))
    return record(lambda: replay(lake, chosen, NOW), OURS_AND_THE_CATALOG)


def replay_with(lake: Lake, chosen: ReplayRange, other: Callable[[], object], at: Crossing) -> None:
    """Replay, and in the midst of it, at this crossing, let the other run from start to end."""
    happened: list[Crossing] = []

    def happen() -> None:
        happened.append(at)
        other()

    with crossing(at.watched(happen), OURS_AND_THE_CATALOG):
        replay(lake, chosen, NOW)
    assert happened == [at]


def replay_until(home: Path, chosen: ReplayRange, end: Crossing) -> None:
    """Die at this crossing of the replay."""
    leave_nothing_outside(home)
    lake = lake_in(home)
    with crossing(end.watched(die), OURS_AND_THE_CATALOG):
        replay(lake, chosen, NOW)


def killed(home: Path, chosen: ReplayRange, end: Crossing) -> Lake:
    """The lake after a replay that died here."""
    prepared(home)
    process = PROCESSES.Process(target=replay_until, args=(home, chosen, end))
    process.start()
    process.join(timeout=120)
    assert process.exitcode == -signal.SIGKILL, end
    return lake_in(home)


def assert_it_recovers(home: Path, chosen: ReplayRange, points: Counter[str], seed: int, replayed: Tables) -> None:
    end = draw(points, seed)
    lake = killed(home, chosen, end)
    assert half_seen(lake) is None, end
    build(lake, NOW)
    assert half_seen(lake) is None, end
    replay(lake, chosen, NOW)
    assert tables_of(lake) == replayed, end


@pytest.mark.parametrize("seed", range(2))
def test_a_killed_replay_repeated_ends_as_an_undisturbed_one(
    seed: int, tmp_path: Path, chosen: ReplayRange, points: Counter[str], replayed: Tables
) -> None:
    assert_it_recovers(tmp_path / "home", chosen, points, seed, replayed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 40))
def test_thirty_killed_replays_end_as_an_undisturbed_one(
    seed: int, tmp_path: Path, chosen: ReplayRange, points: Counter[str], replayed: Tables
) -> None:
    assert_it_recovers(tmp_path / "home", chosen, points, seed, replayed)


@pytest.mark.parametrize("committed", [False, True])
def test_a_build_after_a_killed_replay_leaves_all_of_it_or_nothing(
    committed: bool, tmp_path: Path, chosen: ReplayRange, replayed: Tables
) -> None:
    before = tables_of(prepared(tmp_path / "before"))
    step = "return" if committed else "call"
    lake = killed(tmp_path / "home", chosen, Crossing(f"{step} lake_access.building.round.commit_round", 0))

    build(lake, NOW)

    assert tables_of(lake) == (replayed if committed else before)


def assert_both_are_there(home: Path, chosen: ReplayRange, at: Crossing) -> None:
    """Whatever lands and is built in the midst of a replay is there as if it had come after it."""
    expected = prepared(home / "expected")
    replay(expected, chosen, NOW)
    land_third(expected)
    build(expected, NOW)
    lake = prepared(home / "beside")

    def land_and_build() -> None:
        other = lake_in(home / "beside")
        land_third(other)
        build(other, NOW)

    replay_with(lake, chosen, land_and_build, at)
    build(lake, NOW)

    assert tables_of(lake) == tables_of(expected), at


@pytest.mark.parametrize("seed", range(1))
def test_what_lands_and_is_built_in_the_midst_of_a_replay_is_there_once(
    seed: int, tmp_path: Path, chosen: ReplayRange, points: Counter[str]
) -> None:
    assert_both_are_there(tmp_path, chosen, draw(points, seed))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 25))
def test_what_lands_and_is_built_in_the_midst_of_a_replay_is_there_once_fifteen_times(
    seed: int, tmp_path: Path, chosen: ReplayRange, points: Counter[str]
) -> None:
    assert_both_are_there(tmp_path, chosen, draw(points, seed))


def test_a_replay_in_the_midst_of_another_leaves_the_tables_of_one(
    tmp_path: Path, chosen: ReplayRange, points: Counter[str], replayed: Tables
) -> None:
    lake = prepared(tmp_path)

    replay_with(lake, chosen, lambda: replay(lake_in(tmp_path), chosen, NOW), draw(points, 7))

    assert tables_of(lake) == replayed


def test_a_reader_beside_a_replay_never_sees_a_half(tmp_path: Path, chosen: ReplayRange, replayed: Tables) -> None:
    lake = prepared(tmp_path)
    reader = lake_in(tmp_path)
    seen: dict[str, tuple[str | None, int]] = {}

    def look(point: str) -> None:
        if point.endswith("lake_access.iceberg.commits.commit"):
            quarantined = len(reader.pin().rows("SELECT * FROM curated.quarantine"))
            seen[f"{point} {len(seen)}"] = (half_seen(reader), quarantined)

    with crossing(look):
        replay(lake, chosen, NOW)

    assert len(seen) >= 10
    assert {half for half, _ in seen.values()} == {None}
    after = len(replayed["curated.quarantine"])
    assert [quarantined for _, quarantined in seen.values()][:-1] == [after + 2] * (len(seen) - 1)
    assert len(reader.pin().rows("SELECT * FROM curated.quarantine")) == after


def test_a_replay_repeated_changes_nothing(tmp_path: Path, chosen: ReplayRange, replayed: Tables) -> None:
    lake = prepared(tmp_path)

    for _ in range(2):
        replay(lake, chosen, NOW)

    assert tables_of(lake) == replayed
