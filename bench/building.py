"""Building from nothing, beside the floor: what DuckDB takes to read the same lines and write them as Parquet.

The floor is a COPY of `read_json` for each stream, lines that are no JSON left out. It finds no duplicate, refuses no
value, knows no identity, gives no points, sorts nothing by month, and commits nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from time import perf_counter

import duckdb

from bench.events import UNTIL, EventFiles, land_part, stream_of
from bench.lakes import bench_lake
from bench.measuring import Measured, Spread, peak_memory, spread
from lake_access.building.build import build
from lake_access.declarations import FieldType, load_declarations
from lake_access.demo_events import STREAMS
from lake_access.settings import SHIPPED_CONFIG

CURATE = "curate"
_SQL_TYPES: Mapping[FieldType, str] = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "timestamp": "TIMESTAMPTZ",
}
_EVERY_EVENT = {"event_type": "VARCHAR", "event_id": "VARCHAR", "email": "VARCHAR", "lead_key": "VARCHAR"}


@dataclass(frozen=True)
class BuildTimes:
    """The seconds of a build, by stage and altogether; the lines that it read; the most memory up to its events."""

    stages: dict[str, float]
    seconds: float
    read: int
    curate_peak_bytes: int


@dataclass(frozen=True)
class Stages:
    """Builds of the same lake: the spread of each stage and of the whole, in seconds, and the most memory.

    `curate_peak_bytes` is the most up to the commit of the events, `peak_bytes` up to the end.
    """

    stages: dict[str, Spread]
    seconds: Spread
    curate_peak_bytes: int
    peak_bytes: int


@dataclass(frozen=True)
class FullBuild:
    """Building a lake from nothing, and the two floors beside it, in seconds."""

    lines: int
    text_bytes: int
    landing: float
    full: Stages
    floor: Spread
    floor_typed: Spread
    floor_peak_bytes: int

    @property
    def curate_ratio(self) -> float:
        """The rate of raw lines to committed events, as a share of the floor's rate."""
        return self.floor.median / self.full.stages[CURATE].median


def stages_of(builds: list[Measured[BuildTimes]]) -> Stages:
    """What repeated builds took."""
    times = [build.value for build in builds]
    return Stages(
        stages={stage: spread(one.stages[stage] for one in times) for stage in times[0].stages},
        seconds=spread(one.seconds for one in times),
        curate_peak_bytes=max(one.curate_peak_bytes for one in times),
        peak_bytes=max(build.peak_bytes for build in builds),
    )


def land_base(home: Path, files: EventFiles) -> float:
    """Land the past in a new lake; the seconds that it took."""
    lake = bench_lake(home)
    started = perf_counter()
    land_part(lake, files, "base")
    seconds = perf_counter() - started
    lake.close()
    return seconds


def run_build(home: Path) -> BuildTimes:
    """Build what is new in the lake, timed from the call to its return."""
    lake = bench_lake(home)
    marks: list[tuple[str, float, int]] = []

    def told(stage: str, _lines: int) -> None:
        if stage != "events" and (not marks or marks[-1][0] != stage):
            marks.append((stage, perf_counter(), peak_memory()))

    started = perf_counter()
    result = build(lake, UNTIL, told)
    ended = perf_counter()
    lake.close()
    begun = [(CURATE, started), *((stage, at) for stage, at, _ in marks), ("", ended)]
    stages = {stage: following - at for (stage, at), (_, following) in pairwise(begun)}
    return BuildTimes(stages, ended - started, result.read, marks[0][2])


def run_floor(files: EventFiles, folder: Path, *, given: bool) -> float:
    """DuckDB's own way from the lines to Parquet, with the columns given or found out; the seconds that it took."""
    folder.mkdir(exist_ok=True)
    columns = _columns() if given else {}
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        started = perf_counter()
        for stream in STREAMS:
            listed = ", ".join(f"'{file}'" for file in files.of("base") if stream_of(file) == stream)
            options = ["format = 'newline_delimited'", "ignore_errors = true"]
            if given:
                options.append(f"columns = {columns[stream]}")
            source = f"read_json([{listed}], {', '.join(options)})"
            connection.execute(f"COPY (FROM {source}) TO '{folder / stream}.parquet' (COMPRESSION zstd)")
        return perf_counter() - started


def _columns() -> dict[str, str]:
    """The declared columns of each stream, as `read_json` wants them."""
    declarations = load_declarations(SHIPPED_CONFIG)
    return {
        stream: str(
            {
                **_EVERY_EVENT,
                "timestamp": "TIMESTAMPTZ",
                **{name: _SQL_TYPES[field.type] for name, field in declarations.sources[stream].all_fields().items()},
            }
        )
        for stream in STREAMS
    }
