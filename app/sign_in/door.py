"""The door: nothing but what signing in needs answers somebody who has not signed in, or who holds no role.

It stands in front of every route of Streamlit's, also of those that Streamlit may add: what is not named here is
closed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from anyio import to_thread
from sqlalchemy import Engine
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.sign_in.arrivals import Arrivals
from app.sign_in.providers import read_providers
from app.sign_in.requests import Request, is_from_our_page, is_host_known, read_request, trusts, without_claims
from app.sign_in.who import who_asks
from lake_access.access_declarations import AccessDeclaration
from lake_access.errors import LeadlakeError
from lake_access.permissions import Actor
from lake_access.sessions import note_seen

log = logging.getLogger(__name__)

SIGN_IN: Final = "/sign-in"
# What answers everybody. `/metrics` looks at its own token; the static files are Streamlit's own, the same everywhere.
OPEN_PATHS: Final = frozenset(
    {SIGN_IN, f"{SIGN_IN}/go", "/auth/login", "/auth/logout", "/oauth2callback", "/healthz", "/metrics"}
    | {"/_stcore/health", "/favicon.png"}
)
OPEN_FOLDERS: Final = ("/static/",)
# Probes of a machine's health come by its number.
ANY_HOST: Final = frozenset({"/healthz", "/_stcore/health"})
# Streamlit's agent endpoint takes an identity from a proxy's headers alone, never from a cookie.
AGENTS: Final = "/_stcore/agent"
SESSION_POLICY = 1008


class Door:
    """ASGI middleware that lets pass who has signed in and holds a role."""

    def __init__(
        self,
        app: ASGIApp,
        access: AccessDeclaration,
        state: Engine,
        base_path: str,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._app = app
        self._access = access
        self._state = state
        self._base_path = base_path
        self._now = clock or (lambda: datetime.now(UTC))
        self._arrivals = Arrivals(access, state, self._now)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that may not pass; hand on any other."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        base = self._base_path
        believed = self._access.sign_in == "proxy" and trusts(self._access, read_request(scope, base).peer)
        scope = without_claims(scope, self._access, believed=believed)
        request = read_request(scope, base)
        refusal = await self._refusal(request, base)
        if refusal is not None:
            await _refuse(refusal, scope, receive, send)
        elif self._access.sign_in == "oidc" and request.kind == "http":
            await self._arrivals.watch(request, base, self._app, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _refusal(self, request: Request, base: str) -> Response | None:
        """The answer to a request that may not pass."""
        if request.path not in ANY_HOST and not is_host_known(request):
            return PlainTextResponse("This name is not one of this server's (server.allowedHosts).", 421)
        try:
            if request.kind == "websocket" and not is_from_our_page(request, self._address()):
                origin, host = request.header("origin"), request.header("host")
                log.warning("A page at %r may not open a connection to %r: pass Host on as it came", origin, host)
                return PlainTextResponse("A page from elsewhere may not open this.", 403)
            if self._access.sign_in == "none" or _is_open(request.path):
                return None
            actor = await to_thread.run_sync(self._who, request)
        except LeadlakeError:
            log.exception("Who asks cannot be told")
            return PlainTextResponse("Who you are cannot be told at the moment; try again in a while.", 503)
        if actor is not None and actor.roles:
            if self._access.sign_in == "oidc" and _is_agents(request.path):
                return PlainTextResponse("Agents are let in by a proxy alone (docs/security.md).", 403)
            return None
        if request.wants_page:
            place = f"{base.strip('/') and '/' + base.strip('/')}{SIGN_IN}?next={quote(request.place, safe='/')}"
            return RedirectResponse(place, 303, {"Cache-Control": "no-store"})
        if actor is None:
            return PlainTextResponse("Sign in first.", 401, {"Cache-Control": "no-store"})
        return PlainTextResponse("You hold no role here.", 403, {"Cache-Control": "no-store"})

    def _address(self) -> str | None:
        """The address that people come to, where we know it: a proxy may ask us by another name."""
        return read_providers().origin if self._access.sign_in == "oidc" else None

    def _who(self, request: Request) -> Actor | None:
        """Who asks; it reads the database, and so runs in a thread.

        Raises:
            LeadlakeError: the secrets or the database cannot be read.
        """
        now = self._now()
        actor = who_asks(request, self._access, self._state, now)
        # A proxy vouches anew in each request; what opens a view counts as coming.
        opens = request.kind == "websocket" or request.wants_page or _is_agents(request.path)
        if actor is not None and self._access.sign_in == "proxy" and opens:
            note_seen(self._state, actor, now, timedelta(hours=self._access.session_hours))
        return actor


def _is_open(path: str) -> bool:
    return path in OPEN_PATHS or (path.startswith(OPEN_FOLDERS) and ".." not in path and "\\" not in path)


def _is_agents(path: str) -> bool:
    return path == AGENTS or path.startswith(f"{AGENTS}/")


async def _refuse(refusal: Response, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await refusal(scope, receive, send)
        return

    async def as_websocket(message: Any) -> None:
        """The same answer, to a handshake: Starlette's own way where the server can, else a mere refusal."""
        await send({**message, "type": message["type"].replace("http.", "websocket.http.")})

    await receive()
    if "websocket.http.response" in scope.get("extensions", {}):
        await refusal({**scope, "type": "http", "method": "GET"}, receive, as_websocket)
    else:
        await send({"type": "websocket.close", "code": SESSION_POLICY})
