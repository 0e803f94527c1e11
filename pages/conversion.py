"""Where conversion comes from: rates by two dimensions of the leads, each with its interval and its n."""

from __future__ import annotations

import streamlit as st

from app import charts, conversion_table, filters, formatting, notices
from app.conversion_view import DIMENSION_NAMES, Margin, grid, margin, reading_of
from app.lake_session import conversion_of, created_range_of, pinned_lake, settings, sources_of
from lake_access.conversion import Conversion, conversion_sql

BETWEEN_CARDS = 96  # pixels from one figure to the one in the card below it


def headline(total: Conversion, all_leads: bool) -> None:
    """The figures over all cells, and how many leads are left out of them."""
    (whole,) = total.rows
    figures = (
        ("Conversion rate", formatting.percentage(whole.rate), formatting.interval(whole.low, whole.high)),
        ("Converted", formatting.count(whole.conversions), f"of {formatting.count(whole.leads)} leads"),
        ("Leads counted", formatting.count(whole.leads), "all leads" if all_leads else "mature leads"),
        (
            "Young, counted" if all_leads else "Young, left out",
            formatting.count(total.immature),
            f"within {window} days",
        ),
    )
    with st.grid(len(figures), min_column_width=150):
        for label, value, note in figures:
            st.metric(label, value, delta=note, delta_color="off", delta_arrow="off", border=True)


def draw_margin(of: Margin) -> int:
    """Draw rates by one dimension, over time as a line and by anything else as bars; the figure's height in pixels."""
    name = DIMENSION_NAMES[of.dimension]
    figure = charts.rate_by_month(of.rates) if of.dimension == "month" else charts.rate_bars(of.rates)
    with st.container(border=True):
        st.subheader(f"By {name.lower()}")
        st.plotly_chart(
            figure,
            key=f"by_{of.dimension}",
            config=charts.CONFIG,
            alt=charts.description(f"Conversion by {name.lower()}", of.rates),
        )
        if of.leaves_out:
            st.caption(of.leaves_out)
    return int(figure.layout.height)


pinned = pinned_lake()
lake = settings().declarations.lake
window = lake.outcome_window_days
days = created_range_of(pinned)
if days is None:
    notices.empty_lake()
    st.stop()

sources = sources_of(pinned)
reading = reading_of(settings().declarations, sources)
counted = filters.lead_filters(sources, reading.source_labels, days)
st.caption(filters.summary(counted, days, len(sources)))

total = conversion_of(pinned, (), counted)
if not any(row.leads for row in total.rows):
    notices.nothing_matches(total.immature, window)
    st.stop()

headline(total, counted.all_leads)
rows_by, columns_by = filters.dimension_pair(default=("source", "band"))
by_rows = margin(conversion_of(pinned, (rows_by,), counted), reading)
by_columns = margin(conversion_of(pinned, (columns_by,), counted), reading)
by_both = conversion_of(pinned, (rows_by, columns_by), counted)
both = grid(by_both, by_rows, by_columns, reading)
title = f"{DIMENSION_NAMES[rows_by]} by {DIMENSION_NAMES[columns_by].lower()}"

left, right = st.columns([5, 6], gap="small")
with left:
    left_height = draw_margin(by_rows) + BETWEEN_CARDS + draw_margin(by_columns)
with right, st.container(border=True, height="stretch"):
    st.subheader(title)
    with st.grid(1, wrap=False, min_column_width=charts.grid_width(len(both.columns))):
        st.plotly_chart(
            charts.rate_grid(both.rows, both.columns, both.cells, beside=left_height),
            key="grid",
            config=charts.CONFIG,
            alt=charts.description(title, list(both.cells.values())),
        )
st.caption(
    "n: leads counted. Lines on bars and dots: 95% Wilson intervals. "
    f"Faint: fewer than {lake.minimum_cell} leads, too few to rely on."
)

with st.container(border=True):
    st.subheader("The numbers")
    st.dataframe(
        conversion_table.frame(by_both, reading),
        column_config=conversion_table.column_config(by_both),
        hide_index=True,
        alt=f"Conversion, {title.lower()}",
    )
    st.download_button(
        "Download CSV",
        data=conversion_table.to_csv(by_both, counted, lake.minimum_cell),
        file_name=conversion_table.csv_name(by_both, counted),
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
    )
    with st.expander("The SQL behind it", icon=":material/code:"):
        sql = conversion_sql((rows_by, columns_by), settings().declarations.bands)
        st.code(f"{conversion_table.stated_parameters(counted)}\n{sql}", language="sql", wrap_lines=True)
