"""The lines that say which data a page shows, and what to do where there is none."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from app import formatting
from lake_access.lake import PinnedLake

LEADS = "curated.leads"
FIRST_STEPS = """\
# a year of made-up leads
leadlake demo

# or your own: raw events, or a CRM export
leadlake ingest webinar events.jsonl
leadlake import mapping.toml export.csv
leadlake build"""


def freshness_line(pinned: PinnedLake, now: datetime, warning: str = "") -> None:
    """How old the data is, when it was built and from which snapshot it is read, in one line. `now` is in UTC."""
    parts = []
    if pinned.known_until is not None:
        old = formatting.age(pinned.known_until, now)
        parts.append(f"Data known until {formatting.moment(pinned.known_until)}, {old} ago")
    if pinned.built_at is not None:
        parts.append(f"built {formatting.moment(pinned.built_at)}")
    snapshot = pinned.snapshot(LEADS)
    if snapshot is not None:
        parts.append(f"snapshot {formatting.snapshot(snapshot)}")
    parts.append("all times are UTC")
    if warning:
        parts.append(f":orange[:material/warning: {warning}]")
    whole = None if snapshot is None else f"Read from snapshot {snapshot} of `{LEADS}`, and what was built with it."
    st.caption(f":material/schedule: {' · '.join(parts)}", help=whole)


def empty_lake() -> None:
    """What to do while no table has been built."""
    st.info("There are no leads yet. Fill the lake from a terminal, then look again.", icon=":material/water:")
    st.code(FIRST_STEPS, language=None, wrap_lines=True)
    st.button("Look again", icon=":material/refresh:")


def nothing_matches(immature: int, outcome_window_days: int) -> None:
    """What to do where the filters leave no lead to count; `immature` are those left out for being young."""
    if immature:
        st.info(
            f"All {formatting.count(immature)} leads here are young: their {outcome_window_days} days to convert are "
            "still running. Count young leads too, or choose earlier days.",
            icon=":material/hourglass_empty:",
        )
    else:
        st.info("No lead matches these filters.", icon=":material/filter_alt_off:")
