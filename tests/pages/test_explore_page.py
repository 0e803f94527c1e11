"""The page Explore, run as Streamlit runs it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.acting import acting
from app.explore_views.session import ANSWERED, Answered, export
from app.explore_views.view import EXAMPLES
from app.tables_as_files import UTF8_MARK
from lake_access.building.build import build
from lake_access.database import open_database
from lake_access.demo_events import DemoPlan
from lake_access.errors import NotAllowedError
from lake_access.lake import Lake
from lake_access.ledger import entries
from lake_access.permissions import Actor
from lake_access.saved_queries import query_history, saved_queries
from lake_access.sql import run_sql
from tests.lake_access.lakes import NOW, land_demo
from tests.pages import lakes
from tests.pages.conftest import HOSTILE

OpenPage = Callable[..., AppTest]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    folder = tmp_path_factory.mktemp("explored")
    lake = lakes.opened(folder / "home")
    land_demo(lake, DemoPlan(until=NOW, leads=400), folder / "events")
    build(lake, NOW)
    return lake


@pytest.fixture
def page(demo: Lake, open_page: OpenPage) -> AppTest:
    return on_explore(open_page(demo.settings.home))


def on_explore(opened: AppTest, **parameters: str) -> AppTest:
    for name, value in parameters.items():
        opened.query_params[name] = value
    return opened.switch_page("../pages/explore.py").run()


def ask(page: AppTest, sql: str) -> Answered:
    """Type the query, run it, and wait for its end as the page's own clock does."""
    page.text_area(key="sql").set_value(sql)
    next(button for button in page.button if button.label == "Run").click()
    page.run()
    deadline = time.monotonic() + 30
    while page.session_state["_running_query"] is not None and time.monotonic() < deadline:
        time.sleep(0.05)
        page.run()
    answered = page.session_state[ANSWERED]
    assert isinstance(answered, Answered)
    return answered


@pytest.mark.parametrize(("title", "sql"), EXAMPLES)
def test_every_example_runs_and_has_rows(demo: Lake, title: str, sql: str) -> None:
    assert run_sql(demo.pin(), sql, 10).rows(), title


def test_a_query_runs_and_its_rows_stand_on_the_page(page: AppTest, demo: Lake) -> None:
    answered = ask(page, "SELECT count(*) AS leads FROM curated.leads")

    expected = run_sql(demo.pin(), "SELECT count(*) FROM curated.leads", 1).rows()[0][0]
    assert not page.exception
    assert answered.frame is not None
    assert answered.frame["leads"].tolist() == [expected]
    assert any("1 row, all of them." in caption.value for caption in page.caption)


def test_a_refused_query_says_why_as_text(page: AppTest) -> None:
    ask(page, "DROP VIEW curated.leads")

    assert not page.exception
    assert page.warning[0].value == "There is no result."
    why, _ = [text.value for text in page.text if "only SELECT may run here" in text.value]  # and the history
    assert why[0].isupper()


def test_what_ran_stands_in_the_history(page: AppTest, demo: Lake) -> None:
    ask(page, "SELECT 41 + 1 AS n")

    newest = query_history(open_database(demo.settings), acting())[0]
    assert (newest.sql, newest.rows, newest.outcome) == ("SELECT 41 + 1 AS n", 1, "done")
    page.run()
    assert any(", 1 row, " in text.value for text in page.text)


def test_a_cancelled_query_is_told_in_a_sentence(page: AppTest, demo: Lake) -> None:
    page.session_state[ANSWERED] = Answered("SELECT 1", demo.pin(), 0.1, None, False, "the query was cancelled.")
    page.run()

    assert "The query was cancelled." in [text.value for text in page.text]


def test_a_query_is_saved_under_a_name_and_opened_again(page: AppTest, demo: Lake) -> None:
    page.text_area(key="sql").set_value("SELECT 7 AS seven")
    page.text_input(key="_query_name").set_value("seven").run()
    next(button for button in page.button if button.label == "Save under this name").click().run()

    assert [(one.name, one.sql) for one in saved_queries(open_database(demo.settings), acting())] == [
        ("seven", "SELECT 7 AS seven")
    ]
    page.text_area(key="sql").set_value("SELECT 8").run()
    next(button for button in page.button if button.label == "Open").click().run()
    assert page.text_area(key="sql").value == "SELECT 7 AS seven"


def test_a_link_brings_its_query(demo: Lake, open_page: OpenPage) -> None:
    page = on_explore(open_page(demo.settings.home), sql="SELECT 5 AS five")

    assert page.text_area(key="sql").value == "SELECT 5 AS five"
    assert ANSWERED not in page.session_state, "a link alone runs nothing"


def test_an_export_is_whole_and_stands_in_the_ledger(demo: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADLAKE_HOME", str(demo.settings.home))
    sql = "SELECT range AS n, '=cmd' AS formula FROM range(12000)"
    of = Answered(sql, demo.pin(), 0.1, None, truncated=True, refused="")

    content = export(of, acting(), "csv").decode().removeprefix(UTF8_MARK).splitlines()

    assert content[:2] == ['"n","formula"', '0,"\'=cmd"']
    assert len(content) == 12_001
    told = entries(open_database(demo.settings), event="export")[-1]
    hashed = hashlib.sha256(sql.encode()).hexdigest()
    assert (told.event, told.details) == ("export.query", {"sql_sha256": hashed, "rows": 12000, "format": "csv"})
    assert "formula" not in str(told)


def test_an_address_in_a_query_does_not_reach_the_ledger(demo: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADLAKE_HOME", str(demo.settings.home))
    of = Answered("SELECT 'ann@example.com' AS who", demo.pin(), 0.1, None, truncated=True, refused="")

    export(of, acting(), "csv")

    told = entries(open_database(demo.settings), event="export")[-1]
    assert "ann@example.com" not in str(told)
    assert len(told.details["sql_sha256"]) == 64


def test_a_viewer_exports_nothing(demo: Lake) -> None:
    of = Answered("SELECT 1", demo.pin(), 0.1, None, truncated=True, refused="")

    with pytest.raises(NotAllowedError, match="may not export rows"):
        export(of, Actor("eve", frozenset({"viewer"}), "oidc"), "csv")


def test_whatever_a_query_finds_is_text_on_screen_in_the_chart_and_in_a_file(
    open_page: OpenPage, hostile_home: Path
) -> None:
    page = on_explore(open_page(hostile_home))
    name = "<script>alert(2)</script> **name**"
    answered = ask(page, f'SELECT location, device_model, campaign, events AS "{name}" FROM curated.leads')
    page.run()
    assert not page.exception
    assert not page.error
    (table,) = [table.value for table in page.dataframe if name in table.value]
    assert set(table["location"]) == {HOSTILE}
    assert {len(value) for value in table["device_model"]} == {10_000}
    for axis in ("location", "device_model"):
        next(box for box in page.selectbox if box.label == "Across").set_value(axis)
        next(box for box in page.selectbox if box.label == "Told apart by").set_value("campaign")
        page.run()
        assert not page.exception
        (drawn,) = [json.dumps(json.loads(chart.proto.spec)) for chart in page.get("plotly_chart")]
        assert "<script>" not in drawn
        assert "x" * 500 not in drawn
    rendered = [*page.markdown, *page.caption, *page.subheader, *page.info, *page.warning]
    assert not any("<script>" in element.value or "**name**" in element.value for element in rendered)
    rows = list(csv.reader(io.StringIO(export(answered, acting(), "csv").decode("utf-8-sig"))))
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row)
    assert rows[1][2].startswith("'=")
