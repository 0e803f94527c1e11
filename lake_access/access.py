"""From who somebody is to what they may: identities become actors by the section `[access]` of leadlake.toml."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lake_access.access_declarations import AccessDeclaration, LimitDeclaration
from lake_access.permissions import Actor, RowLimits, Via

LONGEST_NAME = 320
NOBODY_TO_ASK = "Ask whoever runs Leadlake here for a role."


@dataclass(frozen=True)
class Identity:
    """Who somebody is, as a provider or proxy says: a name for the ledger, an e-mail to trust, if any, and groups."""

    name: str
    email: str | None
    groups: frozenset[str]
    via: Via


def identity_of_claims(claims: Mapping[str, Any], provider: str, access: AccessDeclaration) -> Identity | None:
    """Who the claims of a verified ID token name; None where they name nobody.

    An e-mail counts only where the provider says that it has verified it (`email_verified`), unless the settings trust
    all of its e-mails. Somebody without one is called by the token's subject, which no other person of that provider
    ever has.
    """
    subject = _text(claims.get("sub"))
    if subject is None:
        return None
    email = _text(claims.get("email"))
    verified = claims.get("email_verified") is True or access.unverified_emails
    trusted = email.lower() if email is not None and verified and "@" in email else None
    return Identity(trusted or f"{subject} ({provider})", trusted, frozenset(_groups(claims, access)), "oidc")


def identity_of_headers(email: str | None, groups: str | None) -> Identity | None:
    """Who a trusted proxy's headers name; None where they name nobody. Groups are separated by commas."""
    name = _text(email)
    if name is None:
        return None
    parts = (part.strip() for part in (groups or "").split(","))
    return Identity(name.lower(), name.lower(), frozenset(part for part in parts if part), "proxy")


def actor_of(identity: Identity, access: AccessDeclaration) -> Actor:
    """What this somebody may do: with no role where no list names them."""
    held = frozenset(role for role, who in access.roles.items() if _is_among(identity, who.groups, who.emails))
    return Actor(identity.name, held, identity.via, _limits(identity, access.limits))


def whom_to_ask(access: AccessDeclaration) -> str:
    """The sentence for somebody who may not do what they want."""
    return access.contact or NOBODY_TO_ASK


def _limits(identity: Identity, limits: Sequence[LimitDeclaration]) -> RowLimits | None:
    """What all limits that name somebody leave: of each kind only what every one of them lets be seen."""
    found = [limit for limit in limits if _is_among(identity, limit.groups, limit.emails)]
    if not found:
        return None
    return RowLimits(
        _what_all_allow(limit.sources for limit in found), _what_all_allow(limit.locations for limit in found)
    )


def _what_all_allow(allowed: Iterable[tuple[str, ...] | None]) -> tuple[str, ...] | None:
    said = [set(names) for names in allowed if names is not None]
    return tuple(sorted(set.intersection(*said))) if said else None


def _is_among(identity: Identity, groups: Iterable[str], emails: Iterable[str]) -> bool:
    if identity.email is not None and identity.email in {email.lower() for email in emails}:
        return True
    return not identity.groups.isdisjoint(groups)


def _groups(claims: Mapping[str, Any], access: AccessDeclaration) -> Iterable[str]:
    """The values of the claim that names roles or groups, which may lie deeper, as Keycloak's `realm_access.roles`."""
    value: Any = claims.get(access.role_claim)
    if value is None:
        value = claims
        for part in access.role_claim.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, str):
        return [value]
    return [group for group in value if isinstance(group, str)] if isinstance(value, list) else []


def _text(value: object) -> str | None:
    """A name that the ledger may hold: text that is printable and not too long."""
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_NAME or not value.isprintable():
        return None
    return value.strip()
