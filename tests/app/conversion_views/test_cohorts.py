"""The sentence under the cohorts tells of what is drawn, and of nothing that is not there."""

from __future__ import annotations

from app.conversion_views.cohorts import cohorts_told
from lake_access.conversion_analysis.cohorts import CohortCell, Cohorts, Maturity


def found(*maturities: Maturity) -> Cohorts:
    cells = [CohortCell(f"2025-{place:02d}", 30, 10, 1, each, 0.0, 0.4) for place, each in enumerate(maturities, 1)]
    return Cohorts({cell.month: 10 for cell in cells}, (30,), cells, "", {}, "curated.leads")


def test_where_all_cells_are_mature_nothing_is_said_of_hatched_or_empty_ones() -> None:
    assert cohorts_told(found("whole", "whole"), 2) == "All 2 cells are mature."


def test_hatched_and_empty_cells_are_counted_each_for_itself() -> None:
    assert cohorts_told(found("whole", "part"), 2) == (
        "1 of 2 cells is mature. 1 is hatched: some of the month's leads are too young for the age, and left out."
    )
    assert cohorts_told(found("whole", "none", "none"), 2).startswith(
        "1 of 3 cells is mature. 2 are empty: all are too young. The latest 2 of 3 months"
    )
