"""The demo: into an empty lake alone, whole however often it is cut short, and once however many make it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jobs.demo import fill_with_demo, plan_begun, wants_demo
from lake_access.demo_events import DemoPlan
from lake_access.errors import RefusedError
from lake_access.lake import Lake
from tests.app.cli.running import finish, start
from tests.lake_access.lakes import IDENTITY_KEY, Row, lake_in, land_lines, read_tables, shipped_config, touch

UNTIL = datetime(2025, 12, 31, tzinfo=UTC)
PLAN = DemoPlan(until=UNTIL, leads=120)
WHEN_BUILT = ("built_at",)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake with a demo that nobody cut short."""
    lake = lake_in(tmp_path_factory.mktemp("whole"))
    fill_with_demo(lake, PLAN)
    return lake


@pytest.fixture(scope="module")
def whole(made: Lake) -> dict[str, list[Row]]:
    """Its tables."""
    return read_tables(made, without=WHEN_BUILT)


def files(lake: Lake) -> set[Path]:
    return {path for path in (lake.settings.home / "lake").rglob("*") if path.is_file()}


def cut_short(at_stage: str, at_share: float) -> Callable[[str, float | None], None]:
    def progress(stage: str, share: float | None) -> None:
        if stage == at_stage and (share or 0.0) >= at_share:
            raise KeyboardInterrupt

    return progress


def test_a_lake_with_events_is_refused_and_stays_as_it_is(lake: Lake) -> None:
    land_lines(lake, "webinar", touch())
    before = files(lake)

    with pytest.raises(RefusedError, match="holds events already, and the demo does not mix with them; nothing was"):
        fill_with_demo(lake, PLAN)

    assert files(lake) == before
    assert not wants_demo(lake)


def test_a_lake_with_a_demo_is_refused_and_stays_as_it_is(made: Lake) -> None:
    before = files(made)

    with pytest.raises(RefusedError, match="holds a demo already"):
        fill_with_demo(made, PLAN)

    assert files(made) == before
    assert not wants_demo(made)


@pytest.mark.parametrize(("stage", "share"), [("Landing files", 0.5), ("Building leads", 0)])
def test_a_demo_that_was_cut_short_is_finished_by_another_run(
    lake: Lake, whole: dict[str, list[Row]], stage: str, share: float
) -> None:
    with pytest.raises(KeyboardInterrupt):
        fill_with_demo(lake, PLAN, cut_short(stage, share))
    assert wants_demo(lake)
    assert plan_begun(lake) == PLAN

    # An hour later, as somebody would who runs the command again.
    fill_with_demo(lake, DemoPlan(until=UNTIL.replace(hour=1), leads=PLAN.leads))

    assert read_tables(lake, without=WHEN_BUILT) == whole
    assert not wants_demo(lake)
    assert plan_begun(lake) is None


def test_a_half_made_demo_is_not_mixed_with_another(lake: Lake) -> None:
    with pytest.raises(KeyboardInterrupt):
        fill_with_demo(lake, PLAN, cut_short("Landing files", 0.5))
    before = files(lake)

    with pytest.raises(RefusedError, match="finish it with `leadlake demo --leads 120 --seed 7`"):
        fill_with_demo(lake, DemoPlan(until=UNTIL, leads=120, seed=8))

    assert files(lake) == before


def test_a_half_made_demo_is_not_mixed_with_what_came_since(lake: Lake) -> None:
    with pytest.raises(KeyboardInterrupt):
        fill_with_demo(lake, PLAN, cut_short("Landing files", 0.5))
    land_lines(lake, "webinar", touch())
    before = files(lake)

    with pytest.raises(RefusedError, match="holds other events than those of the demo"):
        fill_with_demo(lake, PLAN)

    assert files(lake) == before


def test_an_empty_lake_wants_a_demo_unless_its_sources_are_not_declared(tmp_path: Path) -> None:
    assert wants_demo(lake_in(tmp_path / "shipped"))
    assert not wants_demo(lake_in(tmp_path / "own", shipped_config(("[sources.online", "[sources.shop"))))


def test_two_at_once_make_one_demo(tmp_path: Path, whole: dict[str, list[Row]]) -> None:
    arguments = ("demo", "--leads", "120", "--until", "2025-12-31")
    processes = [start(*arguments, home=tmp_path, LEADLAKE_IDENTITY_KEY=IDENTITY_KEY) for _ in range(2)]
    ended = [finish(process) for process in processes]

    for end in ended:
        # Who comes when the other has begun to land, or has finished, is refused.
        assert end.code == 0 or (end.code == 1 and "nothing was changed" in end.err), end.err
        assert "Traceback" not in end.err
    assert any(end.code == 0 for end in ended)
    assert read_tables(lake_in(tmp_path), without=WHEN_BUILT) == whole
