from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

import app.cards
import app.lead_views.finder
from app.tables_as_files import as_csv, as_parquet
from lake_access import ledger
from lake_access.database import open_database
from lake_access.lead_list import export_leads
from lake_access.permissions import Actor, local_user
from lake_access.planning import ConversionFilters
from tests.pages import lakes
from tests.pages.conftest import HOSTILE, OpenPage

LEADS = "leads.py"
NOBODY = "ffffffff-ffff-ffff-ffff-ffffffffffff"


def failed(page: AppTest) -> bool:
    return bool(page.exception or page.error)


def listed(page: AppTest) -> list[str]:
    (frame,) = [table.value for table in page.dataframe if "lead_id" in table.value]
    return list(frame["lead_id"])


def opened_lead(page: AppTest) -> str | None:
    lead = page.query_params.get("lead")
    return lead[0] if isinstance(lead, list) else lead


def leads_of(home: Path) -> pd.DataFrame:
    return lakes.opened(home).pin().frame("SELECT *, lead_id::VARCHAR AS id FROM curated.leads")


def test_the_list_is_what_pandas_sorts(open_page: OpenPage, demo_home: Path) -> None:
    leads = leads_of(demo_home)
    mature = leads[leads["mature"]]
    page = open_page(demo_home, LEADS)
    assert not failed(page)
    best = mature.sort_values(["final_score", "id"], ascending=[False, True])
    assert listed(page) == list(best["id"].str[:8][:50])

    page = open_page(demo_home, LEADS, sort="Created", order="Lowest or oldest first", page="2", outcome="Converted")
    converted = mature[mature["converted"]].sort_values(["created_at", "id"])
    assert listed(page) == list(converted["id"].str[:8][50:100])


def test_the_list_has_the_scores_that_the_link_asks_for_and_no_lower_ones(open_page: OpenPage, demo_home: Path) -> None:
    leads = leads_of(demo_home)
    mature = leads[leads["mature"]]
    page = open_page(demo_home, LEADS, rules_from="60", model_from="30", sort="Model score")
    assert not failed(page)
    kept = mature[(mature["final_score"] >= 60) & (mature["model_score"] >= 30)]
    assert listed(page) == list(kept.sort_values(["model_score", "id"], ascending=[False, True])["id"].str[:8][:50])
    assert any(f"of {len(kept):,}. " in text.value for text in page.caption)
    assert 0 < len(kept) < len(mature)

    page.number_input(key="model_from").set_value(None).run()
    page.number_input(key="rules_from").set_value(None).run()
    assert any(f"of {len(mature):,}. " in text.value for text in page.caption)


@pytest.mark.parametrize("floor", ["-1", "101", "x", "1e9", "' OR 1=1 --"])
def test_a_link_with_an_impossible_score_shows_the_whole_list(floor: str, open_page: OpenPage, demo_home: Path) -> None:
    page = open_page(demo_home, LEADS, rules_from=floor, call_from=floor, call_version="no such version")
    assert not failed(page)
    assert any(f"of {leads_of(demo_home)['mature'].sum():,}. " in text.value for text in page.caption)


def test_the_page_follows_where_a_filter_leaves_fewer(open_page: OpenPage, demo_home: Path) -> None:
    mature = leads_of(demo_home).query("mature")
    page = open_page(demo_home, LEADS, page="20")
    assert page.number_input(key="page").max == -(-len(mature) // 50)
    assert page.number_input(key="page").value == 20

    page.number_input(key="rules_from").set_value(80).run()
    kept = mature[mature["final_score"] >= 80].sort_values(["final_score", "id"], ascending=[False, True])
    pages = -(-len(kept) // 50)
    assert not failed(page)
    assert pages < 20
    assert (page.number_input(key="page").value, page.number_input(key="page").max) == (pages, pages)
    assert listed(page) == list(kept["id"].str[:8][(pages - 1) * 50 :])


@pytest.mark.parametrize("lowest", ["101", "-1", "abc", "²", "1" * 5_000])
def test_a_cut_off_that_is_no_score_is_told(open_page: OpenPage, demo_home: Path, lowest: str) -> None:
    page = open_page(demo_home, LEADS, call_from=lowest)
    assert not failed(page)
    assert len(page.warning) == 1
    assert any(text.value.startswith("Score from: ") for text in page.text)


def test_a_link_to_the_leads_to_call_chooses_them_all_anew(open_page: OpenPage, demo_home: Path) -> None:
    leads = leads_of(demo_home)
    left_over = {"outcome": "Converted", "order": "Lowest or oldest first", "page": "2", "rules_from": "90"}
    page = open_page(demo_home, LEADS, **left_over, source="Online")
    page.query_params["call_from"], page.query_params["call_version"] = "22", "2"
    page.run()
    assert not failed(page)
    kept = leads[
        (leads["source"] == "online")
        & (leads["model_version"] == "2")
        & (leads["model_score"] >= 22)
        & ~leads["converted"]
    ]
    assert (~kept["mature"]).any()
    assert listed(page) == list(kept.sort_values(["model_score", "id"], ascending=[False, True])["id"].str[:8][:50])
    assert any(f"of {len(kept):,}. " in text.value for text in page.caption)
    assert page.multiselect(key="model_version").value == ["2"]
    assert "call_from" not in page.query_params

    page.query_params["behind"] = "mature"
    page.run()
    assert page.selectbox(key="outcome").value == "any"
    assert (page.number_input(key="rules_from").value, page.number_input(key="model_from").value) == (None, None)
    assert "behind" not in page.query_params

    page = open_page(demo_home, LEADS, call_from="70")
    by_rules = leads[(leads["final_score"] >= 70) & ~leads["converted"]]
    assert listed(page) == list(by_rules.sort_values(["final_score", "id"], ascending=[False, True])["id"].str[:8][:50])


def test_sources_are_called_by_their_labels_and_by_their_keys_in_files(open_page: OpenPage, demo_home: Path) -> None:
    leads = leads_of(demo_home)
    lead_id = leads[(leads["source"] == "online") & (leads["last_source"] == "webinar")]["id"].iloc[0]
    page = open_page(demo_home, LEADS, menu="facts", lead=lead_id)
    assert not failed(page)
    (facts,) = [table.value.set_index("fact")["value"] for table in page.dataframe if "fact" in table.value]
    assert (facts["First source"], facts["Last source"]) == ("Online", "Webinar")
    (events,) = [table for table in page.dataframe if "rule_score" in table.value]
    assert {"online", "webinar"} <= set(events.value["source"])
    shown = pa.ipc.open_stream(events.proto.arrow_data.styler.display_values).read_pandas()
    assert {"Online", "Webinar"} <= set(shown["source"])


def test_what_a_bank_s_lead_has_not_is_a_dash(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home, LEADS)
    (table,) = [table for table in page.dataframe if "lead_id" in table.value]
    assert table.value["location"].isna().any()
    assert table.proto.placeholder == "–"


def test_young_leads_are_one_click_away(open_page: OpenPage, demo_home: Path) -> None:
    leads = leads_of(demo_home)
    page = open_page(demo_home, LEADS)
    assert any(f"{(~leads['mature']).sum():,} young leads are left out." in text.value for text in page.caption)
    next(button for button in page.button if button.label == "Show them too").click().run()
    assert any(f"of {len(leads):,}" in text.value for text in page.caption)


def test_a_link_opens_a_lead_with_its_scores_and_events(open_page: OpenPage, demo_home: Path) -> None:
    pinned = lakes.opened(demo_home).pin()
    ((lead_id, scores),) = pinned.rows(
        "SELECT lead_id::VARCHAR, count(*) FROM curated.scores GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1"
    )
    events = pinned.rows("SELECT count(*) FROM curated.events WHERE lead_id = $id::UUID", {"id": lead_id})[0][0]
    lead = leads_of(demo_home).set_index("id").loc[lead_id]
    page = open_page(demo_home, LEADS, lead=lead_id)
    assert not failed(page)
    assert page.code[0].value == lead_id
    assert page.metric[0].value == str(lead["final_score"])
    frames = [table.value for table in page.dataframe]
    assert next(len(frame) for frame in frames if "kind" in frame) == events
    assert next(len(frame) for frame in frames if "version" in frame) == scores
    assert len(page.main.expander) == scores - 1


def test_a_head_of_an_id_opens_its_lead_or_offers_some(open_page: OpenPage, demo_home: Path) -> None:
    lead_id = leads_of(demo_home)["id"].iloc[3]
    page = open_page(demo_home, LEADS)
    page.text_input(key="_typed").set_value(lead_id[:18]).run()
    assert opened_lead(page) == lead_id
    next(button for button in page.button if button.label == "Back to the list").click().run()
    assert opened_lead(page) is None
    page.text_input(key="_typed").set_value(NOBODY).run()
    assert any(text.value == "No lead's id begins like that." for text in page.text)


def test_an_address_opens_its_lead_and_stays_nowhere(open_page: OpenPage, addresses_home: Path) -> None:
    page = open_page(addresses_home, LEADS)
    page.text_input(key="_typed").set_value(" Guest3@Example.com ").run()
    assert not failed(page)
    (lead,) = (
        lakes.opened(addresses_home)
        .pin()
        .rows("SELECT lead_id::VARCHAR FROM curated.leads WHERE created_at = TIMESTAMPTZ '2025-05-01 03:00:00+00'")
    )
    assert opened_lead(page) == lead[0]
    assert "guest3" not in json.dumps(dict(page.query_params)).lower()
    kept = [str(value) for value in page.session_state._state.filtered_state.values()]
    assert not any("guest3" in value.lower() for value in kept)
    assert page.text_input(key="_typed").value == ""
    entries = ledger.entries(open_database(lakes.opened(addresses_home).settings), event="person.looked_up")
    assert len(entries) == 1
    assert "guest3" not in f"{entries[0].subject}{entries[0].details}".lower()


def test_who_may_not_find_people_is_told_so(
    open_page: OpenPage, addresses_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.lead_views.finder, "acting", lambda: Actor("vic", frozenset({"viewer"}), "local"))
    page = open_page(addresses_home, LEADS)
    assert page.text_input(key="_typed").label == "Find a lead by its id"
    page.text_input(key="_typed").set_value("guest3@example.com").run()
    assert not failed(page)
    assert opened_lead(page) is None
    assert any("vic may not find a lead by its e-mail" in text.value for text in page.text)


@pytest.mark.parametrize("lead", [NOBODY, "<script>", "' OR 1=1 --"])
def test_a_link_to_no_lead_says_so_or_shows_the_list(lead: str, open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home, LEADS, lead=lead)
    assert not failed(page)
    if lead == NOBODY:
        assert page.info[0].value == "There is no such lead here, or none that you may see."
    else:
        assert len(listed(page)) == 50


def test_hostile_values_are_text_on_the_list_and_on_the_lead(open_page: OpenPage, hostile_home: Path) -> None:
    page = open_page(hostile_home, LEADS, all_leads="true")
    assert not failed(page)
    assert HOSTILE in set(page.dataframe[0].value["location"])
    (lead_id,) = [full for full in leads_of(hostile_home)["id"] if full.startswith(listed(page)[0])]
    page = open_page(hostile_home, LEADS, lead=lead_id)
    assert not failed(page)
    charts = json.dumps([json.loads(chart.proto.spec) for chart in page.get("plotly_chart")])
    assert "<script>" not in charts
    rendered = [*page.markdown, *page.caption, *page.subheader, *page.info]
    assert not any("<script>" in text.value or "**bold**" in text.value for text in rendered)
    assert not any("**bold**" in expander.label for expander in page.expander)
    (facts,) = [table.value for table in page.dataframe if "fact" in table.value]
    assert HOSTILE in set(facts["value"])


def test_a_list_too_long_for_a_file_says_so_and_offers_none(
    open_page: OpenPage, calls_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert page_offers_files(open_page(calls_home, LEADS))
    monkeypatch.setattr(app.cards, "MOST_LEADS", 50)
    page = open_page(calls_home, LEADS)
    assert not failed(page)
    assert not page_offers_files(page)
    assert any("One file holds at most 50 leads, and is never cut short" in text.value for text in page.caption)


def page_offers_files(page: AppTest) -> bool:
    return bool(page.get("download_button"))


def test_an_export_is_defused_whole_and_recorded(hostile_home: Path) -> None:
    lake = lakes.opened(hostile_home)
    everybody = ConversionFilters(all_leads=True)
    actor, now = local_user("me"), datetime(2026, 1, 1, tzinfo=UTC)
    engine = open_database(lake.settings)
    frame = export_leads(lake.pin(), engine, actor, everybody, "any", "created_at", True, now=now)
    read = pd.read_csv(io.BytesIO(as_csv(frame)))
    assert len(read) == len(frame)
    assert not any(str(value).startswith("=") for value in read["campaign"].dropna())
    assert pd.read_parquet(io.BytesIO(as_parquet(frame)))["campaign"].tolist() == frame["campaign"].tolist()
