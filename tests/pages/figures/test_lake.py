"""The figures of Lake: rows of tables, lines by day, what builds made of them, and what they refused."""

from __future__ import annotations

import pandas as pd
import pytest

from lake_access.iceberg.tables import BATCHES, EVENTS, LEADS, QUARANTINE, SCORES
from tests.lake_access.lakes import read_table
from tests.pages import lakes
from tests.pages.conftest import OpenPage
from tests.pages.figures.conftest import InMenu
from tests.pages.known_leads import Known

COUNTS = ["lines_read", "curated", "duplicates", "quarantined"]


def table_of(known: Known, name: str) -> pd.DataFrame:
    return pd.DataFrame(read_table(lakes.opened(known.home), name))


def test_rows_of_tables(known: Known, open_page: OpenPage) -> None:
    page = open_page(known.home, "lake.py", lake_section="Tables")

    assert not page.exception
    rows = page.dataframe[0].value.set_index("table")["rows"].to_dict()
    for name in (EVENTS, LEADS, SCORES, QUARANTINE, BATCHES):
        assert rows[name] == len(table_of(known, name))
    assert rows[LEADS] == len(known.leads)


def test_builds_and_the_lines_that_landed_by_day(known: Known, open_page: OpenPage, in_menu: InMenu) -> None:
    batches = table_of(known, BATCHES).rename(columns={"read": "lines_read"})

    builds = open_page(known.home, "lake.py", lake_section="Builds").dataframe[0].value
    by_day = in_menu(known, "lake.py", "landed", lake_section="Builds")

    assert builds[COUNTS].sum().to_dict() == batches[COUNTS].sum().to_dict()
    assert builds["batches"].sum() == len(batches)
    days = pd.to_datetime(batches["landed_at"], utc=True).dt.date
    assert by_day.set_index(["landed_on", "stream"])["lines_read"].to_dict() == (
        batches.groupby([days, "stream"])["lines_read"].sum().to_dict()
    )


def test_refused_lines_by_reason(known: Known, open_page: OpenPage) -> None:
    refused = table_of(known, QUARANTINE)
    page = open_page(known.home, "lake.py", lake_section="Quarantine")

    assert not page.exception
    if refused.empty:
        assert [text.value for text in page.success] == ["No line is in quarantine."]
        return
    shown = page.dataframe[0].value
    assert shown.groupby("reason")["lines"].sum().to_dict() == refused["reason"].value_counts().to_dict()
    assert list(shown["lines"]) == sorted(shown["lines"], reverse=True)


@pytest.mark.parametrize("section", ["Raw batches", "Snapshots"])
def test_lists_have_a_row_for_each(known: Known, open_page: OpenPage, section: str) -> None:
    page = open_page(known.home, "lake.py", lake_section=section)

    assert not page.exception
    shown = page.dataframe[0].value
    if section == "Raw batches":
        assert shown["lines_read"].sum() == table_of(known, BATCHES)["read"].sum()
    else:
        newest = shown[shown["table"] == LEADS].iloc[0]
        assert newest["rows"] == len(known.leads)
