"""The view What changed: the change of the rate between two periods, split into source mix, score mix and rates."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from app import formatting, table_columns
from app.cards import chart_card, table_card
from app.charts.analysis import Level, Part, signed, waterfall
from app.comparison import maturity_caveat
from app.conversion_views.shown import Shown
from app.conversion_views.view import Reading, whole
from app.lake_session import ask
from app.table_columns import Writer
from lake_access.conversion import ConversionRow
from lake_access.conversion_analysis.rate_split import PARTS, Change, RateSplit, points_that_add_up, rate_change
from lake_access.differences import of_proportions

PART_NAMES = {"source_mix": "Source mix", "score_mix": "Score mix", "within": "Within cells"}
ALL_BANDS = "all"
POINTS = tuple(f"{part}_points" for part in PARTS)
CELL_WRITERS: dict[str, Writer] = {
    "rate_before": formatting.percentage,
    "rate": formatting.percentage,
    **dict.fromkeys(POINTS, partial(formatting.points, digits=3)),
}
SPLIT = "Both periods by source and score band, the earlier first; the change is split in Python, exactly."


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
        cells,
        key="change_cells",
        file_name="rate-change-by-cell",
        queries=asked_of(found),
        made_of=SPLIT,
        note="Points: percentage points of the whole rate. A source that gains share adds what its rate is above the "
        "mean; a band what its rate is above its source's. The columns add up to the parts above.",
        column_config=_cells_config(),
        writers=CELL_WRITERS,
    )
    return True


def cells_frame(split: RateSplit, reading: Reading) -> pd.DataFrame:
    """A row a source with its source mix, and one for each of its bands; rates are from 0 to 1, points unrounded."""
    rows = [
        (
            reading.name("source", cell.source),
            cell.band or ALL_BANDS,
            cell.leads_before,
            cell.conversions_before / cell.leads_before if cell.leads_before else None,
            cell.leads,
            cell.conversions / cell.leads if cell.leads else None,
            *(
                float(100 * getattr(cell, part)) if (part == "source_mix") is (not cell.band) else None
                for part in PARTS
            ),
        )
        for cell in split.cells
    ]
    names = ["source", "band", "leads_before", "rate_before", "leads", "rate", *POINTS]
    return pd.DataFrame(rows, columns=names)


def asked_of(found: Change) -> list[tuple[str, Mapping[str, object]]]:
    """The queries of both periods, the earlier first."""
    return [(each.sql, each.parameters) for each in (found.earlier, found.this)]


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
        queries=asked_of(found),
        made_of=SPLIT,
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
    return {
        "source": st.column_config.TextColumn("Source", pinned=True),
        "band": st.column_config.TextColumn("Score band"),
        "leads_before": table_columns.count("n before"),
        "rate_before": "Rate before",
        "leads": table_columns.count("n"),
        "rate": "Rate",
        **dict(zip(POINTS, PART_NAMES.values(), strict=True)),
    }
