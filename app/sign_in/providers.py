"""The OpenID Connect providers, as Streamlit's own secrets hold them: `[auth]` of .streamlit/secrets.toml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from streamlit import config
from streamlit.auth_util import get_redirect_uri, get_secrets_auth_section

from lake_access.errors import SettingsError

WHERE = ".streamlit/secrets.toml"
CALLBACK = "/oauth2callback"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
SECRET_LENGTH = 32
DEFAULT = "default"
NEEDED = ("client_id", "client_secret", "server_metadata_url")


@dataclass(frozen=True)
class Provider:
    """A provider: its name in the secrets, what people call it, and the id under which it knows us."""

    name: str
    label: str
    client_id: str


@dataclass(frozen=True)
class Providers:
    """All providers, and what they share: the address that people come back to, and the secret that signs cookies."""

    origin: str
    cookie_secret: str
    by_name: Mapping[str, Provider]


def read_providers() -> Providers:
    """What the secrets say.

    Raises:
        SettingsError: something that signing in needs is missing or unsafe; the message names the key, never a value.
    """
    section = get_secrets_auth_section()
    auth: dict[str, Any] = section.to_dict() if section else {}
    if not auth:
        raise SettingsError(
            f'access.sign_in is "oidc", and {WHERE} has no [auth]; docs/sign-in.md says what belongs there.'
        )
    return Providers(_origin(get_redirect_uri(section) or ""), _cookie_secret(auth), _by_name(auth))


def _by_name(auth: Mapping[str, Any]) -> dict[str, Provider]:
    sections: dict[str, Mapping[str, Any]] = {
        name: value for name, value in auth.items() if isinstance(value, dict) and name != "client_kwargs"
    }
    if auth.get("client_id"):
        sections = {DEFAULT: auth, **sections}
    if not sections:
        raise SettingsError(f"{WHERE}: [auth] names no provider; give it {', '.join(NEEDED)}.")
    found = {}
    for name, section in sections.items():
        missing = [key for key in NEEDED if not section.get(key)]
        if missing:
            raise SettingsError(f"{WHERE}: the provider {name} lacks {', '.join(missing)}.")
        if "_" in name:
            raise SettingsError(f'{WHERE}: the provider "{name}" has a "_" in its name, which Streamlit does not take.')
        found[name] = Provider(name, _label(name, section), str(section["client_id"]))
    return found


def _label(name: str, section: Mapping[str, Any]) -> str:
    if label := section.get("label"):
        return str(label)
    return urlsplit(str(section["server_metadata_url"])).hostname or name if name == DEFAULT else name.capitalize()


def _origin(redirect_uri: str) -> str:
    parts = urlsplit(redirect_uri)
    if not parts.hostname or not parts.path.endswith(CALLBACK):
        raise SettingsError(
            f"{WHERE}: auth.redirect_uri must be the address of this dashboard with {CALLBACK} at its end, "
            f'as "https://leads.example.com{CALLBACK}".'
        )
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise SettingsError(
            f"{WHERE}: auth.redirect_uri must begin with https://, or whoever is on the way could take a session over."
        )
    return f"{parts.scheme}://{parts.netloc}"


def _cookie_secret(auth: Mapping[str, Any]) -> str:
    secret = str(auth.get("cookie_secret") or config.get_option("server.cookieSecret") or "")
    if len(secret) < SECRET_LENGTH:
        raise SettingsError(
            f"{WHERE}: auth.cookie_secret is needed, of {SECRET_LENGTH} characters or more, or sessions "
            'could be forged; make one with `python -c "import secrets; print(secrets.token_hex(32))"`.'
        )
    return secret
