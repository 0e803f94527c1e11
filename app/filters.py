"""The filters that every page of leads shares, drawn in the sidebar; their whole state stands in the URL.

Streamlit keeps a bound widget and its query parameter the same both ways, and drops what a link gets wrong. A value
that equals the default leaves the URL, so that a link without dates goes on meaning all of them when newer leads come.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import streamlit as st

from app import formatting
from app.conversion_view import DIMENSION_NAMES
from lake_access.conversion import DIMENSIONS, ConversionFilters, Dimension

CREATED, SOURCES, ALL_LEADS = "created", "source", "all_leads"
ROWS, COLUMNS = "rows", "columns"
_CHOSEN_PAIR = "_chosen_pair"
_OFFERED_DAYS = "_offered_days"
EARLIEST = date(2000, 1, 1)  # the lake refuses events before it


def lead_filters(sources: Sequence[str], labels: Mapping[str, str], days: tuple[date, date]) -> ConversionFilters:
    """Draw the filters and read them.

    `sources` are all the sources of the lake, `labels` what readers call them, `days` the first and last day with a
    lead.
    """
    _follow_newer_days(days)
    with st.sidebar:
        created = st.date_input(
            "Lead created",
            value=days,
            min_value=EARLIEST,
            max_value=date(days[1].year + 1, 12, 31),
            format="YYYY-MM-DD",
            key=CREATED,
            bind="query-params",
            help="Both days included. Days are UTC.",
        )
        chosen = st.multiselect(
            "Source",
            options=list(sources),
            format_func=lambda source: labels[source],
            placeholder="All sources",
            key=SOURCES,
            bind="query-params",
        )
        all_leads = st.toggle(
            "Count young leads too",
            key=ALL_LEADS,
            bind="query-params",
            help="A lead whose outcome window is still open may yet convert: it is left out unless you ask for it.",
        )
        since, until = _ends(created)
        filters = ConversionFilters(
            since=since if since != days[0] else None,
            until=until if until != days[1] else None,
            sources=tuple(source for source in sources if source in chosen),
            all_leads=all_leads,
        )
        clear_button(days, key="clear_filters", disabled=filters == ConversionFilters())
    return filters


def dimension_pair(default: tuple[Dimension, Dimension]) -> tuple[Dimension, Dimension]:
    """Let the reader choose two different dimensions; choosing the other one's swaps the two."""
    rows, columns = st.columns(2, wrap=False)
    for box, label, key, dimension in (
        (rows, "Rows", ROWS, default[0]),
        (columns, "Columns", COLUMNS, default[1]),
    ):
        box.selectbox(
            label,
            options=DIMENSIONS,
            index=DIMENSIONS.index(dimension),
            format_func=DIMENSION_NAMES.__getitem__,
            key=key,
            bind="query-params",
            on_change=_keep_apart,
            args=(key, default),
        )
    chosen: tuple[Dimension, Dimension] = (st.session_state[ROWS], st.session_state[COLUMNS])
    if chosen[0] == chosen[1]:  # only a link written by hand asks for it
        chosen = (chosen[0], next(dimension for dimension in (*default, *DIMENSIONS) if dimension != chosen[0]))
    st.session_state[_CHOSEN_PAIR] = chosen
    return chosen


def clear_button(days: tuple[date, date], key: str, disabled: bool = False) -> None:
    """A button that sets every filter back."""
    st.button(
        "Clear filters",
        icon=":material/filter_alt_off:",
        key=key,
        disabled=disabled,
        on_click=_clear_filters,
        args=(days,),
        width="stretch",
    )


def _clear_filters(days: tuple[date, date]) -> None:
    st.session_state[CREATED] = days
    st.session_state[SOURCES] = []
    st.session_state[ALL_LEADS] = False


def summary(filters: ConversionFilters, days: tuple[date, date], source_count: int) -> str:
    """What is counted, as one line for readers whose sidebar is closed; it holds no value from the lake but days."""
    since, until = filters.since or days[0], filters.until or days[1]
    named = len(filters.sources)
    sources = f"{named} of {source_count} sources" if named else "all sources"
    maturity = "young leads too" if filters.all_leads else "mature leads"
    return f"Leads created {formatting.day(since)} to {formatting.day(until)} (UTC), {sources}, {maturity}."


def _keep_apart(changed: str, default: tuple[Dimension, Dimension]) -> None:
    before: tuple[Dimension, Dimension] = st.session_state.get(_CHOSEN_PAIR, default)
    if st.session_state[ROWS] == st.session_state[COLUMNS]:
        other, was = (COLUMNS, before[0]) if changed == ROWS else (ROWS, before[1])
        st.session_state[other] = was


def _follow_newer_days(days: tuple[date, date]) -> None:
    """Where the reader left all days in, keep all in when a build brings newer ones: the widget keeps the old end."""
    before = st.session_state.get(_OFFERED_DAYS)
    if before not in (None, days) and st.session_state.get(CREATED) == before:
        st.session_state[CREATED] = days
    st.session_state[_OFFERED_DAYS] = days


def _ends(created: object) -> tuple[date | None, date | None]:
    """The two ends of a range; while a reader has chosen only the first day, there is no last one yet."""
    chosen = created if isinstance(created, tuple) else (created,)
    days = [day for day in chosen if isinstance(day, date)]
    return (days[0] if days else None, days[1] if len(days) > 1 else None)
