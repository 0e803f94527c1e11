"""The leads behind the numbers on screen: a table that can be downloaded whole, each lead with a link to its page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, Literal, get_args
from urllib.parse import quote

import pandas as pd
import streamlit as st

from app import formatting, table_columns
from app.acting import acting
from app.cards import show_queries, too_many_for_a_file
from app.conversion_views.shown import Shown
from app.lake_session import ask, state
from app.tables_as_files import CSV, PARQUET, as_csv, as_parquet
from lake_access.conversion import ConversionFilters
from lake_access.lake import PinnedLake
from lake_access.lead_rows import LeadChoice, LeadRows, export_lead_rows, lead_rows
from lake_access.permissions import Action, Actor, may

Which = Literal["counted", "converted", "not_converted", "scored", "contacted", "reached", "past_contact"]
WHICH: Final[tuple[Which, ...]] = get_args(Which)
WHICH_NAMES: Final[Mapping[Which, str]] = {
    "counted": "All that are counted",
    "converted": "Converted",
    "not_converted": "Not converted",
    "scored": "Scored",
    "contacted": "Scored and contacted",
    "reached": "Scored, contacted and converted",
    "past_contact": "Scored and converted, not contacted",
}
LEADS = "leads"
SHOWN_LEADS = 500
LEAD_PAGE = "leads?lead="


def draw(shown: Shown) -> None:
    """Draw the choice, and the leads once one is made."""
    actor = acting()
    if not may(actor, Action.VIEW_LEADS):
        return
    with st.container(border=True):
        st.subheader("The leads behind the numbers")
        which: Which | None = st.selectbox(
            "Leads",
            options=WHICH,
            index=None,
            format_func=WHICH_NAMES.__getitem__,
            placeholder="Choose which leads to open",
            key=LEADS,
            bind="query-params",
            label_visibility="collapsed",
        )
        if which is not None:
            _draw_rows(shown, actor, which)


def choice_of(filters: ConversionFilters, which: Which) -> LeadChoice:
    """Which leads these are, under the filters on screen."""
    converted: Mapping[Which, bool | None] = {
        "converted": True,
        "not_converted": False,
        "reached": True,
        "past_contact": True,
    }
    if which in ("scored", "contacted", "reached", "past_contact"):
        filters = replace(filters, scored=True)
    if which in ("contacted", "reached", "past_contact"):
        filters = replace(filters, contacted=_both(filters.contacted, which != "past_contact"))
        if filters.contacted is None:
            return LeadChoice(filters, nothing=True)
    return LeadChoice(filters, converted.get(which))


def with_links(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows with the address of each lead's page in front."""
    return frame.assign(lead=[f"{LEAD_PAGE}{quote(lead)}" for lead in frame["lead_id"]])[["lead", *frame.columns[1:]]]


def with_labels(frame: pd.DataFrame, labels: Mapping[str, str]) -> pd.DataFrame:
    """The rows with the sources as readers call them; the files have their keys."""
    return frame.assign(
        **{name: frame[name].map(lambda key: labels.get(key, key)) for name in ("source", "last_source")}
    )


def _both(filtered: bool | None, asked: bool) -> bool | None:
    """A condition that is set twice: None where nothing can meet both."""
    return asked if filtered in (None, asked) else None


def _draw_rows(shown: Shown, actor: Actor, which: Which) -> None:
    choice = choice_of(shown.filters, which)
    found: LeadRows = ask(lead_rows, shown.pinned, actor, choice, SHOWN_LEADS)
    if not found.total:
        st.caption("No lead is among them.")
        return
    st.dataframe(
        with_labels(with_links(found.frame), shown.reading.source_labels),
        column_config=_config(),
        hide_index=True,
        alt="The leads behind the numbers",
        height=360,
        placeholder="–",
    )
    told = f"{formatting.count(found.total)} leads, the newest first"
    if found.total > len(found.frame):
        told = f"The newest {formatting.count(len(found.frame))} of {formatting.count(found.total)} leads"
    if may(actor, Action.EXPORT) and not too_many_for_a_file(found.total):
        st.caption(f"{told}; the files hold all of them.")
        with st.container(horizontal=True):
            for name, mime, write in (("CSV", CSV, as_csv), ("Parquet", PARQUET, as_parquet)):
                st.download_button(
                    f"All leads as {name}",
                    data=partial(_whole, shown.pinned, actor, choice, write),
                    file_name=f"leads-{which.replace('_', '-')}.{name.lower()}",
                    mime=mime,
                    icon=":material/download:",
                    key=f"leads_{name.lower()}",
                    on_click="ignore",
                )
    else:
        st.caption(f"{told}.")
    with st.expander("The SQL behind it", icon=":material/code:"):
        show_queries([(found.sql, found.parameters)])


def _whole(pinned: PinnedLake, actor: Actor, choice: LeadChoice, write: Callable[[pd.DataFrame], bytes]) -> bytes:
    return write(export_lead_rows(pinned, state(), actor, choice, datetime.now(UTC)))


def _config() -> dict[str, Any]:
    column = st.column_config
    return {
        "lead": column.LinkColumn("Lead", display_text=r"lead=([0-9a-f]{8})", help="Opens the lead's page."),
        "source": column.TextColumn("Source"),
        "last_source": column.TextColumn("Last source"),
        "band": column.TextColumn("Score band"),
        "final_score": column.NumberColumn("Score"),
        "model_score": column.NumberColumn("Model score"),
        "model_version": column.TextColumn("Model version"),
        "created_at": table_columns.moment("Created (UTC)"),
        "sales_actions": column.NumberColumn("Sales actions"),
        "first_action": column.TextColumn("First action"),
        "converted": column.CheckboxColumn("Converted"),
        "converted_at": table_columns.moment("Converted (UTC)"),
        "outcome_value": table_columns.figure(2, "Value"),
        "location": column.TextColumn("Location"),
        "device_model": column.TextColumn("Device"),
        "campaign": column.TextColumn("Campaign"),
        "mature": column.CheckboxColumn("Mature"),
    }
