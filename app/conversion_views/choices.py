"""What a reader chooses on the page Conversion beside the filters: the view, and the dimensions to explore by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

import streamlit as st

from app.conversion_views.view import DIMENSION_NAMES
from app.filters import COLUMNS, ROWS
from app.links import note_unknown
from lake_access.conversion import DIMENSIONS, Dimension

View = Literal["explore", "funnel", "cohorts", "change"]
VIEWS: Final[tuple[View, ...]] = get_args(View)
VIEW_NAMES: Final[Mapping[View, str]] = {
    "explore": "Explore",
    "funnel": "Funnel",
    "cohorts": "Cohorts",
    "change": "What changed",
}
VIEW = "view"
NO_DIMENSION = "None"
_DEFAULT: Final[tuple[Dimension, Dimension]] = ("source", "band")
_CHOSEN = "_chosen_dimensions"


def choose_view() -> View:
    """Let the reader choose what the page shows."""
    note_unknown(VIEW, "View", VIEW_NAMES.values())
    return st.segmented_control(
        "View",
        options=VIEWS,
        default="explore",
        format_func=VIEW_NAMES.__getitem__,
        key=VIEW,
        bind="query-params",
        required=True,
        label_visibility="collapsed",
    )


def choose_dimensions() -> tuple[Dimension, ...]:
    """Let the reader choose one dimension or two different ones; choosing the other one's swaps the two."""
    names = [DIMENSION_NAMES[dimension] for dimension in DIMENSIONS]
    note_unknown(ROWS, "Rows", names)
    note_unknown(COLUMNS, "Columns", [NO_DIMENSION, *names])
    rows, columns = st.columns(2, wrap=False)
    with rows:
        st.selectbox(
            "Rows",
            options=DIMENSIONS,
            index=DIMENSIONS.index(_DEFAULT[0]),
            format_func=DIMENSION_NAMES.__getitem__,
            key=ROWS,
            bind="query-params",
            on_change=_keep_apart,
            args=(ROWS,),
        )
    with columns:
        st.selectbox(
            "Columns",
            options=(NO_DIMENSION, *DIMENSIONS),
            index=1 + DIMENSIONS.index(_DEFAULT[1]),
            format_func=lambda name: NO_DIMENSION if name == NO_DIMENSION else DIMENSION_NAMES[name],
            key=COLUMNS,
            bind="query-params",
            on_change=_keep_apart,
            args=(COLUMNS,),
        )
    first, second = st.session_state[ROWS], st.session_state[COLUMNS]
    if first == second:  # only a link written by hand asks for it
        second = next(name for name in (*_DEFAULT, *DIMENSIONS) if name != first)
    st.session_state[_CHOSEN] = (first, second)
    return (first,) if second == NO_DIMENSION else (first, second)


def _keep_apart(changed: str) -> None:
    before = st.session_state.get(_CHOSEN, _DEFAULT)
    if st.session_state[ROWS] != st.session_state[COLUMNS]:
        return
    other, was = (COLUMNS, before[0]) if changed == ROWS else (ROWS, before[1])
    # The rows are always by something.
    st.session_state[other] = was if other == COLUMNS or was != NO_DIMENSION else before[0]
    if st.session_state[ROWS] == st.session_state[COLUMNS]:
        st.session_state[COLUMNS] = NO_DIMENSION
