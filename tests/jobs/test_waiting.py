"""What has landed and is not built yet."""

from __future__ import annotations

from itertools import count

from jobs.waiting import count_lines, waiting_batches
from lake_access.building.build import build
from lake_access.lake import Lake
from lake_access.raw import Batch
from tests.lake_access.lakes import NOW, batch_of, land_lines, touch


def land_three(lake: Lake) -> list[Batch]:
    landings = [
        land_lines(lake, "webinar", touch(email="ann@example.com"), touch(email="bob@example.com")),
        land_lines(lake, "webinar", touch(email="cem@example.com"), history=True),
        land_lines(lake, "online", "no JSON", "nor this", "nor that"),
    ]
    return [batch_of(landing) for landing in landings]


def never_late() -> float:
    return 0.0


def test_batches_wait_until_they_are_built(lake: Lake) -> None:
    landed = land_three(lake)

    assert sorted(waiting_batches(lake, lake.pin()), key=str) == sorted(landed, key=str)
    build(lake, NOW)
    assert waiting_batches(lake, lake.pin()) == []


def test_only_what_came_later_waits(lake: Lake) -> None:
    land_three(lake)
    build(lake, NOW)
    later = batch_of(land_lines(lake, "online", "later"))

    assert waiting_batches(lake, lake.pin()) == [later]


def test_their_lines_are_those_that_a_build_will_read(lake: Lake) -> None:
    land_three(lake)

    lines = count_lines(lake, waiting_batches(lake, lake.pin()), 1, never_late)

    assert lines == 6
    assert build(lake, NOW).read == lines


def test_no_batches_have_no_lines(lake: Lake) -> None:
    assert count_lines(lake, [], 1, never_late) == 0


def test_counting_that_takes_too_long_is_given_up(lake: Lake) -> None:
    seconds = count()

    assert count_lines(lake, land_three(lake), 1.5, lambda: float(next(seconds))) is None


def test_a_batch_whose_note_is_gone_is_not_guessed_at(lake: Lake) -> None:
    batches = land_three(lake)
    for note in lake.store.list("raw/webinar/landed/"):
        (lake.settings.home / "lake" / note.key).unlink()

    assert count_lines(lake, batches, 1, never_late) is None
