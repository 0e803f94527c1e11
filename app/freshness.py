"""The line under every title: how old the data is, from which snapshot, in which time zone; and whether newer came."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from app.attention import stale_since
from app.lake_session import newest_lake, was_pinned_just_now
from app.notices import freshness_line
from lake_access.errors import LeadlakeError
from lake_access.lake import PinnedLake

LOOKED_AT_EVERY = "60s"


def header(pinned: PinnedLake, now: datetime) -> None:
    """Say how old the data is, warn where it is stale, and offer newer data as soon as a build brings it."""
    freshness_line(pinned, now, warning=stale_since(pinned, now))
    _watch(pinned.cache_key)


@st.fragment(run_every=LOOKED_AT_EVERY)
def _watch(drawn: tuple[object, ...]) -> None:
    """Look for newer snapshots than those that were drawn: some milliseconds, and nothing else is run again."""
    if was_pinned_just_now():  # a run of the whole page has looked itself
        return
    try:
        newer = newest_lake().cache_key != drawn
    except LeadlakeError:  # the next run of the page says what is wrong
        return
    if newer and st.button("Newer data: reload", icon=":material/refresh:", key="reload_newer", type="primary"):
        st.rerun()
