"""The lake as the pages see it: opened once a process, pinned once a run, its answers cached by snapshot.

A run is one pass of the entry script: everything on the page is read from the same snapshots.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Concatenate, ParamSpec, TypeVar

import streamlit as st
from sqlalchemy import Engine

from app.acting import acting
from lake_access.conversion import Conversion, ConversionFilters, Dimension, conversion, created_range, lead_sources
from lake_access.database import open_database
from lake_access.lake import Lake, PinnedLake, open_lake
from lake_access.settings import Settings, load_settings

PINNED = "_pinned_lake"
ANSWERS_KEPT = 512

Environment = tuple[tuple[str, str], ...]
Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")


def settings() -> Settings:
    """What is configured, read once for as long as the environment stays the same."""
    return _settings(_environment(os.environ))


def pin_for_this_run() -> PinnedLake:
    """Pin the newest snapshots, within the limits of who reads: the entry script does it once, before any page."""
    pinned = _lake(_environment(os.environ)).pin(acting().limits)
    st.session_state[PINNED] = pinned
    return pinned


def pinned_lake() -> PinnedLake:
    """The snapshots of this run."""
    pinned = st.session_state[PINNED]
    assert isinstance(pinned, PinnedLake)  # noqa: S101  (nothing else is ever put there; this tells mypy)
    return pinned


def state() -> Engine:
    """The database of all state beside the tables."""
    return _state(_environment(os.environ))


def ask(
    function: Callable[Concatenate[PinnedLake, Asked], Answer],
    pinned: PinnedLake,
    *arguments: Asked.args,
    **named: Asked.kwargs,
) -> Answer:
    """`function(pinned, *arguments)`, answered once for the same arguments and the same snapshots.

    `function` is a module's own, its arguments can be hashed by Streamlit, and nobody changes its answer.
    """
    answer: Answer = _ask(
        f"{function.__module__}.{function.__qualname__}", pinned.cache_key, arguments, named, function, pinned
    )
    return answer


def conversion_of(pinned: PinnedLake, by: tuple[Dimension, ...], filters: ConversionFilters) -> Conversion:
    """`lake_access.conversion.conversion`, answered once for each snapshot."""
    return ask(conversion, pinned, by, filters)


def sources_of(pinned: PinnedLake) -> list[str]:
    """Every source that a lead came from."""
    return ask(lead_sources, pinned)


def created_range_of(pinned: PinnedLake) -> tuple[date, date] | None:
    """The first and last day on which a lead came (UTC)."""
    return ask(created_range, pinned)


def _environment(variables: Mapping[str, str]) -> Environment:
    return tuple(sorted((name, value) for name, value in variables.items() if name.startswith("LEADLAKE_")))


# An underscore keeps an argument out of the cache's key: the names and keys stand for what they name.


@st.cache_resource(show_spinner=False)
def _settings(environment: Environment) -> Settings:
    return load_settings(dict(environment))


@st.cache_resource(show_spinner=False)
def _lake(environment: Environment) -> Lake:
    return open_lake(_settings(environment))


@st.cache_resource(show_spinner=False)
def _state(environment: Environment) -> Engine:
    return open_database(_settings(environment))


@st.cache_data(max_entries=ANSWERS_KEPT, show_spinner=False)
def _ask(
    name: str,  # noqa: ARG001  (of the cache's key)
    cache_key: tuple[object, ...],  # noqa: ARG001
    arguments: tuple[object, ...],
    named: dict[str, object],
    _function: Callable[..., Any],
    _pinned: PinnedLake,
) -> Any:
    return _function(_pinned, *arguments, **named)
