"""Drift that matters: by how far a feature moved, how much the model leans on it, and how many leads it may move.

    weight = PSI · importance · leads that change band

PSI is the one measure that all columns have in common. The importance is given, permutation importance for one; what is
below nothing counts as nothing. The weights are for the order alone; a share of all of them is told beside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lake_access.drift.compared import Side
from lake_access.lake import PinnedLake
from monitoring.drift.choice import Test
from monitoring.drift.columns import Wish
from monitoring.drift.compare import compare_lake
from monitoring.drift.result import DatasetDrift


@dataclass(frozen=True)
class MatteringDrift:
    """A feature's drift in a segment (None: all leads), and what it weighs among all of these."""

    segment: str | None
    column: str
    test: Test
    value: float | None
    drifted: bool
    beyond_chance: bool
    psi: float
    importance: float
    moved_leads: int
    weight: float
    share: float


def weigh(
    drifts: Mapping[str | None, DatasetDrift], importance: Mapping[str, float], moved: Mapping[str | None, int]
) -> tuple[MatteringDrift, ...]:
    """The features by what their drift costs, the dearest first; those without an importance are left out.

    `drifts` and `moved`, the leads that change band, are by segment.
    """
    rows = [
        MatteringDrift(
            segment,
            column.column,
            column.test,
            column.value,
            column.drifted,
            column.beyond_chance,
            column.psi or 0.0,
            importance[column.column],
            moved.get(segment, 0),
            (column.psi or 0.0) * max(importance[column.column], 0.0) * moved.get(segment, 0),
            0.0,
        )
        for segment, drift in drifts.items()
        for column in drift.columns
        if column.column in importance
    ]
    total = sum(row.weight for row in rows)
    rows = [replace(row, share=row.weight / total if total else 0.0) for row in rows]
    return tuple(sorted(rows, key=lambda row: (-row.weight, -row.psi, row.column, row.segment or "")))


def drift_by_source(
    pinned: PinnedLake,
    reference: Side,
    current: Side,
    sources: Sequence[str],
    columns: Sequence[str] = (),
    wish: Wish | None = None,
) -> dict[str | None, DatasetDrift]:
    """The comparison over all leads (None) and within each source, each column by the test that it has over all leads.

    Without that, a source of fewer than 1,000 rows would be judged by a p-value and another by a distance.
    """
    wish = wish or Wish()
    whole = compare_lake(pinned, reference, current, columns, wish)
    pinned_tests = {column.column: column.test for column in whole.columns if column.test != "none"}
    given = replace(wish, tests={**pinned_tests, **wish.tests})
    found: dict[str | None, DatasetDrift] = {None: whole}
    for source in sources:
        sides = (replace(reference, source=source), replace(current, source=source))
        found[source] = compare_lake(pinned, *sides, columns, given)
    return found
