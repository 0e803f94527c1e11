"""Comparing two versions, periods, sources or tables, over all their rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from lake_access.drift.compared import OUTCOME, SCORE, Compared, Side, Tabular, lake_to_compare, tables_to_compare
from lake_access.drift.counting import profile
from lake_access.lake import PinnedLake
from lake_access.settings import Settings
from monitoring.drift.chance import ALPHA, adjusted
from monitoring.drift.columns import Wish, compare_column
from monitoring.drift.result import ColumnDrift, DatasetDrift

# Evidently's: the share of drifted columns from which on the whole is called drifted.
DRIFTED_SHARE = 0.5
# The mix of leads, what the model says of them, and what becomes of them. Where one of these drifted, it stands before
# all features: another mix moves every feature with it, and a feature that moved has cost something only if these did.
FOREMOST = ("first_source", SCORE, OUTCOME)
Progress = Callable[[str, float | None], None]


def compare_lake(
    pinned: PinnedLake,
    reference: Side,
    current: Side,
    columns: Sequence[str] = (),
    wish: Wish | None = None,
    progress: Progress = lambda _step, _share: None,
) -> DatasetDrift:
    """Two parts of the lake: its features, the score and the outcome, or the named columns.

    Raises:
        QueryRefusedError: a column that is not there, or sides of which one has a version and the other none.
        StorageError: a data file cannot be read.
    """
    progress("Reading both sides", None)
    with lake_to_compare(pinned, reference, current, columns) as compared:
        found = compare(compared, wish, progress)
    return replace(found, reference=str(reference), current=str(current), snapshot_ids=pinned.snapshot_ids)


def compare_tables(
    settings: Settings, reference: Tabular, current: Tabular, columns: Sequence[str] = (), wish: Wish | None = None
) -> DatasetDrift:
    """Two tables: Arrow, pandas, or Parquet files.

    Raises:
        QueryRefusedError: a column that one side lacks, or that is neither number, text nor boolean.
    """
    with tables_to_compare(settings, reference, current, columns) as compared:
        return compare(compared, wish)


def compare(
    compared: Compared, wish: Wish | None = None, progress: Progress = lambda _step, _share: None
) -> DatasetDrift:
    """Every column of both sides, and the verdicts."""
    wish = wish or Wish()
    known = profile(compared)
    columns = []
    for place, (name, column) in enumerate(known.items()):
        progress(f"Comparing {name}", place / len(known))
        columns.append(compare_column(compared, name, column, wish))
    columns = _judged(columns)
    rows = next(iter(known.values()), None)
    drifted = sum(column.drifted for column in columns)
    return DatasetDrift(
        reference="the reference",
        current="the current rows",
        reference_rows=0 if rows is None else rows.reference.rows,
        current_rows=0 if rows is None else rows.current.rows,
        columns=tuple(sorted(columns, key=_rank)),
        share=drifted / len(columns) if columns else 0.0,
        dataset_drift=bool(columns) and drifted / len(columns) >= DRIFTED_SHARE,
        beyond_chance=any(column.beyond_chance for column in columns),
        alpha=ALPHA,
        halves=wish.halves,
        seed=wish.seed,
    )


def _judged(columns: Sequence[ColumnDrift]) -> list[ColumnDrift]:
    """The columns, each judged as one of all."""
    return [
        replace(column, adjusted_p=p, beyond_chance=p <= ALPHA)
        for column, p in zip(columns, adjusted([column.chance_p for column in columns]), strict=True)
    ]


def _rank(column: ColumnDrift) -> tuple[bool, bool, float, str]:
    """Drifted before others, mix, score and outcome before features, then by PSI, which all tests' columns have."""
    foremost = column.drifted and column.column in FOREMOST
    return not column.drifted, not foremost, -(column.psi or 0.0), column.column
