"""The view What changed: the change of the rate between two periods, split into source mix, score mix and rates."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from app import formatting
from app.analysis_charts import Level, Part, signed, waterfall
from app.cards import chart_card, table_card
from app.comparison import maturity_caveat
from app.conversion_view import Reading, whole
from app.conversion_views.shown import Shown
from app.lake_session import ask
from lake_access.conversion import ConversionRow
from lake_access.conversion_analysis.rate_split import PARTS, Change, RateSplit, points_that_add_up, rate_change
from lake_access.differences import of_proportions

PART_NAMES = {"source_mix": "Source mix", "score_mix": "Score mix", "within": "Within cells"}
ALL_BANDS = "all"


def draw(shown: Shown) -> bool:
    """Draw the view; whether any lead is counted."""
    compared = shown.compared
    if compared is None:
        st.info(
            "Choose in the sidebar what to compare with, and days before which leads came: this view then tells what "
            "the change of the rate is made of.",
            icon=":material/compare_arrows:",
        )
        return True
    found = ask(rate_change, shown.pinned, compared.now, compared.before)
    before, now = whole(found.earlier), whole(found.this)
    st.caption(f":material/compare_arrows: {_sentence(compared.label)}")
    if found.split is None or before is None or now is None:
        st.info(_why_none(found, shown), icon=":material/hourglass_empty:")
        return True
    _headline(before, now, shown)
    _draw_waterfall(found, found.split, before, now)
    caveat = maturity_caveat(found.this.immature, found.earlier.immature, shown.filters.all_leads)
    if caveat:
        st.caption(caveat)
    cells = cells_frame(found.split, shown.reading)
    table_card(
        "Where it comes from",
        as_shown(cells),
        in_file=cells,
        key="change_cells",
        file_name="rate-change-by-cell",
        sql=found.this.sql,
        parameters=found.this.parameters,
        note="Points: percentage points of the whole rate. A source that gains share adds what its rate is above the "
        "mean; a band what its rate is above its source's. The columns add up to the parts above.",
        column_config=_cells_config(),
    )
    return True


def cells_frame(split: RateSplit, reading: Reading) -> pd.DataFrame:
    """A row a source with its source mix, and one for each of its bands; points are percentage points, unrounded."""
    rows = [
        (
            reading.name("source", cell.source),
            cell.band or ALL_BANDS,
            cell.leads_before,
            100 * cell.conversions_before / cell.leads_before if cell.leads_before else None,
            cell.leads,
            100 * cell.conversions / cell.leads if cell.leads else None,
            *(
                float(100 * getattr(cell, part)) if (part == "source_mix") is (not cell.band) else None
                for part in PARTS
            ),
        )
        for cell in split.cells
    ]
    names = ["source", "band", "leads_before", "percent_before", "leads", "percent", *PARTS]
    return pd.DataFrame(rows, columns=names)


def as_shown(cells: pd.DataFrame) -> pd.DataFrame:
    """The same, with 0 for what three digits would show as a minus zero."""
    return cells.assign(**{part: cells[part].mask(cells[part].abs() < 0.0005, 0.0) for part in PARTS})


def _headline(before: ConversionRow, now: ConversionRow, shown: Shown) -> None:
    difference = of_proportions(now.conversions, now.leads, before.conversions, before.leads, shown.lake.minimum_cell)
    interval = ""
    figures = [
        ("Before", formatting.percentage(before.rate), formatting.share(before.conversions, before.leads)),
        ("Now", formatting.percentage(now.rate), formatting.share(now.conversions, now.leads)),
    ]
    points = f"{signed(100 * (now.rate - before.rate))} points"
    if difference is None:
        figures.append(("Change", points, "too few leads to tell"))
    else:
        ends = f"{signed(100 * difference.low)} to {signed(100 * difference.high)}"
        figures.append(("Change", points, "beyond chance" if difference.beyond_chance else "within chance"))
        interval = f"The 95% interval of the change: {ends} points."
    with st.grid(len(figures), min_column_width=170):
        for label, value, note in figures:
            st.metric(label, value, delta=note, delta_color="off", delta_arrow="off", border=True)
    if interval:
        st.caption(interval)


def _draw_waterfall(found: Change, split: RateSplit, before: ConversionRow, now: ConversionRow) -> None:
    points = points_that_add_up(split)
    parts = [Part(PART_NAMES[part], float(points[part])) for part in PARTS]
    chart_card(
        "What the change is made of",
        waterfall(
            Level("Before", before.rate, before.low, before.high),
            parts,
            Level("Now", now.rate, now.low, now.high),
        ),
        key="change",
        alt="What the change is made of. " + "; ".join(f"{part.name}: {signed(part.points)} points" for part in parts),
        frame=pd.DataFrame(
            {"part": [part.name for part in parts], "points": [float(100 * getattr(split, part)) for part in PARTS]}
        ),
        file_name="rate-change",
        sql=found.earlier.sql,
        parameters=found.earlier.parameters,
        note="Source mix: other shares of the sources. Score mix: other shares of the bands within a source. Within "
        "cells: leads of the same source and band convert otherwise. The parts add up to the change, exactly.",
    )


def _sentence(label: str) -> str:
    return f"{label[:1].upper()}{label[1:]}."


def _why_none(found: Change, shown: Shown) -> str:
    days = shown.lake.outcome_window_days
    if not found.this.rows and found.this.immature:
        return f"All leads of the newer period are young: their {days} days to convert are still running."
    return "One of the two periods has no lead that counts under these filters: there is no rate to compare."


def _cells_config() -> dict[str, Any]:
    points = {part: st.column_config.NumberColumn(name, format="%.3f") for part, name in PART_NAMES.items()}
    return {
        "source": st.column_config.TextColumn("Source", pinned=True),
        "band": st.column_config.TextColumn("Score band"),
        "leads_before": st.column_config.NumberColumn("n before", format="localized"),
        "percent_before": st.column_config.NumberColumn("Rate before", format="%.1f%%"),
        "leads": st.column_config.NumberColumn("n", format="localized"),
        "percent": st.column_config.NumberColumn("Rate", format="%.1f%%"),
        **points,
    }
