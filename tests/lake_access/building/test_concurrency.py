"""Builds at the same time, and readers beside them: the tables end as those of one build, and nobody sees a half."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from lake_access.building.build import build
from lake_access.lake import Lake
from tests.lake_access.building.crash_run import PROCESSES, build_from
from tests.lake_access.building.crossings import Crossing, crossing, draw, record
from tests.lake_access.lakes import NOW, Row, lake_in, land_lines, read_tables, touch

Tables = dict[str, list[Row]]
LOADED = "return lake_access.iceberg.catalog.ensure_table"


def land_first(lake: Lake) -> None:
    """Three people, of whom two are one, as a later landing shows; and a line that is refused."""
    at = NOW - timedelta(hours=3)
    land_lines(lake, "webinar", touch(email="ann@example.com"), touch(email=None, lead_key="crm-2"), "no JSON", at=at)
    score = {"event_type": "score", "model_version": "1", "score": 70, "timestamp": "2025-11-02T00:00:00Z"}
    land_lines(lake, "scores", score | {"email": "ann@example.com"}, score | {"lead_key": "crm-1"}, at=at)


def land_second(lake: Lake) -> None:
    """Who ann is in the CRM, an event that came before, a new one, and a refused one."""
    linking = {"event_type": "outcome", "converted": True, "email": "ann@example.com", "lead_key": "crm-1"}
    at = NOW - timedelta(hours=2)
    land_lines(lake, "outcomes", linking | {"timestamp": "2025-12-24T00:00:00Z"}, at=at)
    old = touch(email=None, lead_key="crm-2")
    land_lines(lake, "webinar", old, touch(timestamp="2025-12-01T00:00:00Z"), touch(email="nobody"), at=at)


def land_third(lake: Lake) -> None:
    both = touch(email="john@example.com", lead_key="crm-2", timestamp="2025-10-31T00:00:00Z")
    land_lines(lake, "webinar", both, "[]", at=NOW - timedelta(hours=1))


def lands_and_builds(home: Path) -> None:
    lake = lake_in(home)
    land_third(lake)
    build(lake, NOW)


def prepared(home: Path, *, first_is_built: bool) -> Lake:
    """A lake with two landings, of which a build has yet to take the second or both."""
    lake = lake_in(home)
    land_first(lake)
    if first_is_built:
        build(lake, NOW)
    land_second(lake)
    return lake


@pytest.fixture(scope="module")
def of_two(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """The tables after the first two landings, built alone."""
    lake = prepared(tmp_path_factory.mktemp("two"), first_is_built=True)
    build(lake, NOW)
    return read_tables(lake)


@pytest.fixture(scope="module")
def of_three(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """The tables after all landings, built alone."""
    lake = prepared(tmp_path_factory.mktemp("three"), first_is_built=True)
    land_third(lake)
    build(lake, NOW)
    return read_tables(lake)


@pytest.fixture(scope="module")
def points(tmp_path_factory: pytest.TempPathFactory) -> Counter[str]:
    """What a build comes by."""
    lake = prepared(tmp_path_factory.mktemp("points"), first_is_built=True)
    return record(lambda: build(lake, NOW))


def test_a_build_comes_by_the_same_points_whatever_ran_before(tmp_path: Path, points: Counter[str]) -> None:
    lake = prepared(tmp_path, first_is_built=True)

    assert set(record(lambda: build(lake, NOW))) == set(points)


def build_with(lake: Lake, other: Callable[[], object], at: Crossing) -> None:
    """Build, and in the midst of it, when it comes by this crossing, let the other run from start to end."""
    happened = []

    def happen() -> None:
        happened.append(at)
        other()

    with crossing(at.watched(happen)):
        build(lake, NOW)
    assert happened == [at]


def assert_both_ends_are_one(home: Path, at: Crossing, *, first_is_built: bool, expected: Tables) -> None:
    lake = prepared(home, first_is_built=first_is_built)
    build_with(lake, lambda: build(lake_in(home), NOW), at)
    assert read_tables(lake) == expected, at


@pytest.mark.parametrize("table", range(5))
def test_a_build_that_runs_while_tables_are_loaded_leaves_the_tables_of_one(
    table: int, tmp_path: Path, of_two: Tables
) -> None:
    assert_both_ends_are_one(tmp_path, Crossing(LOADED, table), first_is_built=table % 2 == 0, expected=of_two)


@pytest.mark.parametrize("seed", range(3))
def test_a_build_in_the_midst_of_another_leaves_the_tables_of_one(
    seed: int, tmp_path: Path, points: Counter[str], of_two: Tables
) -> None:
    assert_both_ends_are_one(tmp_path, draw(points, seed), first_is_built=True, expected=of_two)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 200))
def test_a_build_in_the_midst_of_another_leaves_the_tables_of_one_a_hundred_times(
    seed: int, tmp_path: Path, points: Counter[str], of_two: Tables
) -> None:
    assert_both_ends_are_one(tmp_path, draw(points, seed), first_is_built=True, expected=of_two)


@pytest.mark.parametrize("seed", range(2))
def test_what_lands_and_is_built_in_the_midst_of_a_build_is_there_once(
    seed: int, tmp_path: Path, points: Counter[str], of_three: Tables
) -> None:
    lake = prepared(tmp_path, first_is_built=True)

    build_with(lake, lambda: lands_and_builds(tmp_path), draw(points, seed))

    assert read_tables(lake) == of_three


def test_two_processes_that_build_a_new_lake_at_once_leave_the_tables_of_one(tmp_path: Path, of_two: Tables) -> None:
    lake = lake_in(tmp_path)
    land_first(lake)
    land_second(lake)
    start = PROCESSES.Barrier(2)
    processes = [PROCESSES.Process(target=build_from, args=(start, tmp_path)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=120)

    assert [process.exitcode for process in processes] == [0, 0]
    assert read_tables(lake) == of_two


def half_seen(lake: Lake) -> str | None:
    """What a reader who pins the lake now sees of one table and not of another, if there is such a thing."""
    pinned = lake.pin()
    questions = {
        "events without their batch, or a batch without its events": """
            SELECT batch_id, stream, count(*) FROM curated.events GROUP BY ALL
            EXCEPT SELECT batch_id, stream, curated FROM curated.batches""",
        "a batch without its events": """
            SELECT batch_id, stream, curated FROM curated.batches WHERE curated > 0
            EXCEPT SELECT batch_id, stream, count(*) FROM curated.events GROUP BY ALL""",
        "refused lines without their batch": """
            SELECT batch_id, stream, count(*) FROM curated.quarantine GROUP BY ALL
            EXCEPT SELECT batch_id, stream, quarantined FROM curated.batches""",
        "a batch without its refused lines": """
            SELECT batch_id, stream, quarantined FROM curated.batches WHERE quarantined > 0
            EXCEPT SELECT batch_id, stream, count(*) FROM curated.quarantine GROUP BY ALL""",
        "events without their lead": """
            SELECT lead_id, count(*) FROM curated.events GROUP BY ALL
            EXCEPT SELECT lead_id, events FROM curated.leads""",
        "leads without their events": """
            SELECT lead_id, events FROM curated.leads
            EXCEPT SELECT lead_id, count(*) FROM curated.events GROUP BY ALL""",
        "leads that are not counted, or counted otherwise": """
            SELECT created_at::DATE, source, count(*) FROM curated.leads GROUP BY ALL
            EXCEPT SELECT created_on, source, sum(leads) FROM marts.leads_by_source GROUP BY ALL""",
        "leads counted that are not there": """
            SELECT created_on, source, sum(leads) FROM marts.leads_by_source GROUP BY ALL
            EXCEPT SELECT created_at::DATE, source, count(*) FROM curated.leads GROUP BY ALL""",
        "scores without their events": """
            SELECT event_id, lead_id FROM curated.scores
            EXCEPT SELECT event_id, lead_id FROM curated.events WHERE stream = 'scores'""",
        "events without their scores": """
            SELECT event_id, lead_id FROM curated.events WHERE stream = 'scores'
            EXCEPT SELECT event_id, lead_id FROM curated.scores""",
    }
    return next((what for what, sql in questions.items() if pinned.rows(sql)), None)


def test_a_reader_sees_no_half_after_a_build(tmp_path: Path) -> None:
    lake = prepared(tmp_path, first_is_built=True)
    assert half_seen(lake) is None

    build(lake, NOW)

    assert half_seen(lake) is None


def test_a_reader_beside_a_build_never_sees_a_half(tmp_path: Path, points: Counter[str]) -> None:
    lake = prepared(tmp_path, first_is_built=True)
    reader = lake_in(tmp_path)
    commits = [point for point in points if point.endswith("lake_access.iceberg.commits.commit")]
    seen: dict[str, str | None] = {}

    def look(point: str) -> None:
        if point in commits:
            seen[f"{point} {len(seen)}"] = half_seen(reader)

    with crossing(look):
        build(lake, NOW)

    assert len(seen) >= 10
    assert {point: half for point, half in seen.items() if half is not None} == {}


def test_a_reader_keeps_its_view_while_a_build_runs(tmp_path: Path) -> None:
    lake = prepared(tmp_path, first_is_built=True)
    pinned = lake.pin()
    before = pinned.rows("SELECT * FROM curated.events ORDER BY ALL")

    build(lake_in(tmp_path), NOW)

    assert pinned.rows("SELECT * FROM curated.events ORDER BY ALL") == before
    assert len(lake.pin().rows("SELECT * FROM curated.events")) > len(before)
