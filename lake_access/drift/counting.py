"""Counting both sides of a comparison, column by column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lake_access.drift.compared import AskedQuery, ColumnKind, Compared, identifier
from lake_access.engine_errors import engine_errors
from lake_access.queries import load_query

Counts = npt.NDArray[np.int64]
# Rows of either side that are looked at to tell whether a column has many different values.
VARIETY_ROWS = 10_000


@dataclass(frozen=True)
class SideProfile:
    """One column on one side: rows, rows with a value, and of numbers the extremes."""

    rows: int
    present: int
    low: float | None
    high: float | None

    @property
    def missing(self) -> int:
        return self.rows - self.present


@dataclass(frozen=True)
class ColumnProfile:
    """One column on both sides; `variety` is how many different values some rows of either side have together."""

    kind: ColumnKind
    variety: int
    reference: SideProfile
    current: SideProfile


@dataclass(frozen=True)
class ValueCounts:
    """How often each value occurs on either side, in the order of the values; `complete` where none was left out."""

    values: Sequence[Any]
    reference: Counts
    current: Counts
    complete: bool = True


def profile(compared: Compared) -> dict[str, ColumnProfile]:
    """Every column's rows, values and extremes on both sides, in one scan of each."""
    distinct = ", ".join(f"count(DISTINCT {column_value(name, kind)})" for name, kind in compared.columns.items())
    with engine_errors("the comparison"):
        reference, current = compared.connection.execute(*profile_query(compared)).fetchall()
        sql = load_query("drift_variety").format(distinct=distinct)
        ((*varieties,),) = compared.connection.execute(sql, {"most": VARIETY_ROWS}).fetchall()
    found = {}
    for place, (name, kind) in enumerate(compared.columns.items()):
        sides = (SideProfile(row[1], *row[2 + 3 * place : 5 + 3 * place]) for row in (reference, current))
        found[name] = ColumnProfile(kind, varieties[place], *sides)
    return found


def profile_query(compared: Compared) -> AskedQuery:
    """What asks for every column's rows, values and extremes."""
    measures = "".join(f", {_measures(name, kind)}" for name, kind in compared.columns.items())
    return load_query("drift_profile").format(measures=measures), {}


def counts_query(compared: Compared, column: str, most: int) -> AskedQuery:
    """What asks for a column's values and how often each occurs; for one more than so many, to tell if there are."""
    value = column_value(column, compared.columns[column])
    return load_query("drift_counts").format(value=value), {"most": most + 1}


def value_counts(compared: Compared, column: str, most: int) -> ValueCounts:
    """Each value's count on both sides; at most so many values."""
    with engine_errors("the comparison"):
        found = compared.connection.execute(*counts_query(compared, column, most)).to_arrow_table()
    counted: Mapping[str, Counts] = {
        side: found[side].to_numpy().astype(np.int64)[:most] for side in ("reference", "current")
    }
    values = found["value"].to_numpy() if compared.columns[column] != "category" else found["value"].to_pylist()
    return ValueCounts(values[:most], counted["reference"], counted["current"], found.num_rows <= most)


def column_value(name: str, kind: ColumnKind) -> str:
    """A column's value, NULL where it is missing or no finite number."""
    column = identifier(name)
    if kind == "category":
        return column
    return (
        f"{column}::DOUBLE" if kind == "integer" else f"CASE WHEN isfinite({column}::DOUBLE) THEN {column}::DOUBLE END"
    )


def _measures(name: str, kind: ColumnKind) -> str:
    value = column_value(name, kind)
    extremes = "NULL::DOUBLE, NULL::DOUBLE" if kind == "category" else f"min({value}), max({value})"
    return f"count({value}), {extremes}"
