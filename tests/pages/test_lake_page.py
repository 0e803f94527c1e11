"""The page Lake, run as Streamlit runs it, and its figures against the tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app.charts.lake import landed_lines
from lake_access import lake_state
from lake_access.building.build import build
from lake_access.errors import NotAllowedError
from lake_access.iceberg.tables import BATCHES, QUARANTINE
from lake_access.lake import Lake
from lake_access.permissions import Actor, RowLimits, local_user
from tests.lake_access.lakes import NOW, land_lines, read_table, touch
from tests.pages import lakes

OpenPage = Callable[..., AppTest]
MARIA = local_user("maria")
SECTIONS = ("Health", "Tables", "Builds", "Quarantine", "Raw batches", "Snapshots")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Two builds, of which the second meets a duplicate and refuses two lines."""
    lake = lakes.opened(tmp_path_factory.mktemp("state"))
    land_lines(lake, "webinar", touch(email="ann@example.com"), touch(email="bob@example.com"))
    build(lake, NOW)
    land_lines(lake, "webinar", touch(email="ann@example.com"), "broken", "{}", at=NOW.replace(hour=13))
    build(lake, NOW.replace(hour=14))
    return lake


@pytest.mark.parametrize("section", SECTIONS)
def test_every_section_is_drawn(lake: Lake, open_page: OpenPage, section: str) -> None:
    page = open_page(lake.settings.home, lake_section=section)
    page.query_params["lake_section"] = section
    page = page.switch_page("../pages/lake.py").run()

    assert not page.exception
    assert len(page.error) == 0
    assert len(page.dataframe) == 1
    assert len(page.get("plotly_chart")) == (1 if section == "Builds" else 0)


@pytest.mark.parametrize(
    ("section", "menu", "says"),
    [
        ("Builds", "landed", "SELECT"),
        ("Builds", "builds", "\nLIMIT 500"),
        ("Quarantine", "quarantine", "SELECT"),
        ("Raw batches", "batches", "WHERE NULL IS NULL OR stream = NULL"),
        ("Health", "health", "leadlake doctor"),
        ("Tables", "tables", "metadata that the catalog keeps"),
        ("Snapshots", "snapshots", "metadata that the catalog keeps"),
    ],
)
def test_a_menu_shows_the_sql_or_says_what_else_the_numbers_are_of(
    lake: Lake, open_page: OpenPage, section: str, menu: str, says: str
) -> None:
    page = open_page(lake.settings.home)
    page.query_params["lake_section"] = section
    page.session_state[f"menu_{menu}"] = True
    page = page.switch_page("../pages/lake.py").run()

    assert not page.exception
    assert any(says in each.value for each in (*page.code, *page.caption))
    assert {each.label for each in page.download_button} == {"CSV", "Parquet"}


def test_commands_among_what_the_doctor_says_stand_in_quotes(lake: Lake, open_page: OpenPage) -> None:
    page = open_page(lake.settings.home).switch_page("../pages/lake.py").run()

    to_do = page.dataframe[0].value.set_index("What")["To do"]
    assert to_do["quarantine"] == "See “leadlake quarantine list”; after a fix, “retry”."
    said = [*page.text, *page.caption, *page.markdown]
    assert not any("`" in each.value for each in said)
    assert not page.dataframe[0].value.map(lambda told: "`" in str(told)).any(axis=None)


def test_an_empty_lake_says_how_it_stands(tmp_path: Path, open_page: OpenPage) -> None:
    page = open_page(tmp_path).switch_page("../pages/lake.py").run()

    assert not page.exception
    assert any("**freshness**" in markdown.value for markdown in page.markdown)


def test_builds_add_up_and_are_those_of_the_record(lake: Lake) -> None:
    told = lake_state.builds(lake.pin(), MARIA)

    assert told[["lines_read", "curated", "duplicates", "quarantined"]].to_numpy().tolist() == [
        [3, 0, 1, 2],
        [2, 2, 0, 0],
    ]
    assert told["lines_read"].sum() == sum(row["read"] for row in read_table(lake, BATCHES))


def test_a_day_on_which_lines_landed_is_a_day_and_no_midnight(lake: Lake) -> None:
    told = lake_state.lines_by_day(lake.pin(), MARIA)

    assert [(str(day), lines) for day, lines in zip(told["landed_on"], told["lines_read"], strict=True)] == [
        (f"{NOW:%Y-%m-%d}", 5)
    ]


def test_refused_lines_are_counted_by_stream_and_reason(lake: Lake) -> None:
    told = lake_state.refused_by_reason(lake.pin(), MARIA)

    expected = pd.Series([row["reason"] for row in read_table(lake, QUARANTINE)]).value_counts()
    assert dict(zip(told["reason"], told["lines"], strict=True)) == expected.to_dict()
    assert set(told["stream"]) == {"webinar"}


def test_every_snapshot_is_listed_with_its_rows(lake: Lake) -> None:
    told = lake_state.snapshots(lake, MARIA)

    events = told[told["table"] == "curated.events"]
    assert events["rows"].tolist()[-1] == 2
    assert str(lake.pin().snapshot("curated.events")) in events["snapshot"].tolist()
    assert told["committed_at"].is_monotonic_decreasing


def test_batches_of_one_stream_are_those_of_it(lake: Lake) -> None:
    pinned = lake.pin()

    assert len(lake_state.newest_batches(pinned, MARIA, None)) == 2
    assert len(lake_state.newest_batches(pinned, MARIA, "webinar")) == 2
    assert lake_state.newest_batches(pinned, MARIA, "online").empty


def test_the_figure_stacks_every_stream_that_landed(lake: Lake) -> None:
    days = lake_state.lines_by_day(lake.pin(), MARIA)

    figure = landed_lines(days, {"webinar": "Web<b>inar"}, ["online", "webinar"])

    assert [(trace.name, list(trace.y)) for trace in figure.data] == [("Web&lt;b&gt;inar", [5])]


@pytest.mark.parametrize(
    "actor",
    [
        Actor("eve", frozenset(), "oidc"),
        Actor("max", frozenset({"analyst"}), "oidc", RowLimits(sources=("webinar",))),
    ],
)
def test_whoever_may_not_see_all_rows_sees_nothing_of_it(lake: Lake, actor: Actor) -> None:
    for asked in (lake_state.builds, lake_state.lines_by_day, lake_state.refused_by_reason, lake_state.table_states):
        with pytest.raises(NotAllowedError):
            asked(lake.pin(), actor)
    with pytest.raises(NotAllowedError):
        lake_state.snapshots(lake, actor)
