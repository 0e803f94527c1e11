"""The demo lake's leads as a frame, and the filters told without SQL."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd

from lake_access.conversion import ConversionFilters
from lake_access.iceberg.tables import LEADS
from lake_access.lake import Lake
from tests.lake_access.lakes import NOW, read_table

WINDOW = timedelta(days=60)


def leads_frame(lake: Lake) -> pd.DataFrame:
    """One row a lead, with its day, maturity, band, and whether it is scored and contacted."""
    frame = pd.DataFrame(read_table(lake, LEADS))
    for column in ("created_at", "converted_at"):
        frame[column] = pd.to_datetime(frame[column], utc=True)
    frame["day"] = frame["created_at"].dt.floor("D").dt.tz_localize(None)
    frame["mature"] = (frame["created_at"] + WINDOW).dt.date < NOW.date()
    frame["band"] = pd.cut(frame["final_score"], [-1, 39, 69, 100], labels=["cold", "warm", "hot"]).astype(object)
    frame["band"] = frame["band"].fillna("unscored")
    frame["scored"] = frame["final_score"].notna() | frame["model_version"].notna()
    frame["contacted"] = frame["sales_actions"] > 0
    return frame


def matching(leads: pd.DataFrame, filters: ConversionFilters) -> pd.DataFrame:
    """The leads that count under days, sources, bands, locations, actions and contact."""
    kept = leads["mature"] | filters.all_leads
    if filters.since:
        kept &= leads["created_at"].dt.date >= filters.since
    if filters.until:
        kept &= leads["created_at"].dt.date <= filters.until
    if filters.sources:
        kept &= leads["source"].isin(filters.sources)
    if filters.bands:
        kept &= leads["band"].isin(filters.bands)
    if filters.locations:
        kept &= leads["location"].fillna("unknown").isin(filters.locations)
    if filters.actions:
        kept &= leads["first_action"].fillna("none").isin(filters.actions)
    if filters.contacted is not None:
        kept &= leads["contacted"] == filters.contacted
    if filters.scored is not None:
        kept &= leads["scored"] == filters.scored
    return leads[kept]
