"""Whatever lands, in whatever order and however often it is built: the tables are those of the oracle."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from lake_access.building.build import BuildResult, build
from lake_access.lake import Lake
from lake_access.raw import list_batches, read_blocks
from tests.lake_access.building.random_events import Line, lines
from tests.lake_access.lakes import CURATED_TABLES, IDENTITY_KEY, NOW, lake_in, land_bytes, read_table, read_tables
from tests.lake_access.oracle import LandedFile, curated_tables

MOST_BUILDS = 3
CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


@dataclass(frozen=True)
class File:
    """A file to land, and after it the build if there is one."""

    stream: str
    content: bytes
    history: bool
    built_after: bool


@st.composite
def landings(draw: st.DrawFn, most_lines: int) -> list[File]:
    """Random lines, some of them again, in random order, split over files, and the files over builds."""
    drawn: list[Line] = draw(st.lists(lines(), min_size=most_lines // 2, max_size=most_lines))
    again = draw(st.lists(st.sampled_from(drawn), max_size=most_lines // 5))
    by_stream: dict[str, list[bytes]] = {}
    for stream, line in draw(st.permutations(drawn + again)):
        by_stream.setdefault(stream, []).append(line)
    files: list[File] = []
    for stream, of_stream in by_stream.items():
        cuts = draw(st.lists(st.integers(0, len(of_stream)), max_size=2).map(sorted))
        for start, end in zip([0, *cuts], [*cuts, len(of_stream)], strict=True):
            line_end = draw(st.sampled_from([b"\n", b"\n", b"\r\n"]))
            content = line_end.join(of_stream[start:end]) + draw(st.sampled_from([b"", line_end]))
            files.append(File(stream, content, history=draw(st.booleans()), built_after=False))
    shuffled = draw(st.permutations(files))
    builds = draw(st.sets(st.integers(0, len(shuffled) - 1), max_size=MOST_BUILDS - 1))
    return [File(f.stream, f.content, f.history, place in builds) for place, f in enumerate(shuffled)]


def in_steps(lake: Lake, files: Sequence[File]) -> tuple[list[LandedFile], list[BuildResult]]:
    """Land the files a second after each other and build where they say so, and at last."""
    landed: dict[str, LandedFile] = {}
    results = []
    for place, file in enumerate(files):
        landing = land_bytes(lake, file.stream, file.content, at=_landed_at(place), history=file.history)
        if landing.batch is not None:
            landed.setdefault(landing.batch.key, LandedFile(landing.batch, file.content))
        if file.built_after:
            results.append(build(lake, NOW))
    return list(landed.values()), [*results, build(lake, NOW)]


def _landed_at(place: int) -> datetime:
    return NOW - timedelta(days=1) + timedelta(seconds=place)


def assert_as_the_oracle_says(lake: Lake, landed: Sequence[LandedFile]) -> None:
    expected = curated_tables(landed, lake.settings.declarations, IDENTITY_KEY.encode(), NOW)
    for name in CURATED_TABLES:
        stored = [_comparable(row) for row in read_table(lake, name)]
        assert sorted(stored) == sorted(_comparable(row) for row in expected[name]), name


def _comparable(row: dict[str, Any]) -> str:
    """A row as one text: equal texts for equal values, whatever the order of columns and of keys in attributes."""
    values = dict(row)
    if isinstance(values.get("attributes"), str):
        values["attributes"] = json.loads(values["attributes"])
    if values.get("attributes") is not None:
        values["attributes"] = json.dumps(values["attributes"], sort_keys=True)
    moments = {key: value.astimezone(NOW.tzinfo) for key, value in values.items() if isinstance(value, datetime)}
    return repr(sorted((values | moments).items()))


def assert_tables_hold(files: Sequence[File]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lake = lake_in(Path(folder) / "steps")
        landed, results = in_steps(lake, files)
        assert_as_the_oracle_says(lake, landed)
        batches = read_table(lake, "curated.batches")
        for count in ("read", "curated", "duplicates", "quarantined"):
            assert sum(getattr(result, count) for result in results) == sum(row[count] for row in batches)
        assert results[-1].leads == len(read_table(lake, "curated.leads"))
        if len(results) > 1:
            at_once = lake_in(Path(folder) / "once")
            in_steps(at_once, [File(f.stream, f.content, f.history, built_after=False) for f in files])
            assert read_tables(at_once) == read_tables(lake)


# Finding the smallest example would take minutes more.
WITHOUT_SHRINKING = [Phase.generate]


@settings(max_examples=5, deadline=None, suppress_health_check=CHECKS, derandomize=True, phases=WITHOUT_SHRINKING)
@given(files=landings(most_lines=120))
def test_random_events_in_random_files_give_the_oracles_tables(files: list[File]) -> None:
    assert_tables_hold(files)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(6))
def test_many_more_random_events_give_the_oracles_tables(number: int) -> None:
    @seed(number)
    @settings(max_examples=25, deadline=None, suppress_health_check=CHECKS, database=None, phases=WITHOUT_SHRINKING)
    @given(files=landings(most_lines=200))
    def check(files: list[File]) -> None:
        assert_tables_hold(files)

    check()


def test_the_demo_gives_the_oracles_tables(demo_lake: Lake) -> None:
    landed = [
        LandedFile(batch, b"".join(read_blocks(demo_lake.store, batch, 1 << 20)))
        for stream in demo_lake.settings.declarations.sources
        for batch in list_batches(demo_lake.store, stream)
    ]

    assert len(landed) > 50
    assert_as_the_oracle_says(demo_lake, landed)
