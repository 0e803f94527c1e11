"""Who acts on a page."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime

import streamlit as st

from app.configured import settings, state
from app.serving.marks import is_behind_the_door
from app.serving.options import EMAIL, GROUPS
from app.sign_in.cookies import signed_in
from app.sign_in.providers import read_providers
from lake_access.access import actor_of, identity_of_headers
from lake_access.access_declarations import AccessDeclaration
from lake_access.errors import NotSignedInError, SettingsError
from lake_access.permissions import Actor, local_user
from lake_access.sessions import has_ended

OVER = "Your session is over; sign in again."


def acting() -> Actor:
    """Who reads this page and clicks on it: without sign-in, the one user of this machine.

    It is judged anew in every run, so that a session that was ended is over at the next click.

    Raises:
        NotSignedInError: nobody has signed in here, or the session is over.
        SettingsError: there is a sign-in, and the page is served without the door that belongs before it.
    """
    access = settings().declarations.access
    if access.sign_in == "none":
        return local_user(getpass.getuser())
    if not is_behind_the_door():
        raise SettingsError(
            f'access.sign_in is "{access.sign_in}", and app/main.py alone does not keep anybody out: '
            "serve with `leadlake up`."
        )
    return _by_provider(access) if access.sign_in == "oidc" else _by_proxy(access)


def _by_provider(access: AccessDeclaration) -> Actor:
    """From Streamlit's `st.user`, which has passed its check of the page's own token, and the cookie behind it."""
    found = signed_in(dict(st.context.cookies), read_providers(), access, datetime.now(UTC))
    known = st.user.to_dict()
    if found is None or not known.get("is_logged_in") or known.get("sub") != found.subject:
        raise NotSignedInError(OVER)
    if has_ended(state(), found.session):
        raise NotSignedInError(OVER)
    return actor_of(found.identity, access)


def _by_proxy(access: AccessDeclaration) -> Actor:
    """From the headers of the trusted proxy, which Streamlit keeps in `st.user`; the door has left out all others."""
    known = st.user.to_dict()
    identity = identity_of_headers(_said(known.get(EMAIL)), _said(known.get(GROUPS)))
    if identity is None:
        raise NotSignedInError("The proxy has not said who you are; open its address again.")
    return actor_of(identity, access)


def _said(value: object) -> str | None:
    return value if isinstance(value, str) else None
