"""A build of a hundredth that is new, against the full build of the same lake: the newest events, and the worst."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.building import Stages, run_build, stages_of
from bench.events import EventFiles, land_part
from bench.lakes import bench_lake, copy_home
from bench.measuring import alone

NEWEST, SPREAD = "newest", "spread"


@dataclass(frozen=True)
class Increment:
    """Builds of one kind of news: its lines, its files, and what the builds took."""

    part: str
    lines: int
    files: int
    builds: Stages


def measure_increments(folder: Path, files: EventFiles, repetitions: int) -> dict[str, Increment]:
    """Both kinds of news, each landed in the lake as the full build left it in `built`."""
    return {part: _measure(folder, files, part, repetitions) for part in (NEWEST, SPREAD)}


def _measure(folder: Path, files: EventFiles, part: str, repetitions: int) -> Increment:
    builds = []
    for _ in range(repetitions):
        copy_home(folder / "built", folder / "home")
        alone(_land, folder / "home", files, part)
        builds.append(alone(run_build, folder / "home"))
    return Increment(part, files.lines[part], len(files.of(part)), stages_of(builds))


def _land(home: Path, files: EventFiles, part: str) -> None:
    lake = bench_lake(home)
    land_part(lake, files, part)
    lake.close()
