"""The events that builds are measured on: the demo's, cut into a past and its news without losing a line."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from bench.events import LEADS_PER_EVENT, NEWS, PARTS, UNTIL, EventFiles, land_part, stream_of, write_events
from bench.lakes import bench_lake
from lake_access.building.build import build
from lake_access.demo_events import DemoPlan, write_demo_events

EVENTS = 5_000
AT = re.compile(r'"timestamp":"([^"]{20})"')


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> EventFiles:
    return write_events(tmp_path_factory.mktemp("events"), EVENTS)


def test_the_parts_together_are_the_demos_lines(files: EventFiles, tmp_path: Path) -> None:
    drawn = write_demo_events(DemoPlan(until=UNTIL, leads=round(EVENTS * LEADS_PER_EVENT)), tmp_path)

    cut = Counter(
        (stream_of(file), line) for part in PARTS for file in files.of(part) for line in file.read_bytes().splitlines()
    )

    assert cut == Counter(
        (stream, line) for stream, paths in drawn.items() for path in paths for line in path.read_bytes().splitlines()
    )
    assert sum(files.lines.values()) == cut.total()
    assert files.lines["base"] == pytest.approx(0.98 * EVENTS, rel=0.05)


def test_the_news_is_a_hundredth_and_newer_than_the_past(files: EventFiles) -> None:
    first = f"{files.newest_from:%Y-%m-%dT%H:%M:%SZ}"

    moments = {
        part: [at for file in files.of(part) for at in AT.findall(file.read_text(encoding="utf-8"))] for part in PARTS
    }

    assert files.lines["newest"] == pytest.approx(EVENTS / NEWS, abs=5)
    assert min(moments["newest"]) == first
    assert max(moments["base"] + moments["spread"]) < first


def test_a_lake_takes_every_part(files: EventFiles, tmp_path: Path) -> None:
    lake = bench_lake(tmp_path)
    read = []
    for part in PARTS:
        assert land_part(lake, files, part) == len(files.of(part))
        read.append(build(lake, UNTIL).read)

    assert read == [files.lines[part] for part in PARTS]
