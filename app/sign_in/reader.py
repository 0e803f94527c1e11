"""Who reads this page: shown in the sidebar, and asked to sign in again where nobody does any more."""

from __future__ import annotations

import streamlit as st

from app.acting import acting
from app.boundary import show_failure
from app.configured import settings
from app.escaping import markdown_text
from app.sign_in.providers import read_providers
from lake_access.access import whom_to_ask
from lake_access.errors import LeadlakeError, NotSignedInError
from lake_access.permissions import ROLES, Actor

LOCAL = "local, no sign-in"


def reader(reference: str) -> Actor:
    """Who reads, with at least one role; else the page says what to do instead, and its run ends here.

    `reference` finds in the server's log why it cannot be told.
    """
    try:
        actor = acting()
    except NotSignedInError as over:
        _ask_again(str(over))
        st.stop()
    except LeadlakeError as error:
        st.title("Leadlake")
        show_failure(error, reference)
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
