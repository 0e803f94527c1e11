"""Who reads this page: shown in the sidebar, and asked to sign in again where nobody does any more."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import streamlit as st

from app.acting import acting
from app.configured import settings, state
from app.escaping import markdown_text
from app.sign_in.providers import read_providers
from lake_access.access import whom_to_ask
from lake_access.errors import LeadlakeError, NotAllowedError, NotSignedInError
from lake_access.permissions import ROLES, Actor
from lake_access.sessions import note_refusal

log = logging.getLogger(__name__)

LOCAL = "local, no sign-in"
NOTED = "_refusals_noted"


def reader() -> Actor:
    """Who reads, with at least one role; else the page says what to do instead, and its run ends here."""
    try:
        actor = acting()
    except NotSignedInError as over:
        _ask_again(str(over))
        st.stop()
    except LeadlakeError as error:
        log.exception("Who reads cannot be told")
        st.title("Leadlake")
        st.text(str(error))
        st.stop()
    if not actor.roles:
        st.title("No role here")
        st.text(f"You are signed in as {actor.name}, and no list here names you.")
        st.text(whom_to_ask(settings().declarations.access))
        _sign_out()
        st.stop()
    return actor


def who_line(actor: Actor) -> None:
    """Who reads and in which role, at the head of the sidebar, with the way out."""
    with st.sidebar:
        if actor.via == "local":
            st.caption(f":material/person: {markdown_text(LOCAL)}")
            return
        held = ", ".join(role for role in ROLES if role in actor.roles)
        st.caption(f":material/person: {markdown_text(actor.name)} · {markdown_text(held)}")
        _sign_out()


def note_refused(refused: NotAllowedError) -> None:
    """A row of the ledger for what a reader was refused; of the same, once in a session of the browser's."""
    noted: set[str] = st.session_state.setdefault(NOTED, set())
    if refused.action in noted:
        return
    noted.add(refused.action)
    try:
        note_refusal(state(), acting(), refused.action, str(refused), datetime.now(UTC))
    except LeadlakeError:
        log.exception("A refusal could not be written to the ledger")


def _ask_again(why: str) -> None:
    st.title("Sign in")
    st.text(why)
    if settings().declarations.access.sign_in == "oidc":
        for name, provider in read_providers().by_name.items():
            if st.button(f"Sign in with {markdown_text(provider.label)}", key=f"sign-in-{name}"):
                # The door keeps the address of this page, and leads back to it.
                st.login(None if name == "default" else name)


def _sign_out() -> None:
    access = settings().declarations.access
    if access.sign_in == "oidc":
        st.button("Sign out", icon=":material/logout:", on_click=st.logout, type="tertiary")
    elif access.proxy.sign_out_url:
        st.link_button("Sign out", access.proxy.sign_out_url, icon=":material/logout:", type="tertiary")
