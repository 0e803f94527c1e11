"""Who asks: the one judgement that the door, the sign-in page and the pages share."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from app.sign_in.cookies import signed_in
from app.sign_in.providers import read_providers
from app.sign_in.requests import Request
from lake_access.access import actor_of, identity_of_headers
from lake_access.access_declarations import AccessDeclaration
from lake_access.permissions import Actor
from lake_access.sessions import has_ended


def who_asks(request: Request, access: AccessDeclaration, state: Engine, now: datetime) -> Actor | None:
    """Who sent this request, with or without a role; None where they have not signed in, or their session is over.

    The request has passed `without_claims`: a header that names somebody is a trusted proxy's.

    Raises:
        SettingsError: the secrets do not say what signing in needs.
        StorageError: the database cannot be read.
    """
    if access.sign_in == "oidc":
        found = signed_in(request.cookies, read_providers(), access, now)
        if found is None or has_ended(state, found.session):
            return None
        return actor_of(found.identity, access)
    groups = access.proxy.groups_header
    identity = identity_of_headers(
        request.header(access.proxy.email_header), request.header(groups) if groups else None
    )
    return None if identity is None else actor_of(identity, access)
