"""The view Cohorts: of the leads of each month, how many had converted by each age."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app import formatting, palette
from app.cards import chart_card
from app.charts import rates as rate_charts
from app.charts.analysis import cohort_grid
from app.charts.rates import Rate
from app.conversion_views.clicks import chart_key, on_click
from app.conversion_views.shown import Shown
from app.lake_session import ask
from lake_access.conversion_analysis.cohorts import CohortCell, Cohorts, cohorts

MOST_COHORTS = 36
PART = "Some of the month's leads are younger: not counted"


def draw(shown: Shown) -> bool:
    """Draw the view; whether any lead is counted."""
    found = ask(cohorts, shown.pinned, shown.filters)
    if not found.months:
        return False
    months = tuple(found.months)[-MOST_COHORTS:]
    places = {(cell.month, cell.age): cell for cell in found.cells}
    rates: dict[str, dict[tuple[int, int], Rate]] = {"whole": {}, "part": {}, "none": {}}
    for row, month in enumerate(months):
        for column, age in enumerate(found.ages):
            cell = places[month, age]
            if cell.rate is not None:
                rates[cell.maturity][row, column] = _rate(cell, shown.lake.minimum_cell)
    heads = [formatting.month(month) for month in months]
    drawn = {**rates["whole"], **rates["part"]}
    chart_card(
        "Converted by age and month",
        cohort_grid(heads, [f"{age} days" for age in found.ages], rates["whole"], rates["part"]),
        key=chart_key("cohorts"),
        least_width=rate_charts.grid_width(len(found.ages)),
        alt=rate_charts.description("Conversion by age, by month of creation", list(drawn.values())),
        frame=cohort_frame(found),
        file_name="cohorts",
        sql=found.sql,
        parameters=found.parameters,
        writers=dict.fromkeys(("rate", "low", "high"), formatting.percentage),
        note=f"{cohorts_told(found, len(months))} Click a cell to filter by its month.",
        on_select=on_click("cohorts", [{"month": months[row]} for row, _ in drawn], "customdata"),
    )
    st.caption(
        "A cell counts only leads that are old enough: those that had reached the age when the newest batch landed. "
        "Whether young leads count elsewhere makes no difference here. "
        f"Pale: fewer than {shown.lake.minimum_cell} leads. Ages are whole days (UTC) since the day of creation."
    )
    return True


def cohort_frame(found: Cohorts) -> pd.DataFrame:
    """A row a month and age, immature ones too, which say so."""
    columns = ["month", "leads_of_month", "age_days", "leads", "conversions", "rate", "low", "high", "maturity"]
    rows = [
        (
            cell.month,
            found.months[cell.month],
            cell.age,
            cell.leads,
            cell.conversions,
            cell.rate,
            *((cell.low, cell.high) if cell.leads else (None, None)),
            cell.maturity,
        )
        for cell in found.cells
    ]
    return pd.DataFrame(rows, columns=columns)


def cohorts_told(found: Cohorts, drawn: int) -> str:
    """How many cells are mature, and why the others, where there are any, are hatched or empty."""
    whole, part, none = (found.count(maturity) for maturity in ("whole", "part", "none"))
    told = [
        f"{whole} of {len(found.cells)} cells {_are(whole)} mature."
        if part or none
        else f"All {whole} cells are mature."
        if whole > 1
        else "The one cell is mature."
    ]
    if part:
        told.append(f"{part} {_are(part)} hatched: some of the month's leads are too young for the age, and left out.")
    if none:
        told.append(f"{none} {_are(none)} empty: all are too young.")
    if drawn < len(found.months):
        told.append(f"The latest {drawn} of {len(found.months)} months are drawn.")
    return " ".join(told)


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _rate(cell: CohortCell, minimum: int) -> Rate:
    assert cell.rate is not None  # noqa: S101  (the caller asked; this tells mypy)
    return Rate(
        name=f"{formatting.month(cell.month)}, {cell.age} days",
        leads=cell.leads,
        conversions=cell.conversions,
        rate=cell.rate,
        low=cell.low,
        high=cell.high,
        colour=palette.NEUTRAL,
        faint=cell.leads < minimum,
        remark=PART if cell.maturity == "part" else "",
    )
