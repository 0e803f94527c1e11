"""Conversion by age is what pandas finds among the leads that are old enough; a mart and the leads tell the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from lake_access.conversion import ConversionFilters
from lake_access.conversion_analysis.cohorts import ages_of, cohorts
from lake_access.iceberg.tables import LEADS, ROLLED_UP
from lake_access.lake import Lake
from tests.lake_access.conversion_analysis.frames import leads_frame, matching
from tests.lake_access.lakes import NOW

QUESTIONS = [
    ConversionFilters(),
    ConversionFilters(sources=("webinar", "online"), bands=("hot",)),
    ConversionFilters(locations=("Berlin",), contacted=True),
]


@pytest.mark.parametrize("filters", QUESTIONS, ids=str)
def test_each_cell_counts_the_leads_that_are_old_enough(filters: ConversionFilters, demo_lake: Lake) -> None:
    leads = matching(leads_frame(demo_lake), replace(filters, all_leads=True))
    today = pd.Timestamp(NOW.date())
    taken = (leads["converted_at"].dt.floor("D").dt.tz_localize(None) - leads["day"]).dt.days

    found = cohorts(demo_lake.pin(), filters)

    months = leads["day"].dt.strftime("%Y-%m")
    assert dict(found.months) == months.value_counts().sort_index().to_dict()
    assert len(found.cells) == len(found.months) * len(found.ages)
    for cell in found.cells:
        of_month = months == cell.month
        old = of_month & (leads["day"] + timedelta(days=cell.age) < today)
        assert (cell.leads, cell.conversions) == (int(old.sum()), int((taken[old] <= cell.age).sum()))
        whole = int(old.sum()) == int(of_month.sum())
        assert cell.maturity == ("whole" if whole else "part" if old.any() else "none")
        if cell.leads:
            expected = proportion_confint(cell.conversions, cell.leads, method="wilson")
            assert (cell.low, cell.high) == pytest.approx(expected, abs=1e-12)


def test_there_are_cells_of_every_maturity_and_the_answer_counts_them(demo_lake: Lake) -> None:
    found = cohorts(demo_lake.pin(), ConversionFilters())

    counts = [found.count("whole"), found.count("part"), found.count("none")]
    assert min(counts) > 0
    assert sum(counts) == len(found.cells)


def test_a_mart_and_the_leads_tell_the_same(demo_lake: Lake) -> None:
    pinned = demo_lake.pin()
    alone = replace(pinned, tables={name: table for name, table in pinned.tables.items() if name != ROLLED_UP})
    for filters in QUESTIONS:
        told, counted = cohorts(pinned, filters), cohorts(alone, filters)
        assert (list(told.cells), told.months) == (list(counted.cells), counted.months)
        assert counted.answered_by == LEADS
    assert cohorts(pinned, ConversionFilters()).answered_by == "marts.leads_by_age"


def test_the_outcome_window_is_among_the_ages(demo_lake: Lake) -> None:
    declarations = demo_lake.settings.declarations
    other = declarations.model_copy(update={"lake": declarations.lake.model_copy(update={"outcome_window_days": 45})})
    assert ages_of(declarations) == (7, 14, 30, 60, 90, 180)
    assert 45 in ages_of(other)


def test_an_empty_lake_has_no_cohort(lake: Lake) -> None:
    found = cohorts(lake.pin(), ConversionFilters())

    assert (dict(found.months), list(found.cells)) == ({}, [])
