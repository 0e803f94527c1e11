from __future__ import annotations

import json
import logging
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lake_access.conversion import ConversionFilters, conversion
from tests.pages import lakes
from tests.pages.conftest import OpenPage
from tests.pages.lakes import Leads

HOSTILE = '<b>bold</b> [x](http://x) =HYPERLINK("http://x")'


def figures(page: AppTest) -> dict[str, tuple[str, str]]:
    """The figures at the top: each label with its value and the note under it."""
    return {metric.label: (metric.value, metric.delta) for metric in page.metric}


def chart_texts(page: AppTest) -> str:
    return json.dumps([json.loads(chart.proto.spec) for chart in page.get("plotly_chart")], ensure_ascii=False)


def shown_sources(page: AppTest) -> set[str]:
    return set(page.dataframe[0].value["source"])


def failed(page: AppTest) -> bool:
    return bool(page.exception or page.error)


def test_the_page_shows_the_figures_of_the_lake(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home)
    assert not failed(page)
    assert figures(page) == {
        "Conversion rate": ("16.3%", "10.1% to 25.2%"),
        "Converted": ("15", "of 92 leads"),
        "Leads counted": ("92", "mature leads"),
        "Young, left out": ("12", "within 60 days"),
    }
    for counts in ("10 of 40", "2 of 35", "3 of 5", "0 of 12"):
        assert counts in chart_texts(page)


def test_the_table_is_the_answer_of_the_query(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home)
    expected = conversion(lakes.opened(calls_home).pin(), ("source", "band"), ConversionFilters())
    frame = page.dataframe[0].value
    assert list(frame["leads"]) == [row.leads for row in expected.rows]
    assert list(frame["conversions"]) == [row.conversions for row in expected.rows]
    assert list(frame["rate"]) == [row.rate for row in expected.rows]
    assert list(frame["band"]) == [row.keys["band"] for row in expected.rows]
    assert shown_sources(page) == {"cellular", "telephone", "rare", "Webinar"}


def test_the_page_says_how_old_its_data_is(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home)
    snapshot = lakes.opened(calls_home).pin().snapshot("curated.leads")
    freshness = page.caption[0].value
    assert "Data known until 2025-12-31 12:00 UTC" in freshness
    assert f"snapshot …{str(snapshot)[-6:]}" in freshness
    assert str(snapshot) not in freshness
    assert str(snapshot) in page.caption[0].proto.help


def test_a_source_filter_holds_for_every_figure(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home)
    page.multiselect(key="source").select("telephone").run()
    assert figures(page)["Converted"] == ("2", "of 35 leads")
    assert figures(page)["Young, left out"][0] == "0"
    assert shown_sources(page) == {"telephone"}
    assert "10 of 40" not in chart_texts(page)


def test_both_days_of_a_range_are_included(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home)
    page.date_input(key="created").set_value((date(2025, 3, 1), date(2025, 3, 2))).run()
    assert figures(page)["Converted"] == ("10", "of 40 leads")
    page.date_input(key="created").set_value((date(2025, 3, 2), date(2025, 4, 1))).run()
    assert figures(page)["Converted"] == ("2", "of 40 leads")


def test_while_only_the_first_day_is_chosen_the_range_is_open(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home)
    page.date_input(key="created").set_value((date(2025, 4, 10),)).run()
    assert not failed(page)
    assert figures(page)["Leads counted"][0] == "17"


def test_young_leads_count_when_asked_for(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home)
    page.toggle(key="all_leads").set_value(True).run()
    assert figures(page)["Leads counted"] == ("104", "all leads")
    assert figures(page)["Young, counted"][0] == "12"


def test_a_link_opens_the_same_view(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(
        calls_home,
        source=["cellular", "rare"],
        created=["2025-03-02", "2025-04-30"],
        all_leads="true",
        rows="Month",
        columns="Location",
    )
    assert not failed(page)
    assert page.multiselect(key="source").value == ["cellular", "rare"]
    assert page.toggle(key="all_leads").value is True
    assert set(page.dataframe[0].value["month"]) == {"2025-03", "2025-04"}
    assert set(page.dataframe[0].value["location"]) == {"Bonn", "unknown"}
    assert figures(page)["Leads counted"] == ("21", "all leads")
    assert "Leads created 2025-03-02 to 2025-04-30 (UTC) · Source: cellular, rare · young leads too" in [
        text.value for text in page.text
    ]


@pytest.mark.parametrize(
    "parameters",
    [
        {"source": "no such source"},
        {"created": ["yesterday", "2025-99-99"]},
        {"all_leads": "perhaps"},
        {"rows": "Nothing", "columns": "<script>"},
        {"rows": "Source", "columns": "Source"},
        {"unheard_of": "1"},
    ],
    ids=str,
)
def test_a_link_that_gets_something_wrong_still_opens(
    open_page: OpenPage, calls_home: Path, parameters: dict[str, str | list[str]]
) -> None:
    page = open_page(calls_home, **parameters)
    assert not failed(page)
    assert figures(page)["Leads counted"] == ("92", "mature leads")
    assert list(page.dataframe[0].value.columns[:2]) == ["source", "band"]


def test_any_two_dimensions_can_be_chosen(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home)
    page.selectbox(key="rows").set_value("location").run()
    page.selectbox(key="columns").set_value("month").run()
    assert not failed(page)
    frame = page.dataframe[0].value
    assert list(frame.columns[:2]) == ["location", "month"]
    assert dict(zip(frame["location"] + " " + frame["month"], frame["leads"], strict=True)) == {
        "Bonn 2025-03": 40,
        "Ulm 2025-04": 35,
        "unknown 2025-04": 5,
        "unknown 2025-05": 12,
    }


def test_choosing_the_other_dimension_swaps_the_two(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home)
    page.selectbox(key="rows").set_value("band").run()
    assert (page.selectbox(key="rows").value, page.selectbox(key="columns").value) == ("band", "source")
    page.selectbox(key="columns").set_value("band").run()
    assert (page.selectbox(key="rows").value, page.selectbox(key="columns").value) == ("source", "band")
    assert list(page.dataframe[0].value.columns[:2]) == ["source", "band"]


def test_filters_that_match_nothing_say_so_and_can_be_cleared(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home, source="telephone", created=["2025-03-01", "2025-03-02"])
    assert not failed(page)
    assert page.info[0].value == "No lead matches these filters."
    assert not page.metric
    page.button(key="clear_filters_here").click().run()
    assert figures(page)["Leads counted"][0] == "92"
    assert page.multiselect(key="source").value == []


def test_only_young_leads_are_told_apart_from_no_leads(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home, created=["2025-12-01", "2025-12-31"])
    assert "All 12 leads here are young" in page.info[0].value


def test_clearing_is_offered_only_where_something_is_filtered(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home)
    assert page.button(key="clear_filters").disabled
    page.multiselect(key="source").select("rare").run()
    assert not page.button(key="clear_filters").disabled
    page.button(key="clear_filters").click().run()
    assert figures(page)["Leads counted"][0] == "92"


def test_an_empty_lake_shows_what_to_do(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page(tmp_path)
    assert not failed(page)
    assert "no leads yet" in page.info[0].value
    for command in ("leadlake demo", "leadlake ingest", "leadlake import", "leadlake build"):
        assert command in page.code[0].value


def test_the_sql_behind_the_page_is_shown_with_its_values(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home, source="rare")
    assert "['rare']" in page.code[0].value
    assert "FROM marts.leads_by_" in page.code[0].value


def test_the_sql_of_what_no_rollup_holds_is_over_the_leads(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home, rows="Location", columns="Device", created=["2025-03-01", "2025-04-30"])
    assert "DATE '2025-04-30'" in page.code[0].value
    assert "FROM curated.leads" in page.code[0].value


@pytest.mark.parametrize(
    ("name", "dimension", "values"),
    [("Week", "week", {"2025-W09"}), ("Day", "day", {"2025-03-01", "2025-03-02"})],
)
def test_weeks_and_days_are_drawn_over_time(
    name: str, dimension: str, values: set[str], open_page: OpenPage, calls_home: Path
) -> None:
    page = open_page(calls_home, rows="Source", columns=name, source="cellular")
    assert not failed(page)
    assert set(page.dataframe[0].value[dimension]) == values


def test_a_build_shows_at_the_next_run_and_filters_left_at_all_days_follow_it(
    open_page: OpenPage, tmp_path: Path
) -> None:
    lakes.fill(tmp_path)
    page = open_page(tmp_path)
    assert figures(page)["Leads counted"][0] == "92"
    newer = Leads("cellular", 8, 1, datetime(2026, 1, 2, tzinfo=UTC))
    lakes.fill(tmp_path, [newer], attendances=0, landed=datetime(2026, 6, 1, tzinfo=UTC))
    page.run()
    assert figures(page)["Leads counted"][0] == "112"
    assert page.date_input(key="created").value == (date(2025, 3, 1), date(2026, 1, 2))


def test_names_from_the_lake_never_become_markdown_or_markup(open_page: OpenPage, tmp_path: Path) -> None:
    lakes.fill(tmp_path, [Leads(HOSTILE, 30, 3, datetime(2025, 3, 1, tzinfo=UTC), HOSTILE)], attendances=0)
    for rows, columns in (("Source", "Location"), ("Location", "Month"), ("Last source", "Source")):
        page = open_page(tmp_path, source=HOSTILE, rows=rows, columns=columns)
        assert not failed(page)
        rendered = [*page.markdown, *page.caption, *page.info, *page.subheader, *page.title, *page.header]
        assert not any("bold" in element.value for element in rendered)
        assert "<b>bold" not in chart_texts(page)
        assert "&lt;b&gt;bold" in chart_texts(page)
        assert HOSTILE in set(page.dataframe[0].value.iloc[:, 0])


def test_a_failure_is_one_sentence_and_the_log_has_the_rest(
    open_page: OpenPage, calls_home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("LEADLAKE_THREADS", "many")
    with caplog.at_level(logging.ERROR):
        page = open_page(calls_home)
    assert not page.exception
    (error,) = page.error
    reference = error.value.split("`")[1]
    assert any(reference in record.message and record.exc_info for record in caplog.records)
    assert "LEADLAKE_THREADS" in page.text[0].value
    assert "Traceback" not in error.value + page.text[0].value
