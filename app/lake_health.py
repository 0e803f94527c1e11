"""What the doctor finds, looked for once a minute at the most: it lists all raw events, whoever opens a menu."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from app.configured import Environment, environment, settings_of
from lake_access.doctor import Finding, examine

FRESH_SECONDS = 60


def health() -> list[Finding]:
    """Every finding of the last minute."""
    return _findings(environment())


@st.cache_data(ttl=FRESH_SECONDS, max_entries=4, show_spinner="Looking at the lake …")
def _findings(of: Environment) -> list[Finding]:
    return list(examine(settings_of(of), datetime.now(UTC)))
