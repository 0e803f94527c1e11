"""The filter bar: every filter holds, its state outlives pages, and what a link gets wrong is told."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages import lakes
from tests.pages.conftest import OpenPage


def leads_on(page: AppTest) -> str:
    """The headline's number of leads, of the overview."""
    return next(metric.value for metric in page.metric if metric.label == "Leads")


def told(page: AppTest) -> list[str]:
    return [text.value for text in page.text]


@pytest.mark.parametrize(
    ("condition", "parameters"),
    [
        ("source = 'cellular'", {"source": "cellular"}),
        ("source IN ('rare', 'telephone')", {"source": ["rare", "telephone"]}),
        ("last_source = 'telephone'", {"last_source": "telephone"}),
        ("location = 'Bonn'", {"location": "Bonn"}),
        ("location IS NULL", {"location": "unknown"}),
        ("final_score IS NULL", {"band": "unscored"}),
        ("device_model IS NULL", {"device": "unknown"}),
        ("campaign IS NULL", {"campaign": "unknown"}),
        ("model_version IS NULL", {"model_version": "unknown"}),
        ("sales_actions = 0", {"contacted": "Not contacted"}),
        ("location = 'Bonn' AND created_at >= DATE '2025-11-21'", {"location": "Bonn", "period": "Last 30 days"}),
        ("created_at >= DATE '2025-10-01'", {"period": "This quarter"}),
        ("true", {"period": "Last 12 months"}),
    ],
    ids=str,
)
def test_a_link_with_a_filter_counts_what_sql_counts(
    open_page: OpenPage, calls_home: Path, condition: str, parameters: dict[str, str | list[str]]
) -> None:
    page = open_page(calls_home, "overview.py", **parameters)
    ((expected,),) = lakes.opened(calls_home).pin().rows(f"SELECT count(*) FROM curated.leads WHERE {condition}")
    assert not page.exception
    assert not page.error
    assert leads_on(page) == f"{expected}"
    assert not page.warning


def test_filters_survive_a_change_of_page_and_back(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home, "overview.py")
    page.multiselect(key="location").select("Bonn").run()
    page.selectbox(key="period").set_value("90_days").run()
    page.selectbox(key="compare").set_value("year").run()
    assert leads_on(page) == "12"
    page.switch_page("../pages/conversion.py").run()
    assert page.multiselect(key="location").value == ["Bonn"]
    assert page.selectbox(key="period").value == "90_days"
    page.switch_page("../pages/overview.py").run()
    assert page.selectbox(key="compare").value == "year"
    assert leads_on(page) == "12"
    assert page.query_params["location"] == "Bonn"


def test_a_preset_sets_the_days_and_days_by_hand_leave_it(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home, "overview.py")
    page.selectbox(key="period").set_value("30_days").run()
    assert page.date_input(key="created").value == (date(2025, 11, 21), date(2025, 12, 20))
    page.date_input(key="created").set_value((date(2025, 3, 1), date(2025, 3, 2))).run()
    assert page.selectbox(key="period").value == "chosen"
    assert leads_on(page) == "40"
    page.selectbox(key="period").set_value("all").run()
    assert leads_on(page) == "104"


def test_a_link_with_days_alone_means_these_days(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home, "overview.py", created=["2025-03-01", "2025-03-02"])
    assert page.selectbox(key="period").value == "chosen"
    assert leads_on(page) == "40"


def test_what_a_link_names_in_vain_is_told_until_the_reader_moves_on(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home, "overview.py", source=["cellular", "gone *away*"], location="Atlantis")
    assert leads_on(page) == "52"
    assert len(page.warning) == 1
    assert {"Source: gone *away*", "Location: Atlantis"} <= set(told(page))
    page.run()
    assert len(page.warning) == 1
    page.multiselect(key="source").set_value([]).run()
    assert not page.warning


@pytest.mark.parametrize(
    "parameters",
    [
        {"created": ["yesterday", "2025-99-99"]},
        {"created": ["2030-01-01", "2030-02-01"]},
        {"created": ["2030-01-01", "2030-02-01"], "period": "Chosen days"},
        {"period": "Last century"},
        {"contacted": "Perhaps"},
        {"compare": "Tomorrow"},
    ],
    ids=str,
)
def test_days_that_are_none_are_told(
    open_page: OpenPage, calls_home: Path, parameters: dict[str, str | list[str]]
) -> None:
    page = open_page(calls_home, "overview.py", **parameters)
    assert not page.exception
    assert leads_on(page) == "104"
    assert len(page.warning) == 1


def test_days_the_wrong_way_round_are_the_same_days(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home, "overview.py", created=["2025-03-02", "2025-03-01"])
    assert not page.exception
    assert leads_on(page) == "40"


@pytest.mark.parametrize(
    ("file", "parameters", "says"),
    [
        ("conversion.py", {"view": "Bar"}, "View: Bar"),
        ("conversion.py", {"rows": "Foo"}, "Rows: Foo"),
        ("conversion.py", {"columns": "*Foo*"}, "Columns: *Foo*"),
        ("scores.py", {"scores_view": "Bar"}, "View: Bar"),
        ("scores.py", {"score": "Version 9"}, "Score of: Version 9"),
        ("drift.py", {"section": "Bar"}, "Section: Bar"),
        ("lake.py", {"lake_section": "Bar"}, "Section: Bar"),
    ],
)
def test_a_choice_that_a_link_names_in_vain_is_told_on_its_page(
    open_page: OpenPage, calls_home: Path, file: str, parameters: dict[str, str | list[str]], says: str
) -> None:
    page = open_page(calls_home, file, **parameters)
    assert not page.exception
    assert says in told(page)
    assert len(page.warning) >= 1


def test_clearing_sets_every_filter_back(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(
        calls_home, "overview.py", location="Bonn", contacted="Not contacted", period="Last 30 days", all_leads="true"
    )
    assert "More filters (2)" in [expander.label for expander in page.expander]
    page.button(key="clear_filters").click().run()
    assert leads_on(page) == "104"
    assert page.selectbox(key="contacted").value == "Any"
    assert page.button(key="clear_filters").disabled


def test_what_is_filtered_by_stands_in_the_page_for_whom_the_sidebar_is_closed(
    open_page: OpenPage, calls_home: Path
) -> None:
    page = open_page(calls_home, "overview.py", location="Bonn", source=["cellular", "rare"], contacted="Not contacted")
    assert (
        "Leads created 2025-03-01 to 2025-12-20 (UTC) · Source: cellular, rare · Location: Bonn · "
        "not contacted by sales · rates over mature leads" in told(page)
    )


def test_a_page_says_which_filters_it_does_not_honour(
    monkeypatch: pytest.MonkeyPatch, calls_home: Path, tmp_path: Path
) -> None:
    script = tmp_path / "page.py"
    script.write_text(
        "import streamlit as st\n"
        "from datetime import date\n"
        "from app import filters\n"
        "from app.lake_session import pin_for_this_run\n"
        "pin_for_this_run()\n"
        "days = (date(2025, 3, 1), date(2025, 12, 20))\n"
        "found = filters.lead_filters(['cellular'], {}, days, uses=('created', 'source'))\n"
        "st.write(repr(found))\n"
    )
    monkeypatch.setenv("LEADLAKE_HOME", str(calls_home))
    page = AppTest.from_file(script, default_timeout=30)
    page.query_params["location"] = "Bonn"
    page.query_params["all_leads"] = "true"
    page.run()
    assert not page.exception
    assert "locations=()" in page.markdown[0].value
    assert page.caption[0].value.endswith("Set, but not used on this page: location, young leads.")
    assert not any(box.key == "location" for box in page.multiselect)
