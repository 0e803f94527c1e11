"""Cards: what a page shows as a chart or table, each with its data, its SQL and its downloads at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any, Literal

import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import formatting
from app.acting import acting
from app.charts import rates as rate_charts
from app.navigation import EXPLORE, link_to
from app.shown_sql import Query, is_asked_alone, runnable
from app.table_columns import ABSENT, Writer, written
from app.tables_as_files import CSV, PARQUET, as_csv, as_parquet
from lake_access.export import MOST_LEADS
from lake_access.permissions import Action, may

ROWS_SHOWN = 15  # of a table, without scrolling
OnSelect = Literal["ignore", "rerun"] | Callable[..., None]


def chart_card(
    title: str,
    figure: go.Figure,
    *,
    key: str,
    alt: str,
    frame: pd.DataFrame,
    file_name: str,
    sql: str = "",
    parameters: Mapping[str, object] | None = None,
    queries: Sequence[Query] = (),
    made_of: str = "",
    note: str = "",
    on_select: OnSelect = "ignore",
    least_width: int | None = None,
    fills: bool = False,
    column_config: Mapping[str, Any] | None = None,
    writers: Mapping[str, Writer] | None = None,
) -> Any:
    """Draw a card with a figure; what a reader selected in it, where `on_select` asks for that.

    `title`, `alt`, `made_of` and `note` are words of ours, and never a value from the lake: they are read as Markdown.
    `frame` is what the figure draws, whole: the menu shows it, and downloads it as `file_name` with `.csv` or
    `.parquet`; it has the `sql` too, several `queries` in their order, or says what else the numbers are `made_of`.
    One that `fills` grows with its card.
    """
    menu = partial(
        data_menu,
        frame,
        key=key,
        file_name=file_name,
        sql=sql,
        parameters=parameters,
        queries=queries,
        made_of=made_of,
        column_config=column_config,
        writers=writers,
    )
    with _card(title, key, menu):
        drawn: dict[str, Any] = {"key": key, "config": rate_charts.CONFIG, "alt": alt, "on_select": on_select}
        if on_select != "ignore":
            drawn["selection_mode"] = "points"
        if fills:
            drawn["height"] = "stretch"
        # A figure that needs more than a narrow screen has is scrolled within the card.
        with nullcontext() if least_width is None else st.grid(1, wrap=False, min_column_width=least_width):
            selected = st.plotly_chart(figure, **drawn)
        if note:
            st.caption(note)
    return selected


def table_card(
    title: str,
    frame: pd.DataFrame,
    *,
    key: str,
    file_name: str,
    sql: str = "",
    parameters: Mapping[str, object] | None = None,
    queries: Sequence[Query] = (),
    made_of: str = "",
    note: str = "",
    column_config: Mapping[str, Any] | None = None,
    writers: Mapping[str, Writer] | None = None,
    height: int | Literal["auto", "content"] | None = None,
) -> None:
    """Draw a card with a table, which can be downloaded whole; a short one is shown whole, a long one scrolls.

    The file has every digit, however `writers` and `column_config` write them on the page.
    """
    height = height or ("content" if len(frame) <= ROWS_SHOWN else "auto")
    menu = partial(
        data_menu,
        frame,
        key=key,
        file_name=file_name,
        sql=sql,
        parameters=parameters,
        queries=queries,
        made_of=made_of,
        with_table=False,
    )
    with _card(title, key, menu):
        st.dataframe(
            written(frame, writers),
            column_config=column_config,
            hide_index=True,
            alt=title,
            height=height,
            placeholder=ABSENT,
        )
        if note:
            st.caption(note)


def facts_card(title: str, facts: Sequence[tuple[str, str]], *, key: str, file_name: str, made_of: str) -> None:
    """Draw a card with a line a fact: what it is, and its value, as text and whole, however long."""
    frame = pd.DataFrame(facts, columns=["What", "Value"])
    menu = partial(data_menu, frame, key=key, file_name=file_name, made_of=made_of, with_table=False)
    # The gap is wider than between a name and its value, which stand below each other on a narrow screen.
    with _card(title, key, menu), st.container(gap="small"):
        for what, value in facts:
            name, told = st.columns([2, 5], gap="xxsmall")
            name.text(what)
            told.text(value)


@contextmanager
def _card(title: str, key: str, menu: Callable[[], None]) -> Iterator[None]:
    with st.container(border=True, height="stretch", key=f"card_{key}"):
        with row_apart():
            st.subheader(title)
            menu()
        yield


def row_apart(**more: Any) -> DeltaGenerator:
    """A row whose first element stands at the left and whose last at the right; `more` is for `st.container`."""
    return st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", **more)


def too_many_for_a_file(leads: int) -> bool:
    """Say so where these are more leads than one file holds, instead of offering it."""
    if leads > MOST_LEADS:
        st.caption(
            f"One file holds at most {formatting.count(MOST_LEADS)} leads, and is never cut short; these are "
            f"{formatting.count(leads)}. Filter further, by days for instance, and take one after another."
        )
    return leads > MOST_LEADS


def data_menu(
    frame: pd.DataFrame,
    *,
    key: str,
    file_name: str,
    sql: str = "",
    parameters: Mapping[str, object] | None = None,
    queries: Sequence[Query] = (),
    made_of: str = "",
    column_config: Mapping[str, Any] | None = None,
    writers: Mapping[str, Writer] | None = None,
    with_table: bool = True,
) -> None:
    """Draw the small menu of a card: the numbers, downloads, SQL or what else they are made of; only once it is open.

    Raises:
        ValueError: neither `sql`, `queries` nor `made_of` says where the numbers come from.
    """
    asked = [(sql, parameters or {})] if sql else list(queries)
    if not (asked or made_of):
        raise ValueError(f"the card {key} says neither its SQL nor what its numbers are made of")
    menu = st.popover(
        "",
        icon=":material/more_horiz:",
        help="Data, downloads and SQL",
        type="tertiary",
        key=f"menu_{key}",
        on_change="rerun",
    )
    if not menu.open:
        return
    with menu:
        if with_table:
            st.dataframe(
                written(frame, writers),
                column_config=column_config,
                hide_index=True,
                alt="The numbers of this chart",
                placeholder=ABSENT,
            )
        with st.container(horizontal=True):
            for name, mime, write in (("csv", CSV, as_csv), ("parquet", PARQUET, as_parquet)):
                st.download_button(
                    "CSV" if name == "csv" else "Parquet",
                    data=partial(write, frame),
                    file_name=f"{file_name}.{name}",
                    mime=mime,
                    icon=":material/download:",
                    key=f"{name}_{key}",
                    on_click="ignore",
                )
        held = "it is" if len(frame) == 1 else "all of them are"
        st.caption(f"{formatting.counted(len(frame), 'row')}, {held} in the file.")
        if made_of:
            st.caption(made_of)
        show_queries(asked)


def show_queries(queries: Sequence[Query]) -> None:
    """Show SQL that can be run as it stands, each query by itself; who may ask it in Explore is led there."""
    leads_on = is_asked_alone(queries) and may(acting(), Action.EXPLORE_SQL)
    for sql, parameters in queries:
        shown = runnable(sql, parameters)
        st.code(shown, language="sql", wrap_lines=True)
        if leads_on:
            st.page_link(
                link_to(EXPLORE), label="Open in Explore", icon=":material/terminal:", query_params={"sql": shown}
            )
