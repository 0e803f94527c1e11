"""What a request says of itself, and how much of that is believed."""

from __future__ import annotations

import ipaddress
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import unquote

from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from lake_access.access_declarations import AccessDeclaration

Scope = MutableMapping[str, Any]
LONGEST_PLACE = 2000


@dataclass(frozen=True)
class Request:
    """A request as the door sees it; `path` is without the dashboard's base path, `peer` who holds the other end."""

    kind: str
    method: str
    path: str
    query: str
    headers: Sequence[tuple[bytes, bytes]]
    peer: str | None
    scheme: str

    def header(self, name: str) -> str | None:
        """The one header of this name; None where there is none, or where there are several that say otherwise."""
        values = {value for given, value in self.headers if given.lower() == name.lower().encode("latin-1")}
        return _as_text(values.pop()) if len(values) == 1 else None

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies by their names."""
        return parse_cookies(self.header("cookie") or "")

    @property
    def place(self) -> str:
        """The path and query, as a place to come back to."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def wants_page(self) -> bool:
        """Whether a browser asks for a page, which a redirect can lead elsewhere."""
        return self.kind == "http" and self.method in ("GET", "HEAD") and "text/html" in (self.header("accept") or "")


def read_request(scope: Scope, base_path: str) -> Request:
    """The request of an ASGI scope."""
    path, base = str(scope["path"]), f"/{base_path.strip('/')}" if base_path.strip("/") else ""
    client = scope.get("client")
    return Request(
        kind=str(scope["type"]),
        method=str(scope.get("method", "GET")),
        path=path.removeprefix(base) or "/" if base and (path == base or path.startswith(f"{base}/")) else path,
        query=scope.get("query_string", b"").decode("latin-1"),
        headers=list(scope["headers"]),
        peer=str(client[0]) if client else None,
        scheme=str(scope.get("scheme", "http")),
    )


def trusts(access: AccessDeclaration, peer: str | None) -> bool:
    """Whether the other end is a proxy whose headers are believed."""
    try:
        address = ipaddress.ip_address((peer or "").partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    networks = [ipaddress.ip_network(known) for known in access.proxy.addresses]
    return any(address in network for network in networks if network.version == address.version)


def is_secure(request: Request, access: AccessDeclaration) -> bool:
    """Whether it came over TLS: to us, or to a proxy that is believed."""
    if request.scheme in ("https", "wss"):
        return True
    return trusts(access, request.peer) and request.header("x-forwarded-proto") == "https"


def is_host_known(request: Request) -> bool:
    """Whether it was sent to a name of ours (`server.allowedHosts`): a page elsewhere may point its own name at us."""
    return is_host_allowed(request.header("host"))


def is_from_our_page(request: Request, origin: str | None) -> bool:
    """Whether a page of ours sent it, or no browser did: by scheme, name and port, as cookies know neither of the two.

    `origin` is the address that people come to, where it is known; a page is ours by the name that it was asked by too.
    """
    given = [value for name, value in request.headers if name.lower() == b"origin"]
    if not given:
        return True
    said = (request.header("origin") or "").lower()
    host = (request.header("host") or "").lower()
    return said in {f"http://{host}", f"https://{host}", (origin or "").lower()} - {""}


def without_claims(scope: Scope, access: AccessDeclaration, *, believed: bool) -> Scope:
    """The scope without the headers that say who somebody is, unless they are believed.

    A name that the header's own takes in other spellings (`X_Forwarded_Email`) is never believed.
    """
    names = {name.lower().encode("latin-1") for name in (access.proxy.email_header, access.proxy.groups_header) if name}
    kept = []
    for name, value in scope["headers"]:
        is_claim = name.lower().replace(b"_", b"-") in names
        if not is_claim or (believed and name.lower() in names):
            kept.append((name, value))
    return {**scope, "headers": kept}


def place_here(place: str) -> str:
    """A place on this server to come back to; the first page where what was asked for is not one."""
    plain = unquote(place)
    elsewhere = plain.startswith("//") or "\\" in plain or not place.startswith("/")
    return "/" if elsewhere or len(place) > LONGEST_PLACE or not plain.isprintable() else place


def parse_cookies(header: str) -> dict[str, str]:
    """The cookies of a header; what is no cookie is passed over."""
    found: dict[str, str] = {}
    for part in header.split(";"):
        try:
            found |= {name: morsel.value for name, morsel in SimpleCookie(part.strip()).items()}
        except CookieError:
            continue
    return found


def _as_text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")
