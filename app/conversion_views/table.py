"""The numbers of the conversion page: the table on screen, and the CSV that it downloads as."""

from __future__ import annotations

import csv
import io
from typing import Any

import pandas as pd
import streamlit as st

from app import formatting, table_columns
from app.conversion_views.view import DIMENSION_NAMES, Margin, Reading
from app.escaping import spreadsheet_text
from app.table_columns import Writer
from lake_access.conversion import Conversion, ConversionFilters

RATES = ("rate", "low", "high")
RATE_WRITERS: dict[str, Writer] = dict.fromkeys(RATES, formatting.percentage)
UTF8_MARK = "\ufeff"  # Excel takes a CSV without it for its own code page


def margin_frame(of: Margin, reading: Reading) -> pd.DataFrame:
    """One row a value of a margin, drawn or not: its name, its counts, and its rate and interval from 0 to 1."""
    return pd.DataFrame(
        {
            of.dimension: [reading.name(of.dimension, row.keys[of.dimension]) for row in of.rows],
            "leads": [row.leads for row in of.rows],
            "conversions": [row.conversions for row in of.rows],
            "rate": [row.rate for row in of.rows],
            "low": [row.low for row in of.rows],
            "high": [row.high for row in of.rows],
        }
    )


def frame(answer: Conversion, reading: Reading) -> pd.DataFrame:
    """One row a cell: its names, its counts, and its rate and interval from 0 to 1."""
    columns: dict[str, list[object]] = {
        dimension: [reading.name(dimension, row.keys[dimension]) for row in answer.rows]
        for dimension in answer.dimensions
    }
    columns["leads"] = [row.leads for row in answer.rows]
    columns["conversions"] = [row.conversions for row in answer.rows]
    columns["rate"] = [row.rate for row in answer.rows]
    columns["low"] = [row.low for row in answer.rows]
    columns["high"] = [row.high for row in answer.rows]
    return pd.DataFrame(columns)


def column_config(answer: Conversion) -> dict[str, Any]:
    """How `st.dataframe` names and formats the columns of `frame`."""
    texts: dict[str, Any] = {
        dimension: st.column_config.TextColumn(DIMENSION_NAMES[dimension], pinned=place == 0)
        for place, dimension in enumerate(answer.dimensions)
    }
    # The grid writes percent itself where `RATE_WRITERS` have too much to write.
    too_long = len(answer.rows) * (len(texts) + 2 + len(RATES)) > table_columns.MOST_CELLS
    share = table_columns.percent if too_long else st.column_config.Column
    return {
        **texts,
        "leads": table_columns.count("Leads"),
        "conversions": table_columns.count("Converted"),
        "rate": share("Rate"),
        "low": share("95% from", help="Lower end of the Wilson interval."),
        "high": share("to", help="Upper end of the Wilson interval."),
    }


def to_csv(answer: Conversion, filters: ConversionFilters, minimum_cell: int) -> bytes:
    """Every cell of the answer with full precision, and beside it what it was filtered by and read from.

    Sources stand under their own names, as `leadlake conversion --json` gives them. Text that a spreadsheet would run
    is defused; numbers are plain.
    """
    about = {
        "created_from": formatting.day(filters.since) if filters.since else "",
        "created_to": formatting.day(filters.until) if filters.until else "",
        "sources": "; ".join(filters.sources) if filters.sources else "all",
        "counted": "all leads" if filters.all_leads else "mature leads",
        "snapshot": str(answer.snapshot or ""),
    }
    measures = ["leads", "conversions", "rate", "low", "high", "few_leads"]
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow([*answer.dimensions, *measures, *about])
    stated = [spreadsheet_text(text) for text in about.values()]
    for row in answer.rows:
        keys = [spreadsheet_text(row.keys[dimension]) for dimension in answer.dimensions]
        few = "yes" if row.leads < minimum_cell else "no"
        writer.writerow([*keys, row.leads, row.conversions, row.rate, row.low, row.high, few, *stated])
    return (UTF8_MARK + out.getvalue()).encode()


def csv_name(answer: Conversion, filters: ConversionFilters) -> str:
    """A file name that says what is in it: `conversion-by-source-and-band-2025-01-01-to-2025-06-30.csv`."""
    name = f"conversion-by-{'-and-'.join(answer.dimensions)}"
    days = [formatting.day(value) for value in (filters.since, filters.until) if value]
    return f"{'-'.join([name, '-to-'.join(days)]) if days else name}.csv"
