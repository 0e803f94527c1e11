"""The view Explore: rates by one or two dimensions, over time, and the numbers behind them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app import formatting
from app.cards import chart_card, row_apart, show_queries
from app.charts import rates as rate_charts
from app.conversion_views import table as conversion_table
from app.conversion_views.choices import choose_dimensions
from app.conversion_views.clicks import Mark, chart_key, days_before_click, on_click, take_days_back
from app.conversion_views.shown import Shown
from app.conversion_views.view import DIMENSION_NAMES, TIMES, Grid, Margin, grid, margin, whole
from app.grain import choose_grain
from app.lake_session import conversion_of
from app.table_columns import written
from app.tables_as_files import PARQUET, as_parquet
from lake_access.conversion import Conversion, ConversionRow

BETWEEN_CARDS = 96  # pixels from one figure to the one in the card below it
COLUMNS_BESIDE = 6  # so many columns of a heat map fit beside the bars; with more it goes below them
HEIGHT_BELOW = 300


def draw(shown: Shown) -> bool:
    """Draw the view; whether any lead is counted."""
    headline_place = st.container()
    by = choose_dimensions()
    answer = conversion_of(shown.pinned, by, shown.filters)
    all_cells = whole(answer)
    if all_cells is None:
        return False
    with headline_place:
        _headline(all_cells, answer.immature, shown)
    margins = [margin(answer, dimension, shown.reading) for dimension in by]
    if len(margins) == 2:
        _draw_pair(answer, margins, shown)
    else:
        _draw_margin(margins[0], answer, shown)
    if not set(by) & set(TIMES):
        _draw_trend(shown)
    st.caption(
        "n: leads counted. Lines on bars and dots: 95% Wilson intervals. "
        f"Faint: fewer than {shown.lake.minimum_cell} leads, too few to rely on. "
        "Click a bar, dot or cell to filter the page by it, and again to take that back."
    )
    _draw_numbers(answer, shown)
    return True


def _headline(all_cells: ConversionRow, immature: int, shown: Shown) -> None:
    """The figures over all cells, and how many leads are left out of them."""
    all_leads = shown.filters.all_leads
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
            f"within {shown.lake.outcome_window_days} days",
        ),
    )
    with st.grid(len(figures), min_column_width=150):
        for label, value, note in figures:
            st.metric(label, value, delta=note, delta_color="off", delta_arrow="off", border=True)


def _draw_pair(answer: Conversion, margins: Sequence[Margin], shown: Shown) -> None:
    """Both dimensions alone, and together as a heat map."""
    both = grid(answer, margins[0], margins[1], shown.reading)
    if len(both.columns) <= COLUMNS_BESIDE:
        left, right = st.columns([5, 6], gap="small")
        with left:
            height = sum(_draw_margin(of, answer, shown) for of in margins) + BETWEEN_CARDS
        with right:
            _draw_grid(both, answer, margins, shown, beside=height)
        return
    bars = max(rate_charts.bars_height(len(of.rates)) for of in margins if not of.is_time)
    for place, of in zip(st.columns(2, gap="small"), margins, strict=True):
        with place:
            _draw_margin(of, answer, shown, beside=bars)
    _draw_grid(both, answer, margins, shown, beside=HEIGHT_BELOW)


def _draw_margin(of: Margin, answer: Conversion, shown: Shown, beside: int = 0, title: str = "") -> int:
    """Draw rates by one dimension, over time as a line and by anything else as bars; the figure's height in pixels."""
    name = DIMENSION_NAMES[of.dimension]
    figure = rate_charts.rate_over_time(of.rates, beside) if of.is_time else rate_charts.rate_bars(of.rates)
    marks: list[Mark] = [{of.dimension: value} for value in of.values]
    chart_card(
        title or f"By {name.lower()}",
        figure,
        key=chart_key(f"by_{of.dimension}"),
        alt=rate_charts.description(f"Conversion by {name.lower()}", of.rates),
        frame=conversion_table.margin_frame(of, shown.reading),
        file_name=f"conversion-by-{of.dimension.replace('_', '-')}",
        sql=answer.sql,
        parameters=answer.parameters,
        writers=conversion_table.RATE_WRITERS,
        note=of.leaves_out,
        on_select=on_click(f"by_{of.dimension}", marks, "point_index" if of.is_time else "y"),
    )
    return int(figure.layout.height)


def _draw_trend(shown: Shown) -> None:
    """The rate over all that is counted by days, weeks or months."""
    with row_apart():
        st.caption(":material/timeline: The same leads over time, by the day they were created.", width="content")
        _draw_way_back()
        grain = choose_grain((shown.filters.since or shown.days[0], shown.filters.until or shown.days[1]))
    over_time = conversion_of(shown.pinned, (grain,), shown.filters)
    _draw_margin(margin(over_time, grain, shown.reading), over_time, shown, title="Over time")


def _draw_way_back() -> None:
    """A button to the days before a click on a mark of time: the chart then shows finer marks, and not that one."""
    before = days_before_click()
    if before is not None:
        told = f"Back to {formatting.day(before[0])} to {formatting.day(before[1])}"
        st.button(told, icon=":material/undo:", type="tertiary", key="days_back", on_click=take_days_back)


def _draw_grid(of: Grid, answer: Conversion, margins: Sequence[Margin], shown: Shown, beside: int) -> None:
    """Rates by both dimensions as a heat map, about as high as what stands beside it; a narrow screen scrolls in it."""
    rows, columns = margins
    title = _title(answer)
    marks: list[Mark] = [
        {rows.dimension: rows.values[row], columns.dimension: columns.values[column]} for row, column in of.cells
    ]
    chart_card(
        title,
        rate_charts.rate_grid(of.rows, of.columns, of.cells, beside),
        key=chart_key("grid"),
        least_width=rate_charts.grid_width(len(of.columns)),
        alt=rate_charts.description(title, list(of.cells.values())),
        frame=conversion_table.frame(answer, shown.reading),
        file_name=f"conversion-by-{'-and-'.join(answer.dimensions)}",
        sql=answer.sql,
        parameters=answer.parameters,
        column_config=conversion_table.column_config(answer),
        writers=conversion_table.RATE_WRITERS,
        on_select=on_click("grid", marks, "customdata"),
    )


def _title(answer: Conversion) -> str:
    names = [DIMENSION_NAMES[dimension] for dimension in answer.dimensions]
    return names[0] if len(names) == 1 else f"{names[0]} by {names[1].lower()}"


def _draw_numbers(answer: Conversion, shown: Shown) -> None:
    """Every cell as a table and as files, and the SQL that counted them."""
    table = conversion_table.frame(answer, shown.reading)
    name = conversion_table.csv_name(answer, shown.filters)
    with st.container(border=True):
        st.subheader("The numbers")
        st.dataframe(
            written(table, conversion_table.RATE_WRITERS),
            column_config=conversion_table.column_config(answer),
            hide_index=True,
            alt=f"Conversion, {_title(answer).lower()}",
        )
        with st.container(horizontal=True):
            st.download_button(
                "Download CSV",
                data=conversion_table.to_csv(answer, shown.filters, shown.lake.minimum_cell),
                file_name=name,
                mime="text/csv",
                icon=":material/download:",
                on_click="ignore",
            )
            st.download_button(
                "Parquet",
                data=lambda: as_parquet(table),
                file_name=f"{name.removesuffix('.csv')}.parquet",
                mime=PARQUET,
                icon=":material/download:",
                on_click="ignore",
            )
        with st.expander("The SQL behind it", icon=":material/code:"):
            show_queries([(answer.sql, answer.parameters)])
