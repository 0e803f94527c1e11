from __future__ import annotations

from datetime import date

import pytest
from streamlit.testing.v1 import AppTest

from app.conversion_views.clicks import days_of, on_click
from app.conversion_views.view import TIMES
from lake_access.conversion import Dimension


@pytest.mark.parametrize(
    ("dimension", "value", "days"),
    [
        ("month", "2024-02", (date(2024, 2, 1), date(2024, 2, 29))),
        ("month", "2025-12", (date(2025, 12, 1), date(2025, 12, 31))),
        ("week", "2025-W01", (date(2024, 12, 30), date(2025, 1, 5))),
        ("day", "2025-03-04", (date(2025, 3, 4), date(2025, 3, 4))),
    ],
)
def test_a_click_on_a_time_means_its_days(dimension: Dimension, value: str, days: tuple[date, date]) -> None:
    assert dimension in TIMES
    assert days_of(dimension, value) == days


CLICKED = """
import streamlit as st
from app.conversion_views.clicks import chart_key, on_click_open
opens = on_click_open("funnel", ["counted", "scored"], "leads")
if st.session_state.get("point"):
    st.session_state["funnel_0"] = {"selection": {"points": [st.session_state["point"]]}}
    opens()
st.text(st.session_state.get("leads", "nothing"))
st.text(chart_key("funnel"))
"""


@pytest.mark.parametrize(
    ("curve", "place", "opened"),
    [(0, 1, "scored"), (0, 0, "counted"), (1, 0.33, "nothing"), (1, 1.33, "nothing")],
)
def test_the_thin_bar_of_the_period_before_opens_no_leads(curve: int, place: float, opened: str) -> None:
    page = AppTest.from_string(CLICKED)
    page.session_state["point"] = {"curve_number": curve, "point_index": int(place), "y": place}
    page.run()

    assert not page.exception
    assert [text.value for text in page.text] == [opened, "funnel_1"]  # a new key: nothing stays selected


def test_a_mark_that_no_filter_is_of_cannot_be_clicked() -> None:
    assert on_click("by_scored", [{"scored": "yes"}], "y") == "ignore"
    assert on_click("by_source", [{"source": "online"}], "y") != "ignore"
