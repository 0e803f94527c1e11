"""The document that a run writes: the machine, every figure, and the goals beside them."""

from __future__ import annotations

import os
import platform
import textwrap
from collections.abc import Iterable, Sequence
from datetime import date
from importlib.metadata import version

from bench.building import CURATE, Stages
from bench.cells import WIDTH, by_size, megabytes, milliseconds, rate, ratio, spread, table
from bench.drift import DriftTimes
from bench.goals import Built, Reached, name_of, reached
from bench.increments import NEWEST, SPREAD
from bench.learning_report import drift_section, training_section
from bench.measuring import processor
from bench.pages import PageTimes
from bench.pages_report import pages_section
from bench.questions import Asked
from bench.training import TrainingTimes

_INTRODUCTION = """\
Written by `{command}` on {on}. Every ratio is of figures taken in turn in this one run. A figure is the median of
{repetitions}, with the least and the greatest in brackets; in seconds, unless another unit is named."""
_FLOOR = """\
The floor is what DuckDB alone takes for the same lines: a `COPY` of `read_json(…, format = 'newline_delimited')` to
Parquet (zstd) for each stream, columns and types found out by itself, lines that are no JSON left out. It finds no
duplicate, refuses no value, knows no identity, gives no points, sorts nothing by month and commits nothing; a build
does. `typed` is the floor with each stream's columns given.

The lines are the demo's year, scaled: six streams with a file a month, landed as raw batches (Zstandard) for the build,
as they were written for the floor. `curate` ends with the commit of the events; the stages after it have a commit each.
A build's time is from its call to its return: landing is not in it, nor the start of a process. Memory is the most that
the process held, DuckDB's buffers included.
"""
_INCREMENTS = """\
The lake is the one that the full build above left: 98% of the events. Then 1% lands and is built: either the newest
events, as a feed brings them (new leads, and what others did next; a file a day for each stream), or as many out of all
the year before, which come late and touch every month and leads of all ages: the worst that can come.
"""
_QUESTIONS = """\
The leads are made by DuckDB and written as a build writes them, a file a month: two years, 4 sources, 101 scores, 60
locations, 12 devices, 20 campaigns, 4 model versions. Each question goes through `lake_access.conversion` and, in turn,
as the query of its name in `bench/queries/` to a DuckDB over the same files; both are warm, and both answers are held
to be equal. The lake's time includes the intervals and the order of the rows.
"""
_AGAIN = """\
## Again

    make bench                   all of this, and this document
    make bench ARGS="--quick"    100,000 events and leads, in under a minute, into another file
    make bench ARGS="--help"     other sizes, or only some of it

A machine has slow days: figures of two runs are not to be compared, only the ratios within each.
"""


def write_report(
    built: Sequence[Built],
    asked: Sequence[Asked],
    drifts: Sequence[DriftTimes],
    trainings: Sequence[TrainingTimes],
    pages: Sequence[PageTimes],
    *,
    on: date,
    command: str,
    repetitions: str,
) -> str:
    """The whole document, in Markdown."""
    goals = reached(built, asked, drifts, trainings, pages)
    parts = [
        "# Benchmarks\n\n",
        _paragraph(_INTRODUCTION.format(command=command, on=f"{on:%d %B %Y}".lstrip("0"), repetitions=repetitions)),
        _machine(),
    ]
    parts += ["## Goals\n\n", _goals_table(goals), *_limits(goals)]
    if built:
        parts += ["## Building from nothing\n\n", _FLOOR, "\n", _full_table(built), _stages(built)]
        parts += ["## Building 1% that is new\n\n", _INCREMENTS, "\n", _increments_table(built)]
    if asked:
        parts += ["## Questions\n\n", _QUESTIONS, "\n", *(_questions_table(one) for one in asked)]
    if drifts:
        parts += drift_section(drifts)
    if trainings:
        parts += training_section(trainings)
    if pages:
        parts += pages_section(pages)
    return "".join([*parts, _AGAIN])


def _paragraph(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), WIDTH, break_on_hyphens=False) + "\n\n"


def _machine() -> str:
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    libraries = ", ".join(f"{name} {version(package)}" for name, package in _LIBRARIES.items())
    return _paragraph(
        f"The machine: {os.cpu_count()} cores ({processor()}), {_gigabytes(memory)} of memory, {platform.system()}; "
        f"Python {platform.python_version()}, {libraries}. DuckDB with its own number of threads."
    )


_LIBRARIES = {"DuckDB": "duckdb", "PyIceberg": "pyiceberg", "PyArrow": "pyarrow"}


def _goals_table(goals: Iterable[Reached]) -> str:
    rows = [[goal.goal, goal.asked, by_size(goal.figures), "yes" if goal.met else "no"] for goal in goals]
    return table(["goal", "asked", "measured", "met"], rows)


def _limits(goals: Iterable[Reached]) -> list[str]:
    missed = [
        textwrap.fill(f"- **{goal.goal}**: {goal.limit}", WIDTH, subsequent_indent="  ") + "\n"
        for goal in goals
        if not goal.met
    ]
    return ["What limits those that are missed:\n\n", *missed, "\n"] if missed else []


def _full_table(built: Iterable[Built]) -> str:
    rows = []
    for one in built:
        full, curate = one.full, one.full.full.stages[CURATE]
        rows += [
            [
                name_of(one.events),
                f"{full.lines:,}",
                megabytes(full.text_bytes),
                spread(full.floor),
                spread(full.floor_typed),
                spread(curate),
                rate(full.lines / full.floor.median),
                rate(full.lines / curate.median),
                ratio(full.curate_ratio),
            ]
        ]
    header = ["events", "lines", "text", "floor", "typed", "curate", "floor's rate", "curate's rate", "of the floor's"]
    return table(header, rows)


def _stages(built: Sequence[Built]) -> str:
    stages = list(built[0].full.full.stages)
    rows = [
        [
            name_of(one.events),
            *_stage_cells(one.full.full, stages),
            megabytes(one.full.full.curate_peak_bytes),
            megabytes(one.full.full.peak_bytes),
            megabytes(one.full.floor_peak_bytes),
            f"{one.full.landing:.1f}",
        ]
        for one in built
    ]
    return table(["events", *stages, "whole build", "memory of curate", "of all", "of the floor", "landing"], rows)


def _increments_table(built: Sequence[Built]) -> str:
    stages = list(built[0].full.full.stages)
    rows = []
    for one in built:
        full = one.full
        rows.append(_build_cells(one, "98%, from nothing", full.lines, full.full, stages))
        for part, told in ((NEWEST, "the newest 1%"), (SPREAD, "1% of the year")):
            news = one.increments[part]
            rows.append(_build_cells(one, told, news.lines, news.builds, stages))
    return table(["events", "built", "lines", *stages, "whole build", "memory", "of the full build"], rows)


def _build_cells(one: Built, told: str, lines: int, builds: Stages, stages: Iterable[str]) -> list[str]:
    cells = [name_of(one.events), told, f"{lines:,}", *_stage_cells(builds, stages), megabytes(builds.peak_bytes)]
    times = one.full.full.seconds.median / builds.seconds.median
    return [*cells, "1" if builds is one.full.full else f"1 / {times:.1f}"]


def _stage_cells(stages: Stages, names: Iterable[str]) -> list[str]:
    return [*(spread(stages.stages[name]) for name in names), spread(stages.seconds)]


def _questions_table(asked: Asked) -> str:
    rows = [
        [
            timing.question.name.replace("_", " "),
            f"`{timing.answered_by}`",
            f"{timing.rows:,}",
            milliseconds(timing.lake),
            milliseconds(timing.by_hand),
            ratio(timing.ratio),
        ]
        for timing in asked.timings
    ]
    files = f"{asked.files} files of {megabytes(asked.file_bytes)} in all"
    return f"{name_of(asked.leads)} leads in {files}; milliseconds:\n\n" + table(
        ["question", "answered by", "rows", "the lake", "by hand", "ratio"], rows
    )


def _gigabytes(size: int) -> str:
    return f"{size / 2**30:.0f} GiB"
