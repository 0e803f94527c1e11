"""Cards: what a page shows as a chart or table, each with its data, its SQL and its downloads at hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from datetime import date
from functools import partial
from typing import Any, Literal

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app import charts, formatting
from app.tables_as_files import CSV, PARQUET, as_csv, as_parquet
from lake_access.export import MOST_LEADS

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
    note: str = "",
    on_select: OnSelect = "ignore",
    least_width: int | None = None,
    column_config: Mapping[str, Any] | None = None,
) -> Any:
    """Draw a card with a figure; what a reader selected in it, where `on_select` asks for that.

    `title`, `alt` and `note` are words of ours, and never a value from the lake: they are read as Markdown. `frame` is
    what the figure draws, whole: the menu shows it, and downloads it as `file_name` with `.csv` or `.parquet`.
    """
    with st.container(border=True, height="stretch", key=f"card_{key}"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.subheader(title)
            data_menu(frame, key=key, file_name=file_name, sql=sql, parameters=parameters, column_config=column_config)
        drawn: dict[str, Any] = {"key": key, "config": charts.CONFIG, "alt": alt, "on_select": on_select}
        if on_select != "ignore":
            drawn["selection_mode"] = "points"
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
    note: str = "",
    column_config: Mapping[str, Any] | None = None,
    height: int | Literal["auto", "content"] | None = None,
    in_file: pd.DataFrame | None = None,
) -> None:
    """Draw a card with a table, which can be downloaded whole; a short one is shown whole, a long one scrolls.

    `in_file` is what the file holds where that has more digits than the page shows.
    """
    height = height or ("content" if len(frame) <= ROWS_SHOWN else "auto")
    with st.container(border=True, height="stretch", key=f"card_{key}"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.subheader(title)
            whole = frame if in_file is None else in_file
            data_menu(whole, key=key, file_name=file_name, sql=sql, parameters=parameters, with_table=False)
        st.dataframe(frame, column_config=column_config, hide_index=True, alt=title, height=height, placeholder="–")
        if note:
            st.caption(note)


def facts_card(title: str, facts: Sequence[tuple[str, str]], *, key: str, file_name: str) -> None:
    """Draw a card with a line a fact: what it is, and its value, as text and whole, however long."""
    with st.container(border=True, height="stretch", key=f"card_{key}"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.subheader(title)
            data_menu(pd.DataFrame(facts, columns=["What", "Value"]), key=key, file_name=file_name, with_table=False)
        with st.container(gap="xsmall"):
            for what, value in facts:
                name, told = st.columns([2, 5], gap="small")
                name.text(what)
                told.text(value)


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
    column_config: Mapping[str, Any] | None = None,
    with_table: bool = True,
) -> None:
    """Draw the small menu of a card: the numbers, downloads, SQL; made only once it is open."""
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
            st.dataframe(frame, column_config=column_config, hide_index=True, alt="The numbers of this chart")
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
        st.caption(f"{formatting.count(len(frame))} rows, all of them are in the file.")
        if sql:
            st.code(f"{stated_parameters(parameters or {})}\n{sql}".lstrip(), language="sql", wrap_lines=True)
        else:
            st.caption("No single query gives these numbers; the documentation says how they are made.")


def stated_parameters(parameters: Mapping[str, object]) -> str:
    """What stood in the place of a query's parameters, as comments of SQL."""
    # JSON keeps a name that holds a line break on one line, so that it cannot end the comment.
    return "\n".join(f"-- ${name} = {_as_json(value)}" for name, value in parameters.items())


def _as_json(value: object) -> str:
    written = formatting.day(value) if isinstance(value, date) else value
    return json.dumps(written, ensure_ascii=False, default=str)
