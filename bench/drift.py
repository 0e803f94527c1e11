"""Drift of two model versions, over every row: ours and Evidently's in turn, of the same two Parquet files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time

from bench.lakes import bench_lake
from bench.measuring import Measured, Spread, alone, spread
from bench.queries import load_query
from lake_access.engine import open_connection

CATEGORIES = ("device_model_interest", "first_source", "converted")
COLUMNS = 7
# So many times as many rows a side, for ours alone.
TIMES_MORE = 10


@dataclass(frozen=True)
class Values:
    """How long a comparison took in seconds, also of processor time, its imports left out; and each column's value."""

    seconds: float
    processor_seconds: float
    values: dict[str, float]


@dataclass(frozen=True)
class DriftTimes:
    """Both comparisons of so many rows a side, and ours of ten times as many."""

    rows: int
    ours: Spread
    evidently: Spread
    ours_processor: Spread
    evidently_processor: Spread
    ours_peak_bytes: int
    evidently_peak_bytes: int
    more_rows: int
    more: Spread
    more_processor: Spread
    more_peak_bytes: int
    furthest_apart: float

    @property
    def speed(self) -> float:
        """How many times as long Evidently took."""
        return self.evidently.median / self.ours.median

    @property
    def processor_speed(self) -> float:
        """The same of processor time, which other work on the machine changes less."""
        return self.evidently_processor.median / self.ours_processor.median

    @property
    def growth(self) -> float:
        """The memory that ten times as many rows take, in that of these."""
        return self.more_peak_bytes / self.ours_peak_bytes

    @property
    def memory(self) -> float:
        """Our memory as a share of Evidently's."""
        return self.ours_peak_bytes / self.evidently_peak_bytes


def measure_drift(folder: Path, rows: int, repetitions: int) -> DriftTimes:
    """Write both files, and compare them in turn, each time in a new process."""
    files, more_files = write_sides(folder, rows), write_sides(folder, rows * TIMES_MORE)
    ours: list[Measured[Values]] = []
    theirs: list[Measured[Values]] = []
    for _ in range(repetitions):
        ours.append(alone(compare_ours, folder, *files))
        theirs.append(alone(compare_evidently, *files))
    more = alone(compare_ours, folder, *more_files)
    mine, others = ours[0].value.values, theirs[0].value.values
    return DriftTimes(
        rows=rows,
        ours=spread(one.value.seconds for one in ours),
        evidently=spread(one.value.seconds for one in theirs),
        ours_processor=spread(one.value.processor_seconds for one in ours),
        evidently_processor=spread(one.value.processor_seconds for one in theirs),
        ours_peak_bytes=max(one.peak_bytes for one in ours),
        evidently_peak_bytes=max(one.peak_bytes for one in theirs),
        more_rows=rows * TIMES_MORE,
        more=spread([more.value.seconds]),
        more_processor=spread([more.value.processor_seconds]),
        more_peak_bytes=more.peak_bytes,
        furthest_apart=max(abs(mine[name] - others[name]) for name in others),
    )


def write_sides(folder: Path, rows: int) -> tuple[Path, Path]:
    """What two versions saw of so many leads each: three numbers, a count, two categories, the score's outcome."""
    files = (folder / f"reference-{rows}.parquet", folder / f"current-{rows}.parquet")
    lake = bench_lake(folder / "home")
    for file, moved in zip(files, (0.0, 0.05), strict=True):
        with open_connection(lake.settings) as connection:
            made = connection.sql(load_query("drift_side_made"), params={"rows": rows, "moved": moved})
            made.write_parquet(str(file), compression="zstd")
    lake.close()
    return files


def compare_ours(folder: Path, reference: Path, current: Path) -> Values:
    """Our comparison of the two files, with its noise floor."""
    from monitoring.drift.compare import compare_tables

    settings = bench_lake(folder / "home").settings
    begun, started = process_time(), perf_counter()
    found = compare_tables(settings, reference, current)
    took, processor = perf_counter() - started, process_time() - begun
    return Values(
        took, processor, {column.column: column.value for column in found.columns if column.value is not None}
    )


def compare_evidently(reference: Path, current: Path) -> Values:
    """Evidently's preset for drift, with reading the files into the frames that it takes."""
    os.environ["DO_NOT_TRACK"] = "1"
    import pandas as pd
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    begun, started = process_time(), perf_counter()
    frames = [pd.read_parquet(file) for file in (current, reference)]
    numbers = [name for name in frames[0] if name not in CATEGORIES]
    definition = DataDefinition(numerical_columns=numbers, categorical_columns=list(CATEGORIES))
    sides = [Dataset.from_pandas(frame, data_definition=definition) for frame in frames]
    told = Report([DataDriftPreset()]).run(*sides).dict()
    took, processor = perf_counter() - started, process_time() - begun
    columns = (metric for metric in told["metrics"] if "column" in metric["config"])
    return Values(took, processor, {metric["config"]["column"]: float(metric["value"]) for metric in columns})
