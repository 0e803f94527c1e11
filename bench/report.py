"""The document that a run writes: the machine, every figure, and the goals beside them."""

from __future__ import annotations

import os
import platform
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from importlib.metadata import version

from bench.building import CURATE, Stages
from bench.goals import Built, Reached, name_of, reached
from bench.increments import NEWEST, SPREAD
from bench.measuring import Spread, processor
from bench.questions import Asked

WIDTH = 120
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


def write_report(built: Sequence[Built], asked: Sequence[Asked], *, on: date, command: str, repetitions: str) -> str:
    """The whole document, in Markdown."""
    goals = reached(built, asked)
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
    rows = [[goal.goal, goal.asked, _by_size(goal.figures), "yes" if goal.met else "no"] for goal in goals]
    return _table(["goal", "asked", "measured", "met"], rows)


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
                _megabytes(full.text_bytes),
                _spread(full.floor),
                _spread(full.floor_typed),
                _spread(curate),
                _rate(full.lines / full.floor.median),
                _rate(full.lines / curate.median),
                _ratio(full.curate_ratio),
            ]
        ]
    header = ["events", "lines", "text", "floor", "typed", "curate", "floor's rate", "curate's rate", "of the floor's"]
    return _table(header, rows)


def _stages(built: Sequence[Built]) -> str:
    stages = list(built[0].full.full.stages)
    rows = [
        [
            name_of(one.events),
            *_stage_cells(one.full.full, stages),
            _megabytes(one.full.full.curate_peak_bytes),
            _megabytes(one.full.full.peak_bytes),
            _megabytes(one.full.floor_peak_bytes),
            f"{one.full.landing:.1f}",
        ]
        for one in built
    ]
    return _table(["events", *stages, "whole build", "memory of curate", "of all", "of the floor", "landing"], rows)


def _increments_table(built: Sequence[Built]) -> str:
    stages = list(built[0].full.full.stages)
    rows = []
    for one in built:
        full = one.full
        rows.append(_build_cells(one, "98%, from nothing", full.lines, full.full, stages))
        for part, told in ((NEWEST, "the newest 1%"), (SPREAD, "1% of the year")):
            news = one.increments[part]
            rows.append(_build_cells(one, told, news.lines, news.builds, stages))
    return _table(["events", "built", "lines", *stages, "whole build", "memory", "of the full build"], rows)


def _build_cells(one: Built, told: str, lines: int, builds: Stages, stages: Iterable[str]) -> list[str]:
    cells = [name_of(one.events), told, f"{lines:,}", *_stage_cells(builds, stages), _megabytes(builds.peak_bytes)]
    times = one.full.full.seconds.median / builds.seconds.median
    return [*cells, "1" if builds is one.full.full else f"1 / {times:.1f}"]


def _stage_cells(stages: Stages, names: Iterable[str]) -> list[str]:
    return [*(_spread(stages.stages[name]) for name in names), _spread(stages.seconds)]


def _questions_table(asked: Asked) -> str:
    rows = [
        [
            timing.question.name.replace("_", " "),
            f"`{timing.answered_by}`",
            f"{timing.rows:,}",
            _milliseconds(timing.lake),
            _milliseconds(timing.by_hand),
            _ratio(timing.ratio),
        ]
        for timing in asked.timings
    ]
    files = f"{asked.files} files of {_megabytes(asked.file_bytes)} in all"
    return f"{name_of(asked.leads)} leads in {files}; milliseconds:\n\n" + _table(
        ["question", "answered by", "rows", "the lake", "by hand", "ratio"], rows
    )


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---" for _ in header], *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines) + "\n"


def _spread(figure: Spread) -> str:
    return f"{_digits(figure.median)} ({_digits(figure.low)}–{_digits(figure.high)})"


def _milliseconds(figure: Spread) -> str:
    return _spread(Spread(figure.median * 1000, figure.low * 1000, figure.high * 1000))


def _by_size(figures: Mapping[str, float]) -> str:
    return "; ".join(f"{size}: {_ratio(figure)}" for size, figure in figures.items())


def _digits(figure: float) -> str:
    return f"{figure:.1f}" if figure >= 10 else f"{figure:.2f}"


def _ratio(figure: float) -> str:
    return f"{figure:.1f}" if figure >= 10 else f"{figure:.2f}" if figure >= 0.1 else f"{figure:.3f}"


def _rate(figure: float) -> str:
    return f"{figure / 1000:,.0f} k/s"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"


def _gigabytes(size: int) -> str:
    return f"{size / 2**30:.0f} GiB"
