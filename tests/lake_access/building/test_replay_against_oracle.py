"""Whatever lands late, and is built and replayed by whatever declarations: the tables are the oracle's."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from lake_access.building.build import build
from lake_access.building.replay import ReplayRange, replay, retry
from lake_access.lake import Lake
from lake_access.quarantine import QuarantineFilters
from tests.lake_access.building.random_events import Line, lines
from tests.lake_access.building.test_against_oracle import (
    CHECKS,
    WITHOUT_SHRINKING,
    File,
    assert_as_the_oracle_says,
)
from tests.lake_access.lakes import NOW, batch_of, lake_in, land_bytes, read_table, shipped_config
from tests.lake_access.oracle import LandedFile

# Landed so far apart that a range of days takes some of the files.
APART = timedelta(hours=7)
# Other limits and rules than the shipped ones: some lines are refused by these alone, others by those alone.
DURATION, QUESTIONS, RATING = (
    "max = 1440 }     # minutes",
    'questions = { type = "integer", min =',
    'integer", min = 1, max = 5',
)
STRICTER = shipped_config(
    (DURATION, "max = 29 }"),
    (f"{QUESTIONS} 0", f"{QUESTIONS} 1"),
    ('version = "2025-01"', 'version = "2024-12"'),
    ("{ engagement = 4 }", "{ engagement = 3 }"),
)
LAXER = shipped_config((DURATION, "max = 10000 }"), (RATING, RATING.replace("1", "0")))
CONFIGS = {"shipped": shipped_config(), "stricter": STRICTER, "laxer": LAXER}


@dataclass(frozen=True)
class Step:
    """Something done to a lake by some declarations: a file landed as the `place`-th, a build, a replay, or a retry."""

    config: str
    file: File | None = None
    place: int = 0
    chosen: ReplayRange | None = None
    retried: QuarantineFilters | None = None


# Few streams, so that files of one hold copies of each other's lines.
STREAMS = ("webinar", "roadshow", "scores")
FILES_OF_A_STREAM = 4


def steps_of(drawn: Sequence[Line], rng: random.Random) -> list[Step]:
    """These lines, most of them in several files, which come in another order than they landed.

    Between them builds, replays and retries, by now these declarations and now those.
    """
    files: dict[tuple[str, int], list[bytes]] = {}
    for stream, line in drawn:
        for number in rng.choices(range(FILES_OF_A_STREAM), k=rng.randint(1, 3)):
            files.setdefault((stream, number), []).append(line)
    places = rng.sample(range(len(files)), len(files))
    taken: list[Step] = []
    for place, (stream, number) in zip(places, sorted(files), strict=True):
        content = b"\n".join(rng.sample(files[stream, number], len(files[stream, number])))
        taken.append(Step("shipped", File(stream, content, rng.random() < 0.2, built_after=False), place))
    rng.shuffle(taken)
    for at in sorted(rng.sample(range(1, len(taken) + 1), min(5, len(taken))), reverse=True):
        built_by, again_by = rng.choices(list(CONFIGS), k=2)
        retried = QuarantineFilters(reason=rng.choice([None, "duration", "questions", "not"]))
        again = [Step(again_by, chosen=range_of(rng)), Step(again_by, retried=retried)]
        taken[at:at] = [Step(built_by), rng.choice(again)]
    return [*taken, Step("shipped")]


def range_of(rng: random.Random) -> ReplayRange:
    days = [None, *(NOW.date() - timedelta(days=days) for days in range(6))]
    return ReplayRange(rng.choice([None, *STREAMS]), rng.choice(days[:1] * 4 + days), rng.choice(days[:1] * 4 + days))


def steps(most_lines: int) -> st.SearchStrategy[list[Step]]:
    drawn = st.lists(lines(STREAMS), min_size=most_lines // 2, max_size=most_lines)
    return st.builds(steps_of, drawn, st.integers(0, 2**32).map(random.Random))


def take(
    lakes: dict[str, Lake], taken: Sequence[Step], landed: dict[str, LandedFile]
) -> Iterator[tuple[Lake, list[LandedFile]]]:
    """Take each step; after each that built, the lake, and every file with the declarations that it was built by.

    Every file is put into `landed` under its batch's key, whether a build has read it or not.
    """
    for step in taken:
        lake = lakes[step.config]
        declarations = lake.settings.declarations
        if step.file is not None:
            at = NOW - timedelta(days=5) + step.place * APART
            landing = land_bytes(lake, step.file.stream, step.file.content, at=at, history=step.file.history)
            if landing.batch is not None:
                landed.setdefault(landing.batch.key, LandedFile(batch_of(landing), step.file.content))
            continue
        if step.chosen is not None:
            whole = replay(lake, step.chosen, NOW).whole
            read = {key for key, file in landed.items() if whole or step.chosen.holds(file.batch)}
        elif step.retried is not None:
            held = {(row["stream"], row["batch_id"]) for row in _quarantined(lake, step.retried)}
            whole = retry(lake, step.retried, NOW).whole
            read = {key for key, f in landed.items() if whole or (f.batch.stream, f.batch.batch_id) in held}
        else:
            build(lake, NOW)
            read = {key for key, file in landed.items() if file.read_by is None}
        landed |= {key: replace(landed[key], read_by=declarations) for key in read}
        yield lake, [file for file in landed.values() if file.read_by is not None]


def _quarantined(lake: Lake, filters: QuarantineFilters) -> list[dict[str, Any]]:
    return [row for row in read_table(lake, "curated.quarantine") if (filters.reason or "") in row["reason"]]


def assert_tables_hold(taken: Sequence[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lakes = {name: lake_in(Path(folder), text) for name, text in CONFIGS.items()}
        landed: dict[str, LandedFile] = {}
        for lake, built in take(lakes, taken, landed):
            assert_as_the_oracle_says(lake, built)
        replay(lakes["shipped"], ReplayRange(), NOW)
        assert_as_the_oracle_says(lakes["shipped"], [replace(file, read_by=None) for file in landed.values()])


@settings(max_examples=3, deadline=None, suppress_health_check=CHECKS, derandomize=True, phases=WITHOUT_SHRINKING)
@given(taken=steps(most_lines=60))
def test_random_replays_give_the_oracles_tables(taken: list[Step]) -> None:
    assert_tables_hold(taken)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(6))
def test_many_more_random_replays_give_the_oracles_tables(number: int) -> None:
    @seed(number)
    @settings(max_examples=10, deadline=None, suppress_health_check=CHECKS, database=None, phases=WITHOUT_SHRINKING)
    @given(taken=steps(most_lines=80))
    def check(taken: list[Step]) -> None:
        assert_tables_hold(taken)

    check()
