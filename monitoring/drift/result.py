"""What a comparison says: a row a column, and the verdict over all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from monitoring.drift.choice import Test


@dataclass(frozen=True)
class SideValues:
    """A column on one side: its rows, and how many of them have no value (or a number that is not finite)."""

    rows: int
    missing: int


@dataclass(frozen=True)
class Unseen:
    """Values that one side never has: how many, in how many rows of the other side, and the commonest."""

    values: int = 0
    rows: int = 0
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class ColumnDrift:
    """One column: Evidently's test and verdict, the noise floor beside it, and whether it is more than chance.

    `value` is a p-value or a distance, as the test has it; None where there is nothing to test, and `note` says why.
    `noise` is the same statistic between random halves of the reference: of a distance the greatest, of a p-value the
    least. `chance_p` is the probability of so great a difference without any drift, for this column alone, and
    `adjusted_p` as one of all columns; `beyond_chance` judges the latter.
    """

    column: str
    kind: str
    test: Test
    why: str
    value: float | None
    threshold: float
    drifted: bool
    psi: float | None
    noise: float | None
    chance_p: float
    adjusted_p: float
    beyond_chance: bool
    reference: SideValues
    current: SideValues
    unseen: Unseen = field(default_factory=Unseen)
    gone: Unseen = field(default_factory=Unseen)
    note: str = ""


@dataclass(frozen=True)
class DatasetDrift:
    """All columns, the most moved first, and the verdicts over them.

    `dataset_drift` is Evidently's: at least half of the columns drifted. `beyond_chance` says that some column differs
    by more than chance, where the chance of saying so wrongly is `alpha` for all columns together.
    """

    reference: str
    current: str
    reference_rows: int
    current_rows: int
    columns: tuple[ColumnDrift, ...]
    share: float
    dataset_drift: bool
    beyond_chance: bool
    alpha: float
    halves: int
    seed: int
    snapshot_ids: tuple[tuple[str, int], ...] = ()

    @property
    def drifted_columns(self) -> tuple[str, ...]:
        return tuple(column.column for column in self.columns if column.drifted)

    def column(self, name: str) -> ColumnDrift:
        """The row of this column."""
        return next(column for column in self.columns if column.column == name)


def as_json(found: DatasetDrift) -> dict[str, Any]:
    """The shape that other programs rely on: no figure in it is NaN; one that is not there is null."""
    return {
        "dataset_drift": found.dataset_drift,
        "share": found.share,
        "beyond_chance": found.beyond_chance,
        "alpha": found.alpha,
        "reference": {"what": found.reference, "rows": found.reference_rows},
        "current": {"what": found.current, "rows": found.current_rows},
        "halves": found.halves,
        "seed": found.seed,
        "snapshots": dict(found.snapshot_ids),
        "columns": [_column_json(column) for column in found.columns],
    }


def _column_json(column: ColumnDrift) -> dict[str, Any]:
    return {
        "column": column.column,
        "test": column.test,
        "value": column.value,
        "threshold": column.threshold,
        "drifted": column.drifted,
        "noise": column.noise,
        "why": column.why,
        "psi": column.psi,
        "chance_p": column.chance_p,
        "adjusted_p": column.adjusted_p,
        "beyond_chance": column.beyond_chance,
        "missing": {"reference": _missing(column.reference), "current": _missing(column.current)},
        "unseen": _unseen(column.unseen),
        "gone": _unseen(column.gone),
        "note": column.note,
    }


def _missing(side: SideValues) -> float | None:
    return side.missing / side.rows if side.rows else None


def _unseen(unseen: Unseen) -> Mapping[str, Any]:
    return {"values": unseen.values, "rows": unseen.rows, "examples": list(unseen.examples)}
