"""Single leads: find one, list those under the filters, and see what happened to one and what moved its score."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st
from sqlalchemy import Engine

from app import filters, formatting, notices, table_columns
from app.acting import acting
from app.asked_leads import asked_leads
from app.cards import row_apart, show_queries, too_many_for_a_file
from app.lake_session import ask, settings, state
from app.lead_views import choice
from app.lead_views import finder as lead_finder
from app.lead_views import forgetting as person_forgetting
from app.lead_views import page as lead_page
from app.lead_views import view as leads_view
from app.loading import end_page
from app.tables_as_files import CSV, PARQUET, as_csv, as_parquet
from lake_access.lake import PinnedLake
from lake_access.lead_history import lead_history
from lake_access.lead_list import (
    FURTHEST_ROW,
    PAGE_SIZE,
    LeadList,
    Outcome,
    ScoreFloors,
    Sort,
    export_leads,
    lead_counts,
    lead_list,
)
from lake_access.permissions import Action, Actor, may
from lake_access.planning import ConversionFilters

LIST = "_lead_list"
HEAD_LENGTH = 8
COLUMNS: dict[str, Any] = {
    "lead_id": st.column_config.TextColumn("Lead", width=90, help="The head of its id; its page has it whole."),
    "source": "Source",
    "final_score": st.column_config.ProgressColumn("Rules' score", min_value=0, max_value=100, format="%d", width=110),
    "model_score": st.column_config.ProgressColumn("Model score", min_value=0, max_value=100, format="%d", width=110),
    "converted": st.column_config.CheckboxColumn("Converted", width=85),
    "sales_actions": table_columns.count("Sales actions", width=100),
    "created_at": table_columns.moment("Created (UTC)"),
    "last_event_at": table_columns.moment("Last seen (UTC)"),
    "location": "Location",
    "device_model": "Device",
    "converted_at": table_columns.moment("Converted (UTC)"),
    "model_version": "Model version",
    "mature": "Mature",
}


def draw_list(counted: ConversionFilters) -> None:
    """The leads under the filters, a page at a time, with what they can be sorted by."""
    controls = iter(st.columns([2, 2, 2, 2, 3, 1.4], gap="small", vertical_alignment="bottom"))
    with next(controls):
        outcome = st.selectbox(
            "Outcome",
            list(leads_view.OUTCOME_NAMES),
            format_func=leads_view.OUTCOME_NAMES.__getitem__,
            key=choice.OUTCOME,
            bind="query-params",
        )
    with next(controls):
        rules_from = choice.rules_from()
    with next(controls):
        model_from = choice.model_from()
    with next(controls):
        sort = st.selectbox(
            "Sort by",
            list(leads_view.SORT_NAMES),
            format_func=leads_view.SORT_NAMES.__getitem__,
            key=choice.SORT,
            bind="query-params",
        )
    with next(controls):
        descending = st.selectbox(
            "Order",
            list(choice.ORDERS),
            format_func=choice.ORDERS.__getitem__,
            key=choice.ORDER,
            bind="query-params",
        )
    floors = ScoreFloors(rules_from, model_from)
    counts = ask(lead_counts, pinned, counted, outcome, floors)
    with next(controls):
        page = choice.turned_page(counts.pages)
    if not counted.all_leads and counts.young:
        with st.container(horizontal=True, vertical_alignment="center"):
            are = "is" if counts.young == 1 else "are"
            st.caption(f"{formatting.counted(counts.young, 'young lead')} {are} left out.")
            st.button("Show them too", type="tertiary", on_click=show_young, icon=":material/hourglass_top:")
    if not counts.leads:
        notices.nothing_matches(0, lake.outcome_window_days)
        return
    found = ask(lead_list, pinned, counted, outcome, sort, descending, page - 1, floors)
    draw_page(found, page, counts.leads)
    if may(acting(), Action.EXPORT) and not too_many_for_a_file(counts.leads):
        handed = (pinned, state(), acting(), (counted, outcome, sort, descending), floors)
        with st.popover(f"Download all {formatting.count(counts.leads)} leads", icon=":material/download:"):
            st.caption("Every lead under the filters, in this order, with all columns. The ledger records it.")
            with st.container(horizontal=True):
                download("CSV", CSV, partial(exported, as_csv, *handed))
                download("Parquet", PARQUET, partial(exported, as_parquet, *handed))
    with st.popover("The SQL behind it", icon=":material/code:"):
        show_queries([(found.sql, found.parameters)])


def draw_page(found: LeadList, page: int, leads: int) -> None:
    """The table, a page of so many leads; choosing a row opens its lead."""
    first, last = (page - 1) * PAGE_SIZE + 1, (page - 1) * PAGE_SIZE + len(found.frame)
    reach = f"; pages reach to the {formatting.count(FURTHEST_ROW)}th" if leads > FURTHEST_ROW else ""
    st.caption(
        f"Leads {formatting.count(first)} to {formatting.count(last)} of {formatting.count(leads)}{reach}. "
        "Choose a row to open the lead."
    )
    st.dataframe(
        as_shown(found.frame)[list(COLUMNS)],
        column_config=COLUMNS,
        hide_index=True,
        height=560,
        key=LIST,
        on_select=partial(open_selected, list(found.frame["lead_id"])),
        selection_mode="single-row",
        alt="Leads under the filters",
        placeholder=table_columns.ABSENT,
    )


def as_shown(frame: pd.DataFrame) -> pd.DataFrame:
    """Ids by their heads, which the box above finds, and sources as readers call them."""
    return frame.assign(
        lead_id=frame["lead_id"].str[:HEAD_LENGTH],
        source=frame["source"].map(label_of),
    )


def label_of(source: str) -> str:
    """What a reader calls a source, whether leads came from it or it told what became of them."""
    return reading.source_labels.get(source, settings().declarations.source_label(source))


def open_selected(lead_ids: list[str]) -> None:
    """Open the lead of the chosen row."""
    rows = st.session_state[LIST]["selection"]["rows"]
    if rows and rows[0] < len(lead_ids):
        lead_finder.open_lead(lead_ids[rows[0]])


def show_young() -> None:
    """Have young leads counted, here and on every page."""
    st.session_state[filters.ALL_LEADS] = True


def download(name: str, mime: str, data: partial[bytes]) -> None:
    """A button whose file is made when it is clicked."""
    st.download_button(
        name,
        data=data,
        file_name=f"leads.{name.lower()}",
        mime=mime,
        icon=":material/download:",
        key=f"leads_{name}",
        on_click="ignore",
    )


def exported(
    write: Callable[[pd.DataFrame], bytes],
    lake: PinnedLake,
    engine: Engine,
    actor: Actor,
    chosen: tuple[ConversionFilters, Outcome, Sort, bool],
    floors: ScoreFloors,
) -> bytes:
    """The file of all leads; it is made outside a page's run, so that all it needs is handed over."""
    return write(export_leads(lake, engine, actor, *chosen, now=datetime.now(UTC), floors=floors))


choice.follow_link()
asked = asked_leads()
pinned, days, reading, counted = asked.pinned, asked.days, asked.reading, asked.counted
lake = settings().declarations.lake

lead_finder.find_box()
person_forgetting.draw_forgettings()
opened = lead_finder.opened_lead()
if opened is None:
    asked.tell()
    draw_list(counted)
    end_page()

with row_apart():
    st.button("Back to the list", icon=":material/arrow_back:", on_click=lead_finder.close_lead, type="tertiary")
    forgetting = st.empty()
history = ask(lead_history, pinned, opened)
if history is None:
    st.info("There is no such lead here, or none that you may see.", icon=":material/person_off:")
    end_page()
with forgetting.container():
    person_forgetting.forget_form(opened)
lead_page.draw_lead(opened, history, settings().declarations.bands, acting(), label_of)
