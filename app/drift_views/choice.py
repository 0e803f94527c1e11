"""What the page Drift compares: the reader's choice of reference and current side, kept in the URL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import streamlit as st

from app import formatting
from app.links import note_unknown
from lake_access.drift.compared import Side, side_of_days

VERSIONS, PERIODS, SOURCES = "Versions", "Periods", "Sources"
NEWEST_DAYS = 28


@dataclass(frozen=True)
class Sides:
    """Reference and current, as the comparison takes them, as a job's parameters have them, and in words."""

    reference: Side
    current: Side
    parameters: Mapping[str, Any]
    words: tuple[str, str]

    @property
    def versions(self) -> tuple[str, str] | None:
        """Both model versions, where versions are compared."""
        if self.reference.version is None or self.current.version is None:
            return None
        return self.reference.version, self.current.version


def choose_sides(
    versions: Sequence[str], days: tuple[date, date], sources: Sequence[str], labels: Mapping[str, str]
) -> Sides | None:
    """Draw the choice; None while it does not name two sides."""
    offered = [
        *([VERSIONS] if len(versions) > 1 else []),
        PERIODS,
        *([SOURCES] if len(sources) > 1 else []),
    ]
    with st.container(horizontal=True, vertical_alignment="bottom", key="drift_choice"):
        by = st.segmented_control("Compare", offered, default=offered[0], key="by", bind="query-params", required=True)
        if by == VERSIONS:
            return _versions(versions)
        return _sources(sources, labels) if by == SOURCES else _periods(days)


def _versions(versions: Sequence[str]) -> Sides:
    for key, name in (("reference", "Reference"), ("current", "Current")):
        note_unknown(key, name, versions)
    first = st.selectbox(
        "Reference", versions, index=len(versions) - 2, key="reference", bind="query-params", width=150
    )
    second = st.selectbox("Current", versions, index=len(versions) - 1, key="current", bind="query-params", width=150)
    return Sides(
        Side(first), Side(second), {"reference": first, "current": second}, (f"version {first}", f"version {second}")
    )


def _sources(sources: Sequence[str], labels: Mapping[str, str]) -> Sides:
    def label(source: str) -> str:
        return labels.get(source, source)

    first = st.selectbox(
        "Reference", sources, format_func=label, key="reference_source", bind="query-params", width=200
    )
    second = st.selectbox(
        "Current", sources, index=1, format_func=label, key="current_source", bind="query-params", width=200
    )
    return Sides(
        Side(source=first),
        Side(source=second),
        {"reference_source": first, "current_source": second},
        (label(first), label(second)),
    )


def _periods(days: tuple[date, date]) -> Sides | None:
    first, last = days
    parted = max(first, last - timedelta(days=NEWEST_DAYS))
    chosen = []
    for label, key, default in (
        ("Reference", "before", (first, parted)),
        ("Current", "after", (min(last, parted + timedelta(days=1)), last)),
    ):
        picked = st.date_input(
            label,
            default,
            min_value=first,
            max_value=last,
            key=key,
            bind="query-params",
            format="YYYY-MM-DD",
            width=240,
        )
        ends: tuple[date, ...] = picked
        if len(ends) < 2:  # the reader has chosen the first day and not yet the last
            return None
        chosen.append(ends)
    (since, until), (now_since, now_until) = chosen
    parameters = {
        "reference_from": since.isoformat(),
        "reference_to": until.isoformat(),
        "current_from": now_since.isoformat(),
        "current_to": now_until.isoformat(),
    }
    words = tuple(f"{formatting.day(one)} to {formatting.day(other)}" for one, other in chosen)
    reference, current = (side_of_days(None, one, other, None) for one, other in chosen)
    return Sides(reference, current, parameters, (words[0], words[1]))
