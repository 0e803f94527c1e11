"""Finding a lead by its id or, for who may, by an e-mail address; which lead is open stands in the URL.

What is typed is read once and dropped: an address reaches neither the URL nor a cache, a log or the page.
"""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from app.acting import acting
from app.lake_session import pinned_lake, state
from app.lead_views.view import lead_id_of
from lake_access.errors import LeadlakeError
from lake_access.lead_list import MOST_HEADS, leads_by_head
from lake_access.permissions import Action, may
from lake_access.person_lookup import lead_of_address

LEAD = "lead"
_TYPED = "_typed"
_MESSAGE = "_finder_message"
_CANDIDATES = "_finder_candidates"


def find_box() -> None:
    """Draw the box; what it found opens, and what it did not find is said below it."""
    by_address = may(acting(), Action.REVEAL_PERSON)
    st.text_input(
        "Find a lead by its id or e-mail" if by_address else "Find a lead by its id",
        key=_TYPED,
        max_chars=300,
        placeholder="first digits of an id, or an address" if by_address else "the first four digits or more",
        icon=":material/search:",
        on_change=_search,
        width=480,
        help="A search by e-mail is recorded in the ledger, without the address." if by_address else None,
    )
    message = st.session_state.pop(_MESSAGE, None)
    if message is not None:
        st.text(message)
    candidates: list[str] = st.session_state.get(_CANDIDATES, [])
    if candidates:
        st.caption(
            f"{len(candidates)} leads begin like that"
            + (f" (the first {MOST_HEADS} are shown)" if len(candidates) == MOST_HEADS else "")
            + ":"
        )
        with st.container(horizontal=True):
            for lead_id in candidates:
                st.button(lead_id, on_click=open_lead, args=(lead_id,), key=f"candidate_{lead_id}", type="tertiary")


def opened_lead() -> str | None:
    """The lead that the URL names; None where it names none."""
    return lead_id_of(st.query_params.get(LEAD))


def open_lead(lead_id: str) -> None:
    """Open a lead."""
    st.session_state.pop(_CANDIDATES, None)
    st.query_params[LEAD] = lead_id


def close_lead() -> None:
    """Go back to the list."""
    if LEAD in st.query_params:
        del st.query_params[LEAD]


def _search() -> None:
    typed: str = st.session_state[_TYPED].strip()
    st.session_state[_TYPED] = ""
    st.session_state.pop(_CANDIDATES, None)
    if not typed:
        return
    try:
        found = _by_address(typed) if "@" in typed else leads_by_head(pinned_lake(), typed)
    except LeadlakeError as refused:
        st.session_state[_MESSAGE] = str(refused)
        return
    if not found:
        st.session_state[_MESSAGE] = "No lead has this address." if "@" in typed else "No lead's id begins like that."
    elif len(found) == 1:
        open_lead(found[0])
    else:
        st.session_state[_CANDIDATES] = found


def _by_address(address: str) -> list[str]:
    found = lead_of_address(pinned_lake(), state(), acting(), address, datetime.now(UTC))
    return [] if found is None else [found]
