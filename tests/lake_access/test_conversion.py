"""Conversion counts what the leads say, mature ones alone unless asked, in the promised order and with intervals."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest

from lake_access.building.build import build
from lake_access.conversion import (
    DIMENSIONS,
    ConversionFilters,
    ConversionRow,
    Dimension,
    conversion,
    created_range,
    lead_sources,
)
from lake_access.errors import QueryRefusedError
from lake_access.iceberg.tables import LEADS
from lake_access.intervals import wilson_interval
from lake_access.lake import Lake
from tests.lake_access.lakes import NOW, land_lines, read_table, touch

WINDOW = timedelta(days=60)


def cell(lead: dict[str, Any], by: tuple[Dimension, ...]) -> tuple[str, ...]:
    """Where a lead belongs, told without SQL."""
    final = lead["final_score"]
    bands = {"cold": 0, "warm": 40, "hot": 70}
    values = {
        "source": lead["source"] or "unknown",
        "last_source": lead["last_source"] or "unknown",
        "band": "unscored" if final is None else max((edge, name) for name, edge in bands.items() if final >= edge)[1],
        "location": lead["location"] or "unknown",
        "device": lead["device_model"] or "unknown",
        "campaign": lead["campaign"] or "unknown",
        "model_version": lead["model_version"] or "unknown",
        "contacted": "yes" if lead["sales_actions"] > 0 else "no",
        "scored": "no" if lead["final_score"] is None and lead["model_version"] is None else "yes",
        "action": lead["first_action"] or "none",
        "month": f"{lead['created_at']:%Y-%m}",
        "week": f"{lead['created_at']:%G-W%V}",
        "day": f"{lead['created_at']:%Y-%m-%d}",
    }
    return tuple(values[dimension] for dimension in by)


def is_mature(lead: dict[str, Any]) -> bool:
    return bool((lead["created_at"] + WINDOW).date() < NOW.date())


def counted(rows: list[ConversionRow]) -> dict[tuple[str, ...], tuple[int, int]]:
    return {tuple(row.keys.values()): (row.leads, row.conversions) for row in rows}


def expected(leads: list[dict[str, Any]], by: tuple[Dimension, ...]) -> dict[tuple[str, ...], tuple[int, int]]:
    total = Counter(cell(lead, by) for lead in leads)
    converted = Counter(cell(lead, by) for lead in leads if lead["converted"])
    return {place: (count, converted[place]) for place, count in total.items()}


@pytest.mark.parametrize(
    "by",
    [*((dimension,) for dimension in DIMENSIONS), ("source", "band"), ("month", "device"), ("location", "device"), ()],
)
def test_each_cell_holds_the_mature_leads_that_belong_there(by: tuple[Dimension, ...], demo_lake: Lake) -> None:
    leads = read_table(demo_lake, LEADS)

    found = conversion(demo_lake.pin(), by)

    assert counted(list(found.rows)) == expected([lead for lead in leads if is_mature(lead)], by)
    assert found.immature == sum(not is_mature(lead) for lead in leads) > 0


def test_all_leads_count_where_the_reader_asks_for_all(demo_lake: Lake) -> None:
    found = conversion(demo_lake.pin(), ["source"], ConversionFilters(all_leads=True))

    assert counted(list(found.rows)) == expected(read_table(demo_lake, LEADS), ("source",))


def test_days_and_sources_leave_out_what_is_not_within_them(demo_lake: Lake) -> None:
    of_sources = [lead for lead in read_table(demo_lake, LEADS) if lead["source"] in ("online", "webinar")]
    days = sorted(lead["created_at"].date() for lead in of_sources)
    since, until = days[200], days[400]
    leads = [lead for lead in of_sources if since <= lead["created_at"].date() <= until]

    found = conversion(demo_lake.pin(), ["month", "source"], ConversionFilters(since, until, ("online", "webinar")))

    assert counted(list(found.rows)) == expected(leads, ("month", "source"))
    assert 200 < len(leads) < 300


def test_a_row_has_its_rate_and_its_interval(demo_lake: Lake) -> None:
    (row,) = conversion(demo_lake.pin(), []).rows

    assert row.rate == row.conversions / row.leads
    assert (row.low, row.high) == wilson_interval(row.conversions, row.leads)


def test_bands_stand_from_low_to_high_and_the_rest_by_name(demo_lake: Lake) -> None:
    rows = conversion(demo_lake.pin(), ["source", "band"]).rows

    places = [(row.keys["source"], row.keys["band"]) for row in rows]
    assert [place for place in places if place[0] == "online"] == [("online", band) for band in ("cold", "warm", "hot")]
    assert [source for source, _ in places] == sorted(source for source, _ in places)


def test_it_says_which_snapshot_it_was_read_from(demo_lake: Lake) -> None:
    pinned = demo_lake.pin()

    assert conversion(pinned, ["source"]).snapshot == pinned.tables[LEADS].snapshot_id


def test_a_lead_matures_on_the_day_after_its_window(lake: Lake) -> None:
    day = NOW - WINDOW - timedelta(days=1)
    for number, created in enumerate([day, day + timedelta(days=1)]):
        event = touch(email=f"lead{number}@example.com", timestamp=f"{created:%Y-%m-%d}T23:59:59Z")
        land_lines(lake, "webinar", event, at=NOW - timedelta(hours=number))
    build(lake, NOW)

    found = conversion(lake.pin(), [])

    assert [(row.leads, found.immature) for row in found.rows] == [(1, 1)]
    days = lake.pin().rows("SELECT created_at::DATE, matures_on, mature FROM curated.leads ORDER BY created_at")
    assert days == [
        (date(2025, 11, 2), date(2026, 1, 2), True),
        (date(2025, 11, 3), date(2026, 1, 3), False),
    ]


def test_a_lead_without_rules_or_touches_is_unscored_and_of_unknown_source(lake: Lake) -> None:
    outcome = touch(event_type="outcome", converted=True, timestamp="2024-12-30T00:00:00Z")
    land_lines(lake, "outcomes", outcome)
    build(lake, NOW)

    (row,) = conversion(lake.pin(), DIMENSIONS).rows

    assert row.keys == {
        "source": "unknown", "last_source": "unknown", "band": "unscored", "location": "unknown", "device": "unknown",
        "campaign": "unknown", "model_version": "unknown", "scored": "no", "contacted": "no", "action": "none",
        "month": "2024-12", "week": "2025-W01", "day": "2024-12-30",
    }  # fmt: skip
    assert (row.leads, row.conversions) == (1, 1)


def test_an_empty_lake_has_no_rows(lake: Lake) -> None:
    found = conversion(lake.pin(), ["source"])

    assert (list(found.rows), found.immature, found.snapshot) == ([], 0, None)
    assert lead_sources(lake.pin()) == []
    assert created_range(lake.pin()) is None


def test_sources_and_days_are_those_of_the_leads(demo_lake: Lake) -> None:
    created = [lead["created_at"].date() for lead in read_table(demo_lake, LEADS)]

    assert lead_sources(demo_lake.pin()) == ["online", "roadshow", "webinar"]
    assert created_range(demo_lake.pin()) == (min(created), max(created))


@pytest.mark.parametrize(
    ("by", "sentence"),
    [(["colour"], 'unknown dimension "colour"'), (["source", "source"], 'the dimension "source" is named twice')],
)
def test_a_dimension_that_is_unknown_or_named_twice_is_refused(
    by: list[Dimension], sentence: str, demo_lake: Lake
) -> None:
    with pytest.raises(QueryRefusedError, match=sentence):
        conversion(demo_lake.pin(), by)


def test_a_source_is_a_value_and_never_sql(demo_lake: Lake) -> None:
    hostile = ConversionFilters(sources=("online') OR (1=1", "'; DROP VIEW curated.leads; --"))

    assert list(conversion(demo_lake.pin(), ["source"], hostile).rows) == []
    assert conversion(demo_lake.pin(), ["source"]).rows
