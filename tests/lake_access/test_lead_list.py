"""The list of leads is what pandas sorts, page by page and whole; ids are found by how they begin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from sqlalchemy import Engine

import lake_access.export
from lake_access import ledger
from lake_access.database import open_database
from lake_access.errors import NotAllowedError, QueryRefusedError, RefusedError
from lake_access.iceberg.tables import LEADS
from lake_access.lake import Lake
from lake_access.lead_list import (
    COLUMNS,
    PAGE_SIZE,
    SORTS,
    LeadCounts,
    ScoreFloors,
    Sort,
    export_leads,
    lead_counts,
    lead_list,
    leads_by_head,
)
from lake_access.lead_rows import LeadChoice, export_lead_rows
from lake_access.permissions import Actor, local_user
from lake_access.planning import ConversionFilters
from lake_access.settings import Settings
from tests.lake_access.lakes import NOW, read_table, settings_in

ANALYST = Actor("ann", frozenset({"analyst"}), "local")
VIEWER = Actor("vic", frozenset({"viewer"}), "local")
ALL = ConversionFilters(all_leads=True)
MOMENT = datetime(2026, 1, 3, tzinfo=UTC)


@pytest.fixture
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    settings: Settings = settings_in(tmp_path_factory.mktemp("state"))
    return open_database(settings)


def leads_frame(lake: Lake) -> pd.DataFrame:
    leads = pd.DataFrame(read_table(lake, LEADS))
    mature = [(moment + timedelta(days=60)).date() < NOW.date() for moment in leads["created_at"]]
    return leads.assign(mature=mature, lead_id=leads["lead_id"].astype(str))


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("sort", SORTS)
def test_pages_follow_each_other_in_the_order_asked_for(sort: Sort, descending: bool, demo_lake: Lake) -> None:
    expected = leads_frame(demo_lake).sort_values([sort, "lead_id"], ascending=[not descending, True])

    pages = [lead_list(demo_lake.pin(), ALL, "any", sort, descending, page) for page in range(3)]

    ids = [lead_id for page in pages for lead_id in page.frame["lead_id"]]
    assert ids == list(expected["lead_id"][: 3 * PAGE_SIZE])
    assert lead_counts(demo_lake.pin(), ALL, "any").leads == len(expected)


def test_the_list_holds_the_leads_that_the_numbers_count(demo_lake: Lake) -> None:
    leads = leads_frame(demo_lake)
    online = leads[leads["source"] == "online"]

    filters = ConversionFilters(sources=("online",))
    counts = lead_counts(demo_lake.pin(), filters, "converted")
    found = lead_list(demo_lake.pin(), filters, "converted", "created_at", True, 0)

    assert counts.leads == (online["mature"] & online["converted"]).sum() > 0
    assert counts.young == (~online["mature"] & online["converted"]).sum()
    assert set(found.frame["source"]) == {"online"}
    assert found.frame["converted"].all()


def test_those_who_did_not_convert_are_the_others(demo_lake: Lake) -> None:
    counts = [lead_counts(demo_lake.pin(), ALL, outcome).leads for outcome in ("any", "converted", "open")]

    assert counts[0] == counts[1] + counts[2]


@pytest.mark.parametrize(
    "floors", [ScoreFloors(rules=30), ScoreFloors(model=20), ScoreFloors(rules=10, model=40), ScoreFloors(rules=90)]
)
def test_no_lead_of_the_list_its_count_or_its_file_has_a_lower_score(
    floors: ScoreFloors, demo_lake: Lake, engine: Engine
) -> None:
    leads = leads_frame(demo_lake)
    asked = [leads["mature"], ~leads["converted"]]
    asked += [leads["final_score"] >= floors.rules] if floors.rules is not None else []
    asked += [leads["model_score"] >= floors.model] if floors.model is not None else []
    kept = pd.concat(asked, axis=1).all(axis=1)
    among_young = pd.concat([~asked[0], *asked[1:]], axis=1).all(axis=1)
    expected = leads[kept].sort_values(["model_score", "lead_id"], ascending=[False, True])

    counts = lead_counts(demo_lake.pin(), ConversionFilters(), "open", floors)
    found = lead_list(demo_lake.pin(), ConversionFilters(), "open", "model_score", True, 0, floors)
    frame = export_leads(
        demo_lake.pin(), engine, ANALYST, ConversionFilters(), "open", "model_score", True, MOMENT, floors
    )

    assert counts == LeadCounts(len(expected), among_young.sum())
    assert 0 < len(expected) < (leads["mature"] & ~leads["converted"]).sum()
    assert list(found.frame["lead_id"]) == list(expected["lead_id"][:PAGE_SIZE])
    assert list(frame["lead_id"]) == list(expected["lead_id"])
    (entry,) = ledger.entries(engine, event="leads.exported")
    told = {"rules_from": floors.rules, "model_from": floors.model}
    assert {name: entry.details.get(name) for name in told} == {
        name: None if floor is None else str(floor) for name, floor in told.items()
    }


def test_the_pages_of_a_list_end_where_its_leads_or_a_readers_reach_do() -> None:
    assert [LeadCounts(leads, 0).pages for leads in (0, 1, 50, 51, 9_999, 10_000, 1_000_000)] == [
        1, 1, 1, 2, 200, 200, 200,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sort", "outcome", "page"),
    [
        ("final_score; DROP", "any", 0),
        ("final_score", "1=1", 0),
        ("final_score", "any", 200),
        ("final_score", "any", -1),
    ],
)
def test_what_is_on_no_list_is_refused(sort: str, outcome: str, page: int, demo_lake: Lake) -> None:
    with pytest.raises(QueryRefusedError):
        lead_list(demo_lake.pin(), ALL, outcome, sort, True, page)  # type: ignore[arg-type]


def test_an_export_is_the_whole_list_and_the_ledger_says_who_took_it(demo_lake: Lake, engine: Engine) -> None:
    leads = leads_frame(demo_lake)
    expected = leads[leads["mature"]].sort_values(["created_at", "lead_id"])

    frame = export_leads(demo_lake.pin(), engine, ANALYST, ConversionFilters(), "any", "created_at", False, now=MOMENT)

    assert list(frame.columns) == list(COLUMNS)
    assert list(frame["lead_id"]) == list(expected["lead_id"])
    (entry,) = ledger.entries(engine, event="leads.exported")
    assert (entry.actor, entry.details["rows"]) == ("ann", len(expected))


def test_more_leads_than_a_file_holds_are_refused_and_never_cut(
    demo_lake: Lake, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    leads = len(leads_frame(demo_lake))
    monkeypatch.setattr(lake_access.export, "MOST_LEADS", leads - 1)
    with pytest.raises(RefusedError, match=f"{leads:,} leads are more than the {leads - 1:,}"):
        export_leads(demo_lake.pin(), engine, ANALYST, ALL, "any", "created_at", False, now=MOMENT)
    with pytest.raises(RefusedError, match="none is cut short"):
        export_lead_rows(demo_lake.pin(), engine, ANALYST, LeadChoice(ALL), MOMENT)
    assert ledger.entries(engine) == []

    monkeypatch.setattr(lake_access.export, "MOST_LEADS", leads)
    frame = export_leads(demo_lake.pin(), engine, ANALYST, ALL, "any", "created_at", False, now=MOMENT)
    assert len(frame) == leads


def test_who_may_not_export_gets_nothing_and_leaves_no_trace(demo_lake: Lake, engine: Engine) -> None:
    with pytest.raises(NotAllowedError):
        export_leads(demo_lake.pin(), engine, VIEWER, ALL, "any", "created_at", False, now=MOMENT)

    assert ledger.entries(engine) == []


def test_a_lead_is_found_by_how_its_id_begins(demo_lake: Lake) -> None:
    pinned, ids = demo_lake.pin(), sorted(leads_frame(demo_lake)["lead_id"])

    assert leads_by_head(pinned, ids[7]) == [ids[7]]
    assert leads_by_head(pinned, f"  {ids[7].replace('-', '').upper()} ") == [ids[7]]
    assert leads_by_head(pinned, ids[7][:4]) == [lead_id for lead_id in ids if lead_id.startswith(ids[7][:4])][:20]
    assert leads_by_head(pinned, "ffffffff-ffff") == []


@pytest.mark.parametrize("typed", ["", "abc", "%%%%", "' OR 1=1 --", "0" * 33, "wxyz"])
def test_what_is_no_beginning_of_an_id_is_refused(typed: str, demo_lake: Lake) -> None:
    with pytest.raises(QueryRefusedError, match="no lead's id"):
        leads_by_head(demo_lake.pin(), typed)


def test_the_local_user_may_export(demo_lake: Lake, engine: Engine) -> None:
    assert len(export_leads(demo_lake.pin(), engine, local_user("me"), ALL, "open", "final_score", True, now=MOMENT))
