"""The lake as the pages see it: opened once a process, pinned once a run, its answers cached by snapshot.

A run is one pass of the entry script: everything on the page is read from the same snapshots.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Concatenate, ParamSpec, TypeVar

import streamlit as st

from app.acting import acting
from app.configured import Environment, environment, settings, settings_of, state
from lake_access.conversion import Conversion, ConversionFilters, Dimension, conversion, created_range, lead_sources
from lake_access.lake import Lake, PinnedLake, open_lake

__all__ = [
    "ask",
    "conversion_of",
    "created_range_of",
    "newest_lake",
    "opened_lake",
    "pin_for_this_run",
    "pinned_lake",
    "settings",
    "sources_of",
    "state",
    "was_pinned_just_now",
]

PINNED = "_pinned_lake"
ANSWERS_KEPT = 512
_JUST_PINNED = "_just_pinned"

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")


def pin_for_this_run() -> PinnedLake:
    """Pin the newest snapshots, within the limits of who reads: the entry script does it once, before any page."""
    pinned = newest_lake()
    st.session_state[PINNED] = pinned
    st.session_state[_JUST_PINNED] = True
    return pinned


def was_pinned_just_now() -> bool:
    """Whether this run has pinned, and nobody has asked since: then there is nothing newer to look for yet."""
    return bool(st.session_state.pop(_JUST_PINNED, False))


def newest_lake() -> PinnedLake:
    """The newest snapshots, within the limits of who reads; a page draws what `pinned_lake` gives."""
    return _lake(environment()).pin(acting().limits)


def pinned_lake() -> PinnedLake:
    """The snapshots of this run."""
    pinned = st.session_state[PINNED]
    assert isinstance(pinned, PinnedLake)  # noqa: S101  (nothing else is ever put there; this tells mypy)
    return pinned


def opened_lake() -> Lake:
    """The lake itself, for what no snapshot tells."""
    return _lake(environment())


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
        f"{function.__module__}.{function.__qualname__}", repr(pinned.cache_key), arguments, named, function, pinned
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


# An underscore keeps an argument out of the cache's key: the names and keys stand for what they name.


@st.cache_resource(show_spinner=False)
def _lake(given: Environment) -> Lake:
    return open_lake(settings_of(given))


# Filters and snapshots tell all of themselves as text, which halves the time that an answer takes to be found.
@st.cache_data(max_entries=ANSWERS_KEPT, show_spinner=False, hash_funcs={ConversionFilters: repr})
def _ask(
    name: str,  # noqa: ARG001  (of the cache's key)
    cache_key: str,  # noqa: ARG001
    arguments: tuple[object, ...],
    named: dict[str, object],
    _function: Callable[..., Any],
    _pinned: PinnedLake,
) -> Any:
    return _function(_pinned, *arguments, **named)
