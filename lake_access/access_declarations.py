"""Who is let in, and as what: the section `[access]` of leadlake.toml. It holds no secret."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from lake_access.declared import Declared, list_to_tuple
from lake_access.permissions import Role

SignIn = Literal["none", "oidc", "proxy"]
Text = Annotated[str, Field(min_length=1, max_length=320)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(list_to_tuple)]
Roles = Annotated[tuple[Role, ...], BeforeValidator(list_to_tuple)]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,62}$")]
# What every proxy and browser sends, and what would name nobody.
_TAKEN_HEADERS = frozenset({"host", "cookie", "authorization", "origin", "connection", "content-length", "user-agent"})


class RoleDeclaration(Declared):
    """Who holds a role: members of these groups, and people with these e-mails."""

    groups: Texts = ()
    emails: Texts = ()


class LimitDeclaration(Declared):
    """Which leads the people of these groups or e-mails see alone: those of these sources, at these locations."""

    groups: Texts = ()
    emails: Texts = ()
    sources: Texts | None = None
    locations: Texts | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> LimitDeclaration:
        if not (self.groups or self.emails):
            raise ValueError("a limit without `groups` and `emails` holds for nobody; name whom it limits")
        if self.sources is None and self.locations is None:
            raise ValueError("a limit without `sources` and `locations` limits nothing; name what they may see")
        return self


class CommandLineDeclaration(Declared):
    """What a user of this machine's system may do by commands, and under which other names."""

    roles: Roles
    may_act_as: Texts = ()


class ProxyDeclaration(Declared):
    """The reverse proxy that signs people in: where it stands, and the headers in which it says who they are."""

    addresses: Texts = ("127.0.0.1", "::1")
    email_header: HeaderName = "X-Forwarded-Email"
    groups_header: HeaderName | None = None
    sign_out_url: Annotated[str, Field(pattern=r"^(https://|/)[^\s\"'<>]*$", max_length=300)] | None = None

    @field_validator("addresses")
    @classmethod
    def _are_addresses(cls, addresses: tuple[str, ...]) -> tuple[str, ...]:
        if not addresses:
            raise ValueError("no proxy is trusted, so that nobody could sign in; name its addresses")
        for address in addresses:
            try:
                network = ipaddress.ip_network(address)
            except ValueError as exc:
                raise ValueError(f'"{address}" is neither an address nor a network, as "10.0.0.0/24"') from exc
            if network.prefixlen == 0:
                raise ValueError(f'"{address}" is everybody: whoever reaches the server could be anyone')
        return addresses

    @field_validator("email_header", "groups_header")
    @classmethod
    def _are_headers_of_its_own(cls, name: str | None) -> str | None:
        if name is not None and name.lower() in _TAKEN_HEADERS:
            raise ValueError(f'"{name}" is a header of every request, and names nobody')
        return name


class AccessDeclaration(Declared):
    """How people sign in, which roles they hold, and whom a stranger is told to ask."""

    sign_in: SignIn = "none"
    contact: Annotated[str, Field(min_length=1, max_length=300)] | None = None
    session_hours: Annotated[int, Field(ge=1, le=720)] = 12
    role_claim: Annotated[str, Field(min_length=1, max_length=200)] = "groups"
    unverified_emails: bool = False
    hosts: Texts = ()
    metrics: bool = True
    roles: dict[Role, RoleDeclaration] = Field(default={})
    command_line: dict[str, CommandLineDeclaration] = Field(default={})
    proxy: ProxyDeclaration = ProxyDeclaration()
    limits: Annotated[tuple[LimitDeclaration, ...], BeforeValidator(list_to_tuple)] = ()

    @field_validator("hosts")
    @classmethod
    def _are_host_names(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            if not re.fullmatch(r"[A-Za-z0-9.:\[\]-]+", host) or re.search(r":\d+$", host.rpartition("]")[2]):
                raise ValueError(f'"{host}" is no host\'s name; write it as "leads.example.com", without port or path')
        return hosts

    @model_validator(mode="after")
    def _somebody_is_let_in(self) -> AccessDeclaration:
        if self.sign_in != "none" and not any(role.groups or role.emails for role in self.roles.values()):
            raise ValueError(
                f'access: sign_in is "{self.sign_in}", and nobody holds a role; name groups or e-mails in access.roles'
            )
        return self
