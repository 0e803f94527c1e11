"""What the doctor finds, looked for once a minute at the most: it lists all raw events, whoever opens a menu."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import streamlit as st

from app.configured import Environment, environment, settings_of
from lake_access.doctor import Finding, examine

FRESH_SECONDS = 60


def health() -> list[Finding]:
    """Every finding of the last minute, its commands in quotes: the page shows it as text, where a ` stays one."""
    return [
        replace(found, detail=in_quotes(found.detail), remedy=in_quotes(found.remedy))
        for found in _findings(environment())
    ]


def in_quotes(text: str) -> str:
    """What stands between two ` in quotes instead: See “leadlake quarantine list”."""
    return re.sub(r"`([^`]*)`", r"“\1”", text)


@st.cache_data(ttl=FRESH_SECONDS, max_entries=4, show_spinner="Looking at the lake …")
def _findings(of: Environment) -> list[Finding]:
    return list(examine(settings_of(of), datetime.now(UTC)))
