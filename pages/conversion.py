"""Where conversion comes from: rates by two dimensions of the leads, each with its interval and its n."""

from __future__ import annotations

import streamlit as st

from app import charts, conversion_table, filters, formatting, notices
from app.conversion_view import DIMENSION_NAMES, Grid, Margin, grid, margin, reading_of, whole
from app.lake_session import conversion_of, created_range_of, pinned_lake, settings, sources_of
from lake_access.conversion import ConversionRow

BETWEEN_CARDS = 96  # pixels from one figure to the one in the card below it
COLUMNS_BESIDE = 6  # so many columns of a heat map fit beside the bars; with more it goes below them
HEIGHT_BELOW = 300


def headline(all_cells: ConversionRow, immature: int, all_leads: bool, window: int) -> None:
    """The figures over all cells, and how many leads are left out of them."""
    leads = formatting.count(all_cells.leads)
    figures = (
        (
            "Conversion rate",
            formatting.percentage(all_cells.rate),
            formatting.interval(all_cells.low, all_cells.high),
        ),
        ("Converted", formatting.count(all_cells.conversions), f"of {leads} leads"),
        ("Leads counted", leads, "all leads" if all_leads else "mature leads"),
        (
            "Young, counted" if all_leads else "Young, left out",
            formatting.count(immature),
            f"within {window} days",
        ),
    )
    with st.grid(len(figures), min_column_width=150):
        for label, value, note in figures:
            st.metric(label, value, delta=note, delta_color="off", delta_arrow="off", border=True)


def draw_margin(of: Margin, beside: int = 0) -> int:
    """Draw rates by one dimension, over time as a line and by anything else as bars; the figure's height in pixels."""
    name = DIMENSION_NAMES[of.dimension]
    figure = charts.rate_over_time(of.rates, beside) if of.is_time else charts.rate_bars(of.rates)
    with st.container(border=True, height="stretch"):
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


def draw_grid(of: Grid, title: str, beside: int) -> None:
    """Rates by both dimensions as a heat map, about as high as what stands beside it; a narrow screen scrolls in it."""
    with st.container(border=True, height="stretch"):
        st.subheader(title)
        with st.grid(1, wrap=False, min_column_width=charts.grid_width(len(of.columns))):
            st.plotly_chart(
                charts.rate_grid(of.rows, of.columns, of.cells, beside),
                key="grid",
                config=charts.CONFIG,
                alt=charts.description(title, list(of.cells.values())),
            )


pinned = pinned_lake()
lake = settings().declarations.lake
days = created_range_of(pinned)
if days is None:
    notices.empty_lake()
    st.stop()

sources = sources_of(pinned)
reading = reading_of(settings().declarations, sources)
counted = filters.lead_filters(sources, reading.source_labels, days)
st.caption(filters.summary(counted, days, len(sources)))

headline_place = st.container()
rows_by, columns_by = filters.dimension_pair(default=("source", "band"))
by_both = conversion_of(pinned, (rows_by, columns_by), counted)
all_cells = whole(by_both)
if all_cells is None:
    notices.nothing_matches(by_both.immature, lake.outcome_window_days)
    filters.clear_button(days, key="clear_filters_here")
    st.stop()

with headline_place:
    headline(all_cells, by_both.immature, counted.all_leads, lake.outcome_window_days)
by_rows = margin(by_both, rows_by, reading)
by_columns = margin(by_both, columns_by, reading)
both = grid(by_both, by_rows, by_columns, reading)
title = f"{DIMENSION_NAMES[rows_by]} by {DIMENSION_NAMES[columns_by].lower()}"

if len(both.columns) <= COLUMNS_BESIDE:
    left, right = st.columns([5, 6], gap="small")
    with left:
        height = draw_margin(by_rows) + BETWEEN_CARDS + draw_margin(by_columns)
    with right:
        draw_grid(both, title, beside=height)
else:
    margins = (by_rows, by_columns)
    bars = max(charts.bars_height(len(of.rates)) for of in margins if not of.is_time)
    for place, of in zip(st.columns(2, gap="small"), margins, strict=True):
        with place:
            draw_margin(of, beside=bars)
    draw_grid(both, title, beside=HEIGHT_BELOW)
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
        st.code(f"{conversion_table.stated_parameters(by_both)}\n{by_both.sql}", language="sql", wrap_lines=True)
