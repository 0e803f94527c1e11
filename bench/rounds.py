"""Builds at one size, all kinds in turn: a machine that slows down slows what they are held against too."""

from __future__ import annotations

from pathlib import Path

from bench.building import BuildTimes, FullBuild, land_base, run_build, run_floor, stages_of
from bench.events import EventFiles
from bench.increments import NEWEST, SPREAD, Increment, run_increment
from bench.lakes import copy_home
from bench.measuring import Measured, alone, spread


def measure_builds(folder: Path, files: EventFiles, repetitions: int) -> tuple[FullBuild, dict[str, Increment]]:
    """So many rounds of the floor, a build from nothing, and a build of each kind of news, each in a new process."""
    landing = alone(land_base, folder / "home", files)
    copy_home(folder / "home", folder / "landed")
    floors, typed, full = [], [], []
    news: dict[str, list[Measured[BuildTimes]]] = {NEWEST: [], SPREAD: []}
    for _ in range(repetitions):
        floors.append(alone(run_floor, files, folder / "floor", given=False))
        copy_home(folder / "landed", folder / "home")
        full.append(alone(run_build, folder / "home"))
        typed.append(alone(run_floor, files, folder / "floor", given=True))
        copy_home(folder / "home", folder / "built")
        for part, builds in news.items():
            builds.append(run_increment(folder, files, part))
    told = FullBuild(
        lines=files.lines["base"],
        text_bytes=files.bytes["base"],
        landing=landing.value,
        full=stages_of(full),
        floor=spread(floor.value for floor in floors),
        floor_typed=spread(floor.value for floor in typed),
        floor_peak_bytes=max(floor.peak_bytes for floor in floors),
    )
    return told, {
        part: Increment(part, files.lines[part], len(files.of(part)), stages_of(builds))
        for part, builds in news.items()
    }
