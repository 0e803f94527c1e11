"""Asking the tables in SQL: read only, with the tables at hand, and the answer as a table, a chart and a file."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import partial

import pandas as pd
import streamlit as st

from app import formatting, palette
from app.acting import acting
from app.charts import rates as rate_charts
from app.explore_views import session as explore_session
from app.explore_views import view as explore_view
from app.lake_session import ask, pinned_lake, state
from app.tables_as_files import CSV, PARQUET
from lake_access.permissions import Action, may, require
from lake_access.readable_columns import GRAINS, readable_columns
from lake_access.saved_queries import delete_query, query_history, save_query, saved_queries

SQL, NAME = "sql", "_query_name"
FIRST = explore_view.EXAMPLES[0][1]


def take(sql: str) -> None:
    """Put a query into the editor."""
    st.session_state[SQL] = sql


def save() -> None:
    """Save what stands in the editor under the name beside it."""
    save_query(state(), acting(), st.session_state[NAME], st.session_state[SQL], datetime.now(UTC))
    st.toast("Saved.")


def draw_tables() -> None:
    """The tables that this reader may ask, with their columns."""
    columns = ask(readable_columns, pinned)
    found = set(columns["table"])
    # What a reader most likely asks first; tables that have no grain of their own come last.
    tables = [*(name for name in GRAINS if name in found), *sorted(found - set(GRAINS))]
    table = st.selectbox("Table", tables, label_visibility="collapsed")
    if table is None:
        return
    st.caption(f"A row for {GRAINS.get(table, 'each record')}.")
    of_table = columns[columns["table"] == table][["column", "type"]]
    st.dataframe(
        of_table.assign(type=of_table["type"].map(explore_view.kind_of_type)),
        column_config={"column": st.column_config.TextColumn("Column", pinned=True), "type": "Holds"},
        hide_index=True,
        height=340,
        alt=f"Columns of {table}",
    )
    st.button("Look at its rows", on_click=take, args=(f"SELECT *\nFROM {table}\nLIMIT 100",))


def draw_examples() -> None:
    """Queries to begin with."""
    for title, sql in explore_view.EXAMPLES:
        st.button(title, key=f"example_{title}", on_click=take, args=(sql,), type="tertiary", width="stretch")


def draw_saved() -> None:
    """The reader's own saved queries."""
    saved = saved_queries(state(), acting())
    if not saved:
        st.caption("Nothing saved yet. Saved queries are yours alone.")
    for place, one in enumerate(saved):
        with st.container(border=True):
            st.text(one.name)
            st.caption(formatting.moment(one.saved_at))
            with st.container(horizontal=True):
                st.button("Open", key=f"open_{place}", on_click=take, args=(one.sql,))
                st.button("Delete", key=f"delete_{place}", on_click=delete_query, args=(state(), acting(), one.name))


def draw_history() -> None:
    """The reader's own queries, newest first."""
    history = query_history(state(), acting(), limit=20)
    if not history:
        st.caption("Your queries will stand here.")
    for place, one in enumerate(history):
        with st.container(border=True):
            st.code(one.sql if len(one.sql) <= 300 else f"{one.sql[:300]} …", language="sql", wrap_lines=True)
            rows = "" if one.rows is None else f", {formatting.counted(one.rows, 'row')}"
            took = "" if one.seconds is None else f", {formatting.query_time(one.seconds)}"
            st.text(f"{formatting.moment(one.at)}{rows}{took}{'' if one.outcome == 'done' else f': {one.outcome}'}")
            st.button("Open", key=f"again_{place}", on_click=take, args=(one.sql,))


def draw_editor() -> None:
    """Where the query is written, run and saved."""
    limits = explore_session.limits()
    st.text_area(
        "SQL",
        value=FIRST,
        height=230,
        key=SQL,
        bind="query-params",
        help="One SELECT, in DuckDB's dialect. The link in the address bar holds it.",
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if st.button("Run", type="primary", icon=":material/play_arrow:", shortcut="Ctrl+Enter"):
            explore_session.begin(pinned, st.session_state[SQL])
        with st.popover("Save", icon=":material/bookmark:"):
            st.text_input("Name", key=NAME, max_chars=120)
            st.button("Save under this name", on_click=save, disabled=not st.session_state.get(NAME, "").strip())
    st.caption(
        f"Read only. At most {formatting.count(limits.rows or 0)} rows on screen, "
        f"{formatting.plain(limits.seconds or 0.0)} seconds, {limits.memory} of memory."
    )


@st.fragment(run_every=0.3)
def draw_running() -> None:
    """How long the query has been on its way, and a way to stop it."""
    found = explore_session.running()
    if found is None:
        return
    if found.sql.done:
        explore_session.settle(found)
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Cancel", icon=":material/stop:", on_click=explore_session.cancel)
        st.caption(f":material/hourglass_top: Running for {formatting.duration(time.monotonic() - found.began)} …")


def draw_chart(frame: pd.DataFrame) -> None:
    """A chart of the result, by columns of the reader's choice."""
    axes = explore_view.axes_of(frame)
    if axes is None:
        st.caption("A chart takes two columns or more, one of them a number.")
        return
    choices = st.columns(4)
    kind = choices[0].selectbox("Chart", explore_view.KINDS, index=explore_view.KINDS.index(axes.kind))
    across = choices[1].selectbox("Across", axes.across, index=axes.across.index(axes.first_across))
    up = choices[2].selectbox("Up", axes.up, index=axes.up.index(axes.first_up))
    others = [name for name in frame.columns if name not in (across, up)]
    by = choices[3].selectbox("Told apart by", others, index=None, placeholder="Nothing")
    st.plotly_chart(
        explore_view.figure(frame, across, up, kind, by),
        key="chart_of_result",
        config=rate_charts.CONFIG,
        alt="The result of the query as a chart",
    )
    if len(frame) > explore_view.MOST_MARKS:
        st.caption(f"The first {formatting.count(explore_view.MOST_MARKS)} rows are drawn.")
    if by is not None and frame[by].nunique(dropna=False) > len(palette.CATEGORIES):
        st.caption(f"The {len(palette.CATEGORIES)} most frequent values are told apart and drawn.")


def draw_answer(of: explore_session.Answered) -> None:
    """What came of the last query."""
    if of.frame is None:
        st.warning("There is no result.", icon=":material/block:")
        st.text(formatting.sentence(of.refused))
        return
    st.caption(explore_view.sentence(len(of.frame), of.truncated, of.seconds, explore_session.limits().rows or 0))
    table, chart = st.tabs(["Table", "Chart"])
    with table:
        st.dataframe(of.frame, hide_index=True, alt="The result of the query")
    with chart:
        draw_chart(of.frame)
    if may(acting(), Action.EXPORT):
        with st.container(horizontal=True):
            for label, ending, mime in (("CSV", "csv", CSV), ("Parquet", "parquet", PARQUET)):
                st.download_button(
                    label,
                    data=partial(explore_session.export, of, acting(), ending),
                    file_name=f"query.{ending}",
                    mime=mime,
                    icon=":material/download:",
                    on_click="ignore",
                )


require(acting(), Action.EXPLORE_SQL)
pinned = pinned_lake()
main, beside = st.columns([5, 3], gap="medium")
with beside:
    tables, examples, saved, history = st.tabs(["Tables", "Examples", "Saved", "History"])
    with tables:
        draw_tables()
    with examples:
        draw_examples()
    with saved:
        draw_saved()
    with history:
        draw_history()
with main:
    draw_editor()
    draw_running()
    last = explore_session.answered()
    if last is not None and explore_session.running() is None:
        draw_answer(last)
    elif last is None and explore_session.running() is None:
        st.caption(":material/table_view: The result comes here, as a table, a chart and files. Run starts the query.")
