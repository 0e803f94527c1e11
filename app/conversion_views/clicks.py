"""A click on a mark filters the page by what the mark stands for; a second one takes that back."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any, Final, Literal

import streamlit as st

from app import filters
from app.cards import OnSelect
from app.conversion_views.view import TIMES
from app.filter_options import CONTACTED, VALUE_FILTERS
from app.formatting import first_day
from app.periods import Days, Preset
from lake_access.conversion import Dimension

_CLICKS: Final = "_clicks"
# The days that clicks chose, one narrower than the other, each with the period and the days of before it.
_NARROWED: Final = "_narrowed_by_clicks"
FILTERS_BY_CLICK: Final[frozenset[Dimension]] = frozenset({*VALUE_FILTERS, *TIMES, "contacted"})
Mark = Mapping[Dimension, str]
ToldBy = Literal["y", "point_index", "customdata"]


def chart_key(name: str) -> str:
    """The key of a chart, another one after each click: what was selected then, no longer stands where it stood."""
    return f"{name}_{st.session_state.get(_CLICKS, 0)}"


def on_click(name: str, marks: Sequence[Mark], told_by: ToldBy) -> OnSelect:
    """What a click in the chart of this name does; a point tells the number of its mark in the field `told_by`."""
    if not any(set(mark) & FILTERS_BY_CLICK for mark in marks):
        return "ignore"
    return partial(_choose, chart_key(name), tuple(marks), told_by)


def on_click_open(name: str, openings: Sequence[str], choice_key: str) -> OnSelect:
    """What a click in the chart of this name opens: the choice of the mark's place in `openings`, in another box.

    Marks of the first trace are places to click; others, such as those of the period before, open nothing.
    """
    return partial(_open, chart_key(name), tuple(openings), choice_key)


def days_of(dimension: Dimension, value: str) -> Days:
    """The first and last day of a month such as `2025-01`, an ISO week such as `2025-W03`, or a day."""
    start = date.fromisoformat(first_day(value))
    if dimension == "month":
        return start, start.replace(day=calendar.monthrange(start.year, start.month)[1])
    return start, start + timedelta(days=6 if dimension == "week" else 0)


def _choose(key: str, marks: Sequence[Mark], told_by: ToldBy) -> None:
    points: list[dict[str, Any]] = st.session_state[key]["selection"]["points"]
    if not points:
        return
    st.session_state[_CLICKS] = st.session_state.get(_CLICKS, 0) + 1
    for dimension, value in marks[_number(points[0][told_by])].items():
        if dimension in VALUE_FILTERS:
            filters.choose_value(dimension, value)
        elif dimension in TIMES:
            _choose_days(days_of(dimension, value))
        elif dimension == "contacted":
            wanted = next(name for name, contacted in CONTACTED.items() if contacted is (value == "yes"))
            st.session_state[filters.CONTACT] = "Any" if st.session_state.get(filters.CONTACT) == wanted else wanted


def days_before_click() -> Days | None:
    """The days that stood before a click on a mark of time chose those of now; None where no click did."""
    narrowed = _narrowed()
    return narrowed[-1][2] if narrowed else None


def take_days_back() -> None:
    """Choose the days again that stood before the last click on a mark of time."""
    *earlier, (_, period, days) = _narrowed()
    filters.restore_days(period, days)
    st.session_state[_NARROWED] = earlier


def _choose_days(days: Days) -> None:
    narrowed = _narrowed()
    if narrowed and narrowed[-1][0] == days:
        take_days_back()
        return
    period, before = st.session_state[filters.PERIOD], st.session_state[filters.CREATED]
    if len(before) == 2:  # a reader may have chosen the first day only
        st.session_state[_NARROWED] = [*narrowed, (days, period, before)]
    st.session_state[filters.PERIOD], st.session_state[filters.CREATED] = "chosen", days


def _narrowed() -> list[tuple[Days, Preset, Days]]:
    """What clicks chose, as far as the reader has not chosen other days since."""
    narrowed: list[tuple[Days, Preset, Days]] = st.session_state.get(_NARROWED, [])
    return narrowed if narrowed and narrowed[-1][0] == st.session_state.get(filters.CREATED) else []


def _open(key: str, openings: Sequence[str], choice_key: str) -> None:
    points: list[dict[str, Any]] = st.session_state[key]["selection"]["points"]
    if points:
        st.session_state[_CLICKS] = st.session_state.get(_CLICKS, 0) + 1
        if points[0]["curve_number"] == 0:
            st.session_state[choice_key] = openings[_number(points[0]["y"])]


def _number(told: Any) -> int:
    return int(told[0] if isinstance(told, list) else told)
