"""A frame as a file to download: whole, with full precision, and safe to open."""

from __future__ import annotations

import csv
import io

import pandas as pd

from app.escaping import spreadsheet_text

UTF8_MARK = "\ufeff"  # Excel takes a CSV without it for its own code page
CSV, PARQUET = "text/csv", "application/vnd.apache.parquet"


def as_csv(frame: pd.DataFrame) -> bytes:
    """The frame as CSV in UTF-8; what a spreadsheet would run is defused, an absent value is empty."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow([spreadsheet_text(str(name)) for name in frame.columns])
    for row in frame.itertuples(index=False, name=None):
        writer.writerow([_cell(value) for value in row])
    return (UTF8_MARK + out.getvalue()).encode()


def as_parquet(frame: pd.DataFrame) -> bytes:
    """The frame as Parquet."""
    return frame.to_parquet(index=False, compression="zstd")


def _cell(value: object) -> object:
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):
        return ""
    return spreadsheet_text(value) if isinstance(value, str) else value
