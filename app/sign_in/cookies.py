"""The session that a browser shows: Streamlit's signed cookie, held against everything that could be wrong with it.

Streamlit takes such a cookie for a month and looks at its signature and origin alone. Here its age, its provider and
its audience are looked at as well, and that its parts were signed together.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from itsdangerous import BadData, URLSafeTimedSerializer
from streamlit.web.server.starlette.starlette_server_config import TOKENS_COOKIE_NAME, USER_COOKIE_NAME

from app.sign_in.providers import Providers
from lake_access.access import Identity, identity_of_claims
from lake_access.access_declarations import AccessDeclaration
from lake_access.sessions import Session

__all__ = ["TOKENS_COOKIE_NAME", "USER_COOKIE_NAME", "SignedIn", "signed_in"]

MOST_PARTS = 20
# Parts of one cookie are signed within one answer; of two sessions they are not.
TOGETHER = timedelta(seconds=5)
CLOCKS_DIFFER = timedelta(minutes=2)


@dataclass(frozen=True)
class SignedIn:
    """A session that holds, whose it is, the subject that the provider knows them by, and the provider's name."""

    session: Session
    identity: Identity
    subject: str
    provider: str


def signed_in(
    cookies: Mapping[str, str], providers: Providers, access: AccessDeclaration, now: datetime
) -> SignedIn | None:
    """The session in these cookies; None where there is none that holds. Whether it was ended early, it cannot know."""
    read = _payload(cookies, providers.cookie_secret)
    if read is None:
        return None
    payload, signed_at = read
    ends = signed_at + timedelta(hours=access.session_hours)
    if not signed_at - CLOCKS_DIFFER <= now < ends:
        return None
    claims = _claims(payload)
    if claims is None or claims.get("origin") != providers.origin or claims.get("is_logged_in") is not True:
        return None
    provider = providers.by_name.get(str(claims.get("provider")))
    if provider is None or not _is_for(provider.client_id, claims):
        return None
    identity = identity_of_claims(claims, provider.label, access)
    if identity is None:
        return None
    digest = hashlib.sha256(f"{signed_at.timestamp():.0f} ".encode() + payload).hexdigest()
    return SignedIn(Session(digest, identity.name, signed_at, ends), identity, str(claims["sub"]), provider.name)


def _payload(cookies: Mapping[str, str], secret: str) -> tuple[bytes, datetime] | None:
    """What the cookie holds, put together from its parts where it was too long for one, and when it was signed."""
    first = _unsigned(cookies, USER_COOKIE_NAME, secret)
    if first is None:
        return None
    text, signed_at = first
    parts = re.fullmatch(r"chunks-(\d{1,3})", text)
    if parts is None:
        return text.encode(), signed_at
    if int(parts[1]) > MOST_PARTS:
        return None
    read = [_unsigned(cookies, f"{USER_COOKIE_NAME}_{number + 1}", secret) for number in range(int(parts[1]))]
    texts = [part[0] for part in read if part is not None and abs(part[1] - signed_at) <= TOGETHER]
    return ("".join(texts).encode(), signed_at) if len(texts) == len(read) else None


def _unsigned(cookies: Mapping[str, str], name: str, secret: str) -> tuple[str, datetime] | None:
    try:
        value, signed_at = URLSafeTimedSerializer(secret, salt=name).loads(cookies[name], return_timestamp=True)
    except (KeyError, BadData, UnicodeError):
        return None
    return (value, signed_at) if isinstance(value, str) else None


def _claims(payload: bytes) -> dict[str, Any] | None:
    try:
        claims = json.loads(payload)
    except ValueError:
        return None
    return claims if isinstance(claims, dict) else None


def _is_for(client_id: str, claims: Mapping[str, Any]) -> bool:
    """Whether the token was meant for us: Authlib lets one for others pass that names us as `azp` alone."""
    audience = claims.get("aud")
    return client_id in audience if isinstance(audience, list) else audience == client_id
