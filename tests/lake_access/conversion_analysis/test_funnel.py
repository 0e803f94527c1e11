"""The funnel's counts are those that pandas finds, and each step is a part of the one before."""

from __future__ import annotations

from datetime import date

import pytest

from lake_access.building.build import build
from lake_access.conversion import ConversionFilters
from lake_access.conversion_analysis.funnel import funnel
from lake_access.lake import Lake
from tests.lake_access.conversion_analysis.frames import leads_frame, matching
from tests.lake_access.lakes import NOW, land_lines, touch

QUESTIONS = [
    ConversionFilters(),
    ConversionFilters(all_leads=True),
    ConversionFilters(since=date(2025, 3, 1), until=date(2025, 8, 31), sources=("webinar",)),
    ConversionFilters(locations=("Berlin", "unknown"), bands=("hot", "warm")),
    ConversionFilters(contacted=False),
    ConversionFilters(actions=("call", "none")),
]


@pytest.mark.parametrize("filters", QUESTIONS, ids=str)
def test_each_step_holds_the_leads_that_came_to_it(filters: ConversionFilters, demo_lake: Lake) -> None:
    leads = matching(leads_frame(demo_lake), filters)

    found = funnel(demo_lake.pin(), filters)

    scored = leads[leads["scored"]]
    contacted = scored[scored["contacted"]]
    assert dict(found.counts) == {
        "lead": len(leads),
        "scored": len(scored),
        "contacted": len(contacted),
        "converted": int(contacted["converted"].sum()),
    }
    assert found.past_contact == int(scored.loc[~scored["contacted"], "converted"].sum())
    assert list(found.counts.values()) == sorted(found.counts.values(), reverse=True)


def test_the_demo_has_conversions_without_contact(demo_lake: Lake) -> None:
    assert funnel(demo_lake.pin(), ConversionFilters()).past_contact > 0


def test_who_was_contacted_or_converted_without_a_score_is_told_apart(lake: Lake) -> None:
    outcome = touch(event_type="outcome", converted=True, email="a@example.com", timestamp="2025-01-01T00:00:00Z")
    land_lines(lake, "outcomes", outcome)
    action = touch(event_type="sales_action", action="call", email="b@example.com", timestamp="2025-01-02T00:00:00Z")
    land_lines(lake, "sales", action)
    build(lake, NOW)

    found = funnel(lake.pin(), ConversionFilters())

    assert list(found.counts.values()) == [2, 0, 0, 0]
    assert (found.past_score, found.past_contact) == (2, 0)


def test_a_mart_answers_where_it_can(demo_lake: Lake) -> None:
    assert funnel(demo_lake.pin(), ConversionFilters()).answered_by == "marts.leads_by_model"
