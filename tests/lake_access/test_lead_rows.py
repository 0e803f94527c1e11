"""The leads behind a number are as many as the number says, and only who may sees them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from lake_access.building.build import build
from lake_access.conversion import ConversionFilters, conversion
from lake_access.database import open_database
from lake_access.errors import NotAllowedError
from lake_access.lake import Lake
from lake_access.lead_rows import LeadChoice, all_lead_rows, export_lead_rows, lead_rows
from lake_access.ledger import entries
from lake_access.permissions import Actor, local_user
from tests.lake_access.conversion_analysis.frames import leads_frame, matching
from tests.lake_access.lakes import NOW, land_lines, settings_in, touch

USER = local_user("dora")
VIEWER = Actor("vera", frozenset({"viewer"}), "oidc")
QUESTIONS = [
    ConversionFilters(),
    ConversionFilters(all_leads=True, bands=("hot", "unscored")),
    ConversionFilters(since=date(2025, 3, 1), until=date(2025, 8, 31), locations=("Berlin", "unknown")),
    ConversionFilters(actions=("call",), scored=True),
]


@pytest.mark.parametrize("converted", [None, True, False])
@pytest.mark.parametrize("filters", QUESTIONS, ids=str)
def test_the_leads_are_those_that_were_counted(
    filters: ConversionFilters, converted: bool | None, demo_lake: Lake
) -> None:
    expected = matching(leads_frame(demo_lake), filters)
    (row,) = conversion(demo_lake.pin(), [], filters).rows
    if converted is not None:
        expected = expected[expected["converted"] == converted]

    found = all_lead_rows(demo_lake.pin(), USER, LeadChoice(filters, converted))

    assert set(found["lead_id"]) == set(expected["lead_id"].astype(str))
    assert len(found) == {None: row.leads, True: row.conversions, False: row.leads - row.conversions}[converted]
    bands = dict(zip(expected["lead_id"].astype(str), expected["band"], strict=True))
    assert dict(zip(found["lead_id"], found["band"], strict=True)) == bands


def test_the_newest_come_first_and_the_limit_is_no_secret(demo_lake: Lake) -> None:
    found = lead_rows(demo_lake.pin(), VIEWER, LeadChoice(ConversionFilters()), 10)

    assert (len(found.frame), found.total) == (10, int(leads_frame(demo_lake)["mature"].sum()))
    assert found.frame["created_at"].is_monotonic_decreasing
    assert found.parameters["limit"] == 10
    assert demo_lake.pin().rows(found.sql, found.parameters)[0][0] == found.frame["lead_id"][0]


def test_a_file_of_leads_leaves_a_row_in_the_ledger(demo_lake: Lake, tmp_path: Path) -> None:
    engine = open_database(settings_in(tmp_path))
    choice = LeadChoice(ConversionFilters(locations=("Berlin",)), converted=True)

    taken = export_lead_rows(demo_lake.pin(), engine, USER, choice, NOW)

    assert set(taken["lead_id"]) == set(all_lead_rows(demo_lake.pin(), USER, choice)["lead_id"])
    (entry,) = entries(engine, event="leads.exported")
    assert (entry.actor, entry.details["rows"], entry.details["locations"]) == ("dora", len(taken), "['Berlin']")
    with pytest.raises(NotAllowedError):
        export_lead_rows(demo_lake.pin(), engine, VIEWER, choice, NOW)
    assert len(entries(engine)) == 1


def test_what_contradicts_the_filters_holds_no_lead(demo_lake: Lake) -> None:
    choice = LeadChoice(ConversionFilters(contacted=True), nothing=True)

    assert lead_rows(demo_lake.pin(), USER, choice, 10).total == 0


def test_a_viewer_sees_leads_and_exports_none(demo_lake: Lake) -> None:
    with pytest.raises(NotAllowedError, match="vera may not export rows"):
        all_lead_rows(demo_lake.pin(), VIEWER, LeadChoice(ConversionFilters()))
    with pytest.raises(NotAllowedError, match="see single leads"):
        lead_rows(demo_lake.pin(), Actor("nobody", frozenset(), "oidc"), LeadChoice(ConversionFilters()), 10)


def test_a_filter_is_a_value_and_never_sql(lake: Lake) -> None:
    hostile = "x') OR (1=1"
    land_lines(lake, "webinar", touch(location=hostile, timestamp="2025-01-01T00:00:00Z"))
    build(lake, NOW)

    found = all_lead_rows(lake.pin(), USER, LeadChoice(ConversionFilters(locations=(hostile,))))

    assert list(found["location"]) == [hostile]
    assert all_lead_rows(lake.pin(), USER, LeadChoice(ConversionFilters(locations=("y') OR (1=1",)))).empty
