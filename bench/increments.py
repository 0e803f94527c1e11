"""A build of a hundredth that is new, against the full build of the same lake: the newest events, and the worst."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.building import BuildTimes, Stages, run_build
from bench.events import EventFiles, land_part
from bench.lakes import bench_lake, copy_home
from bench.measuring import Measured, alone

NEWEST, SPREAD = "newest", "spread"


@dataclass(frozen=True)
class Increment:
    """Builds of one kind of news: its lines, its files, and what the builds took."""

    part: str
    lines: int
    files: int
    builds: Stages


def run_increment(folder: Path, files: EventFiles, part: str) -> Measured[BuildTimes]:
    """Land one kind of news in the lake as a full build left it in `built`, and build it in its place, `home`."""
    copy_home(folder / "built", folder / "home")
    alone(_land, folder / "home", files, part)
    return alone(run_build, folder / "home")


def _land(home: Path, files: EventFiles, part: str) -> None:
    lake = bench_lake(home)
    land_part(lake, files, part)
    lake.close()
