"""The lake as the pages see it: opened once a process, pinned once a run, its answers cached by snapshot.

A run is one pass of the entry script: everything on the page is read from the same snapshots.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date

import streamlit as st

from lake_access.conversion import Conversion, ConversionFilters, Dimension, conversion, created_range, lead_sources
from lake_access.lake import Lake, PinnedLake, open_lake
from lake_access.settings import Settings, load_settings

PINNED = "_pinned_lake"
ANSWERS_KEPT = 512

Environment = tuple[tuple[str, str], ...]


def settings() -> Settings:
    """What is configured, read once for as long as the environment stays the same."""
    return _settings(_environment(os.environ))


def pin_for_this_run() -> PinnedLake:
    """Pin the newest snapshots: the entry script does it once, before any page."""
    pinned = _lake(_environment(os.environ)).pin()
    st.session_state[PINNED] = pinned
    return pinned


def pinned_lake() -> PinnedLake:
    """The snapshots of this run."""
    pinned = st.session_state[PINNED]
    assert isinstance(pinned, PinnedLake)  # noqa: S101  (nothing else is ever put there; this tells mypy)
    return pinned


def conversion_of(pinned: PinnedLake, by: tuple[Dimension, ...], filters: ConversionFilters) -> Conversion:
    """`lake_access.conversion.conversion`, answered once for each snapshot."""
    return _conversion(pinned.snapshot_ids, by, filters, pinned)


def sources_of(pinned: PinnedLake) -> list[str]:
    """Every source that a lead came from."""
    return _sources(pinned.snapshot_ids, pinned)


def created_range_of(pinned: PinnedLake) -> tuple[date, date] | None:
    """The first and last day on which a lead came (UTC)."""
    return _created_range(pinned.snapshot_ids, pinned)


def _environment(variables: Mapping[str, str]) -> Environment:
    return tuple(sorted((name, value) for name, value in variables.items() if name.startswith("LEADLAKE_")))


# An underscore keeps an argument out of the cache's key: the snapshot ids stand for the lake that they pin.


@st.cache_resource(show_spinner=False)
def _settings(environment: Environment) -> Settings:
    return load_settings(dict(environment))


@st.cache_resource(show_spinner=False)
def _lake(environment: Environment) -> Lake:
    return open_lake(_settings(environment))


@st.cache_data(max_entries=ANSWERS_KEPT, show_spinner=False)
def _conversion(
    snapshot_ids: tuple[tuple[str, int], ...],  # noqa: ARG001  (the cache's key)
    by: tuple[Dimension, ...],
    filters: ConversionFilters,
    _pinned: PinnedLake,
) -> Conversion:
    return conversion(_pinned, by, filters)


@st.cache_data(max_entries=8, show_spinner=False)
def _sources(snapshot_ids: tuple[tuple[str, int], ...], _pinned: PinnedLake) -> list[str]:  # noqa: ARG001
    return lead_sources(_pinned)


@st.cache_data(max_entries=8, show_spinner=False)
def _created_range(
    snapshot_ids: tuple[tuple[str, int], ...],  # noqa: ARG001
    _pinned: PinnedLake,
) -> tuple[date, date] | None:
    return created_range(_pinned)
