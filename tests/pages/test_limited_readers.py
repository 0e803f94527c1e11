"""Who may see some leads only: every page's figures are those of pandas over these leads, whoever else reads here."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score
from streamlit.testing.v1 import AppTest

from app.acting import acting
from app.explore_views.session import export
from app.navigation import PAGES
from lake_access.conversion import ConversionFilters
from lake_access.database import open_database
from lake_access.errors import NotAllowedError
from lake_access.lake import Lake
from lake_access.lead_list import export_leads
from lake_access.lead_rows import LeadChoice, all_lead_rows, lead_rows
from lake_access.permissions import _WITHIN_LIMITS, RowLimits
from tests.pages import lakes
from tests.pages.conftest import OpenPage
from tests.pages.people import Door
from tests.pages.test_explore_page import ask
from tests.pages.test_scores_page import forecasts

LIMITS = [
    RowLimits(sources=("webinar",)),
    RowLimits(locations=("Berlin", "Vienna")),
    RowLimits(sources=("online", "webinar"), locations=("Berlin",)),
]
OPEN = ("overview.py", "conversion.py", "scores.py", "leads.py", "explore.py")
NUMBERS = pytest.mark.parametrize("number", range(len(LIMITS)), ids=str)


@pytest.fixture(scope="module")
def lake(demo_home: Path) -> Lake:
    return lakes.opened(demo_home)


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Door:
    return Door(monkeypatch, tmp_path, LIMITS)


def everything(lake: Lake) -> pd.DataFrame:
    return lake.pin().frame("SELECT *, lead_id::VARCHAR AS id FROM curated.leads")


def own(lake: Lake, limits: RowLimits) -> pd.DataFrame:
    frame = everything(lake)
    kept = pd.Series(True, index=frame.index)
    if limits.sources is not None:
        kept &= frame["source"].isin(limits.sources)
    if limits.locations is not None:
        kept &= frame["location"].isin(limits.locations)
    assert 0 < kept.sum() < len(frame)
    return frame[kept]


def figures(page: AppTest) -> dict[str, str]:
    assert not page.exception
    assert not page.error
    return {metric.label: metric.value for metric in page.metric}


def expected_headline(leads: pd.DataFrame) -> dict[str, str]:
    mature = leads[leads["mature"]]
    return {
        "Leads": f"{len(leads):,}",
        "Conversions": f"{mature['converted'].sum():,}",
        "Conversion rate": f"{mature['converted'].mean():.1%}",
        "Average score": f"{mature['final_score'].mean():.1f}",
    }


def test_only_pages_that_read_through_the_limits_are_open_to_them() -> None:
    assert tuple(entry.file for entry in PAGES if entry.action in _WITHIN_LIMITS) == OPEN


@pytest.mark.parametrize("file", [entry.file for entry in PAGES if entry.file not in OPEN])
def test_what_is_made_of_all_leads_is_closed_whatever_the_role(
    open_page: OpenPage, demo_home: Path, door: Door, file: str
) -> None:
    door.lets_in("admin", limit=0)

    page = open_page(demo_home, file)

    assert [warning.value for warning in page.warning] == ["This is not for your role."]
    assert "it takes the right to see all leads" in page.text[0].value
    assert not [*page.metric, *page.dataframe, *page.button, *page.selectbox]


@NUMBERS
def test_the_overview_is_of_their_leads_and_tells_nothing_of_the_whole(
    open_page: OpenPage, demo_home: Path, lake: Lake, door: Door, number: int
) -> None:
    door.lets_in("analyst", limit=number)

    page = open_page(demo_home, "overview.py")

    shown = figures(page)
    expected = expected_headline(own(lake, LIMITS[number]))
    assert {name: shown[name] for name in expected} == expected
    assert "Champion" not in {heading.value for heading in page.subheader}
    told = [text.value for text in (*page.text, *page.markdown, *page.caption)]
    assert not [text for text in told if "quarantine" in text.lower() or "refused" in text.lower()]


def test_readers_who_follow_each_other_never_share_an_answer(
    open_page: OpenPage, demo_home: Path, lake: Lake, door: Door
) -> None:
    for number in (None, 0, 1, None, 2, 0):
        door.lets_in("viewer", limit=number)

        shown = figures(open_page(demo_home, "overview.py"))

        leads = everything(lake) if number is None else own(lake, LIMITS[number])
        expected = expected_headline(leads)
        assert {name: shown[name] for name in expected} == expected


@NUMBERS
def test_conversion_is_of_their_leads(
    open_page: OpenPage, demo_home: Path, lake: Lake, door: Door, number: int
) -> None:
    door.lets_in("viewer", limit=number)

    page = open_page(demo_home, "conversion.py", rows="Location", columns="Source")

    leads = own(lake, LIMITS[number])
    mature = leads[leads["mature"]]
    shown = figures(page)
    assert shown["Leads counted"] == f"{len(mature):,}"
    assert shown["Converted"] == f"{mature['converted'].sum():,}"
    assert shown["Young, left out"] == f"{(~leads['mature']).sum():,}"
    cells = mature.fillna({"location": "unknown"}).groupby(["location", "source"])["converted"].agg(["size", "sum"])
    table = page.dataframe[0].value
    told = {(row["location"], row["source"].lower()): (row["leads"], row["conversions"]) for _, row in table.iterrows()}
    assert told == {cell: (row["size"], row["sum"]) for cell, row in cells.iterrows()}


@NUMBERS
def test_filters_offer_their_values_alone_and_a_link_to_others_finds_none(
    open_page: OpenPage, demo_home: Path, lake: Lake, door: Door, number: int
) -> None:
    door.lets_in("viewer", limit=number)
    leads = own(lake, LIMITS[number])

    page = open_page(demo_home, "leads.py", all_leads="true")

    offered = {select.label: set(select.options) for select in page.sidebar.multiselect}
    assert offered["Location"] == set(leads["location"].fillna("unknown"))
    assert {source.lower() for source in offered["Source"]} == set(leads["source"])
    assert offered["Campaign"] == set(leads["campaign"].fillna("unknown"))
    other = open_page(demo_home, "leads.py", location="Hamburg", source="Roadshow")
    assert not other.exception
    heads = set(leads["id"].str[:8])
    assert all(set(frame.value["lead_id"]) <= heads for frame in other.dataframe if "lead_id" in frame.value)


@NUMBERS
def test_scores_are_judged_on_their_leads(
    open_page: OpenPage, demo_home: Path, lake: Lake, door: Door, number: int
) -> None:
    door.lets_in("viewer", limit=number)

    shown = figures(open_page(demo_home, "scores.py", score="Version 1"))

    scored = forecasts(lake.pin(), "1")
    scored = scored[scored["lead_id"].astype(str).isin(own(lake, LIMITS[number])["id"])]
    assert shown["Mature leads"] == f"{len(scored):,}"
    assert shown["Brier score"] == f"{brier_score_loss(scored['converted'], scored['score'] / 100):.3f}"
    assert shown["ROC AUC"] == f"{roc_auc_score(scored['converted'], scored['score']):.3f}"


@NUMBERS
def test_the_list_and_its_files_hold_their_leads(
    open_page: OpenPage, demo_home: Path, lake: Lake, door: Door, number: int
) -> None:
    door.lets_in("analyst", limit=number)
    mature = own(lake, LIMITS[number]).query("mature")

    page = open_page(demo_home, "leads.py")

    assert any(f" of {len(mature):,}. Choose a row" in caption.value for caption in page.caption)
    assert set(page.dataframe[0].value["lead_id"]) <= set(mature["id"].str[:8])
    pinned, actor = lake.pin(LIMITS[number]), acting()
    taken = export_leads(
        pinned, open_database(lake.settings), actor, ConversionFilters(), "any", "created_at", True, lakes.LANDED
    )
    choice = LeadChoice(ConversionFilters())
    assert set(taken["lead_id"]) == set(mature["id"])
    assert set(all_lead_rows(pinned, actor, choice)["lead_id"].astype(str)) == set(mature["id"])
    assert lead_rows(pinned, actor, choice, 5).total == len(mature)


@NUMBERS
def test_a_lead_of_others_is_not_there_by_its_id_its_head_or_its_address(
    open_page: OpenPage, demo_home: Path, lake: Lake, door: Door, number: int
) -> None:
    door.lets_in("admin", limit=number)
    leads = own(lake, LIMITS[number])
    others = everything(lake)[lambda frame: ~frame["id"].isin(leads["id"])]["id"]

    guessed = open_page(demo_home, "leads.py", lead=others.iloc[0])
    mine = open_page(demo_home, "leads.py", lead=leads["id"].iloc[0])

    assert "There is no such lead here, or none that you may see." in [info.value for info in guessed.info]
    assert not guessed.dataframe
    assert not mine.exception
    assert not mine.info or "no such lead" not in mine.info[0].value
    for typed, answer in (
        (others.iloc[0], "No lead's id begins like that."),
        ("lead1@example.com", "egon@example.com may not find a lead by its e-mail"),
    ):
        page = open_page(demo_home, "leads.py")
        page.text_input(key="_typed").set_value(typed).run()
        assert any(text.value.startswith(answer) for text in page.text)
        assert "lead" not in page.query_params


@NUMBERS
def test_sql_and_its_file_are_of_their_leads(
    open_page: OpenPage, demo_home: Path, lake: Lake, door: Door, number: int
) -> None:
    door.lets_in("analyst", limit=number)
    page = open_page(demo_home, "explore.py")

    answered = ask(page, "SELECT lead_id::VARCHAR AS lead FROM curated.leads")

    ids = set(own(lake, LIMITS[number])["id"])
    assert answered.frame is not None
    assert set(answered.frame["lead"]) == ids
    written = export(answered, acting(), "csv").decode("utf-8-sig").split()[1:]
    assert {line.strip('"') for line in written} == ids
    offered = set(page.selectbox[0].options)
    assert offered.isdisjoint({"curated.batches", "curated.quarantine", "curated.identities"})


def test_a_saved_query_of_somebody_elses_answers_with_ones_own_leads(
    open_page: OpenPage, demo_home: Path, lake: Lake, door: Door
) -> None:
    link = "SELECT count(*) AS leads FROM curated.leads"
    door.lets_in("analyst", limit=1)
    page = open_page(demo_home, "explore.py", sql=link)

    answered = ask(page, page.text_area(key="sql").value or "")

    assert answered.frame is not None
    assert answered.frame["leads"].tolist() == [len(own(lake, LIMITS[1]))]


def test_a_viewer_takes_no_file_of_rows(lake: Lake, door: Door) -> None:
    door.lets_in("viewer", limit=0)

    with pytest.raises(NotAllowedError, match="may not export rows"):
        all_lead_rows(lake.pin(LIMITS[0]), acting(), LeadChoice(ConversionFilters()))
