"""Days, weeks or months: how finely a course over time is drawn."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from app.periods import Days, day_count

Grain = Literal["day", "week", "month"]
GRAINS: tuple[Grain, ...] = ("day", "week", "month")
GRAIN_NAMES: dict[Grain, str] = {"day": "Days", "week": "Weeks", "month": "Months"}
TREND = "trend"
_USUAL = "_usual_grain"


def usual_grain(days: Days) -> Grain:
    """The grain in which a range of days reads best."""
    length = day_count(days)
    return "day" if length <= 45 else "week" if length <= 200 else "month"


def choose_grain(days: Days) -> Grain:
    """Let the reader choose; what they left at the usual grain follows the days."""
    usual = usual_grain(days)
    before = st.session_state.get(_USUAL)
    if before not in (None, usual) and st.session_state.get(TREND) == before:
        st.session_state[TREND] = usual
    st.session_state[_USUAL] = usual
    return st.segmented_control(
        "Course by",
        options=GRAINS,
        default=usual,
        format_func=GRAIN_NAMES.__getitem__,
        key=TREND,
        bind="query-params",
        required=True,
        label_visibility="collapsed",
    )
