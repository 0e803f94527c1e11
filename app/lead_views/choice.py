"""What the list on the page Leads may be asked for besides the filters, and where that stands in the URL.

A link from another page cannot name the filters: Streamlit drops what it says of widgets that the other page has drawn,
and what the session holds of them besides. It speaks in words of its own, which the page turns into choices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from app import formatting
from app.filter_options import options_of
from app.filters import ALL_LEADS, has_turned
from app.lake_session import pinned_lake
from app.lead_views.view import OUTCOME_NAMES, SORT_NAMES
from app.links import note_link_errors
from lake_access.lake import PinnedLake
from lake_access.lead_list import PAGE_SIZE
from lake_access.score_histograms import HIGHEST, ScoreKind

OUTCOME, SORT, ORDER, PAGE = "outcome", "sort", "order", "page"
MODEL_VERSION: Final = "model_version"  # of the filter bar
RULES_FROM, MODEL_FROM = "rules_from", "model_from"
ORDERS: Final[Mapping[bool, str]] = {True: "Highest or newest first", False: "Lowest or oldest first"}
# Of a link from another page.
BEHIND, CALL_FROM, CALL_VERSION = "behind", "call_from", "call_version"
MATURE, ALL = "mature", "all"


def calls_link(kind: ScoreKind, lowest: int) -> dict[str, str]:
    """What a link says that means the leads to call: those with a score of this kind from the lowest up."""
    return {CALL_FROM: str(lowest), **({} if kind.version is None else {CALL_VERSION: kind.version})}


def behind_link(*, with_young: bool) -> dict[str, str]:
    """What a link says that means all leads behind a figure: what the list was asked for before, is put away."""
    return {BEHIND: ALL if with_young else MATURE}


def follow_link() -> None:
    """Choose what a link from another page means; to be called before any filter is drawn."""
    asked = {name: st.query_params.get(name) for name in (BEHIND, CALL_FROM, CALL_VERSION)}
    for name, value in asked.items():
        if value is not None:
            del st.query_params[name]
    choices: dict[str, object] = {}
    if asked[BEHIND] is not None:
        choices = {**_NOTHING_ASKED, **({ALL_LEADS: True} if asked[BEHIND] == ALL else {})}
    written = asked[CALL_FROM]
    if written is not None:
        lowest = next((score for score in range(HIGHEST + 1) if str(score) == written), None)
        if lowest is None:
            note_link_errors("Score from", [written])
        else:
            choices = _choices_of_calls(lowest, asked[CALL_VERSION])
    for key, chosen in choices.items():
        st.session_state[key] = chosen
        # Where this is the first move of a session, Streamlit would leave the URL bare.
        if has_turned() and (said := _as_said(key, chosen)) is not None:
            st.query_params[key] = said


def _as_said(key: str, chosen: Any) -> str | list[str] | None:
    """How the URL says a choice; None where it says nothing, as of what is chosen anyway."""
    if key == OUTCOME:
        return OUTCOME_NAMES[chosen] if chosen != "any" else None
    if key == SORT:
        return SORT_NAMES[chosen] if chosen != next(iter(SORT_NAMES)) else None
    if key == ALL_LEADS:
        return "true" if chosen else None
    if key in (RULES_FROM, MODEL_FROM):
        return str(chosen) if chosen is not None else None
    return chosen if key == MODEL_VERSION else None


_NOTHING_ASKED: Final[Mapping[str, object]] = {OUTCOME: "any", RULES_FROM: None, MODEL_FROM: None, PAGE: 1}


def versions_offered(pinned: PinnedLake) -> Sequence[str]:
    """The versions by which leads have their newest score, as the filter offers them."""
    return options_of(pinned, "model_version", {}).values


def _choices_of_calls(lowest: int, version: str | None) -> dict[str, object]:
    """Those who have not converted, young ones too, the highest first: all of it, as other choices may be left over."""
    choices: dict[str, object] = {
        ALL_LEADS: True,
        OUTCOME: "open",
        RULES_FROM: lowest if version is None else None,
        MODEL_FROM: None if version is None else lowest,
        SORT: "final_score" if version is None else "model_score",
        ORDER: True,
        PAGE: 1,
    }
    return choices if version not in versions_offered(pinned_lake()) else {**choices, MODEL_VERSION: [version]}


def rules_from() -> int | None:
    """Let the reader choose the lowest score by the rules."""
    return st.number_input(
        "Rules' score from",
        0,
        HIGHEST,
        None,
        key=RULES_FROM,
        bind="query-params",
        placeholder="any",
        help="Leads with this score by the rules or a higher one; empty: with any, or none.",
    )


def model_from() -> int | None:
    """Let the reader choose the lowest score by a model."""
    return st.number_input(
        "Model score from",
        0,
        HIGHEST,
        None,
        key=MODEL_FROM,
        bind="query-params",
        placeholder="any",
        help="Leads whose newest score by a model is this or a higher one; empty: any, or none.",
    )


def turned_page(pages: int) -> int:
    """Let the reader turn to one of so many pages; where there are fewer than before, the last one is shown."""
    if st.session_state.get(PAGE, 1) > pages:
        st.session_state[PAGE] = pages
    return st.number_input(
        "Page", 1, pages, key=PAGE, bind="query-params", help=f"{formatting.count(pages)} of {PAGE_SIZE} leads each."
    )
