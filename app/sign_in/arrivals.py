"""Coming and going: what happens around Streamlit's own routes of OpenID Connect, `/auth/login` and the others.

The place that somebody wanted to see is kept over the way to the provider and back, a token that is not for us is
turned down though Streamlit took it, and the ledger learns who came, who was refused and who left.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qs, quote, unquote, urlsplit

from anyio import to_thread
from sqlalchemy import Engine
from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.sign_in.cookies import TOKENS_COOKIE_NAME, USER_COOKIE_NAME, SignedIn, signed_in
from app.sign_in.providers import Providers, read_providers
from app.sign_in.requests import Request, parse_cookies, place_here
from lake_access.access import actor_of
from lake_access.access_declarations import AccessDeclaration
from lake_access.errors import LeadlakeError
from lake_access.permissions import Actor
from lake_access.sessions import end_session, note_refusal, note_sign_in

log = logging.getLogger(__name__)

LOGIN: Final = "/auth/login"
LOGOUT: Final = "/auth/logout"
CALLBACK: Final = "/oauth2callback"
NEXT_COOKIE: Final = "_leadlake_next"
NEXT_SECONDS: Final = 900
# A stranger may fail as often as they like; the ledger tells of so many in a minute, the server's log of all.
REFUSALS_KEPT, REFUSALS_WITHIN = 20, timedelta(minutes=1)
PLACE_SIGNS: Final = ":/%#?=@[]!$&'()*+,;"
STRANGER = Actor("somebody unknown", frozenset(), "oidc")


class Arrivals:
    """What the door does on the way to a provider, back, and out."""

    def __init__(self, access: AccessDeclaration, state: Engine, now: Callable[[], datetime]) -> None:
        self._access = access
        self._state = state
        self._now = now
        self._refusals: deque[datetime] = deque(maxlen=REFUSALS_KEPT)

    async def watch(
        self, request: Request, base: str, app: ASGIApp, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Hand the request on, and see to it that its answer is the right one."""
        if request.path == LOGIN:
            await app(scope, receive, _changing(send, lambda headers: self._keep_place(request, base, headers)))
        elif request.path == CALLBACK:
            await self._call_back(request, base, app, scope, receive, send)
        elif request.path == LOGOUT:
            await self._log_out(request, app, scope, receive, send)
        else:
            await app(scope, receive, send)

    def _keep_place(self, request: Request, base: str, headers: MutableHeaders) -> None:
        """Of a page whose session was over (`st.login`): it says where it was in the header `Referer`."""
        referer = urlsplit(request.header("referer") or "")
        if NEXT_COOKIE in request.cookies or f"{referer.scheme}://{referer.netloc}" != read_providers().origin:
            return
        place = f"{referer.path}?{referer.query}" if referer.query else referer.path
        headers.append("set-cookie", next_cookie(place, base))

    async def _call_back(
        self, request: Request, base: str, app: ASGIApp, scope: Scope, receive: Receive, send: Send
    ) -> None:
        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=list(message["headers"]))
                # Only the database is waited for, and its answer changes what the browser is told.
                await to_thread.run_sync(self._arrived, request, base, headers)
                message = {**message, "headers": headers.raw}
            await send(message)

        await app(scope, receive, watched)

    def _arrived(self, request: Request, base: str, headers: MutableHeaders) -> None:
        query = parse_qs(request.query)
        prefix = f"/{base.strip('/')}" if base.strip("/") else ""
        if "code" not in query and "error" not in query:
            # Back from signing out at the provider.
            headers["location"] = f"{prefix}/sign-in?left=1"
            return
        try:
            found = self._session_set(headers, read_providers())
            if found is not None:
                note_sign_in(self._state, actor_of(found.identity, self._access), self._now())
                place = place_here(unquote(request.cookies.get(NEXT_COOKIE, "/")))
                # A header takes no other letters; what is quoted already stays so.
                headers["location"] = f"{prefix}{quote(place, safe=PLACE_SIGNS)}"
                headers.append("set-cookie", f"{NEXT_COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=lax")
                return
            self._note_failure("error" in query)
        except LeadlakeError:
            log.exception("A sign-in could not be written to the ledger, and was refused")
        _take_back(headers)
        headers["location"] = f"{prefix}/sign-in?failed=1"

    def _session_set(self, headers: MutableHeaders, providers: Providers) -> SignedIn | None:
        """The session that this answer gives the browser, if it holds."""
        cookies: dict[str, str] = {}
        for header in headers.getlist("set-cookie"):
            cookies |= {name: value for name, value in parse_cookies(header.partition(";")[0]).items() if value}
        return signed_in(cookies, providers, self._access, self._now())

    def _note_failure(self, provider_refused: bool) -> None:
        why = "the provider refused" if provider_refused else "the answer was stale, forged or not for this server"
        log.warning("A sign-in failed: %s", why)
        now = self._now()
        if len(self._refusals) < REFUSALS_KEPT or now - self._refusals[0] > REFUSALS_WITHIN:
            self._refusals.append(now)
            note_refusal(self._state, STRANGER, "sign-in", why, now)

    async def _log_out(self, request: Request, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        if request.header("sec-fetch-site") in ("cross-site", "same-site"):
            await PlainTextResponse("Another site may not sign you out.", 403)(scope, receive, send)
            return
        try:
            await to_thread.run_sync(self._end, request)
        except LeadlakeError:
            log.exception("A session could not be ended")
            await PlainTextResponse("You are still signed in; try again in a while.", 503)(scope, receive, send)
            return
        await app(scope, receive, send)

    def _end(self, request: Request) -> None:
        found = signed_in(request.cookies, read_providers(), self._access, self._now())
        if found is not None:
            end_session(self._state, found.session, actor_of(found.identity, self._access), self._now())


def next_cookie(place: str, base: str) -> str:
    """The header that has a browser keep the place on this server to come back to."""
    prefix = f"/{base.strip('/')}" if base.strip("/") else ""
    kept = quote(place_here(place.removeprefix(prefix) or "/"), safe="/")
    return f"{NEXT_COOKIE}={kept}; Path={prefix or '/'}; Max-Age={NEXT_SECONDS}; HttpOnly; SameSite=lax"


def _take_back(headers: MutableHeaders) -> None:
    """Leave out the cookies of a session that was turned down."""
    kept = [cookie for cookie in headers.getlist("set-cookie") if not _gives_session(cookie)]
    del headers["set-cookie"]
    for cookie in kept:
        headers.append("set-cookie", cookie)


def _gives_session(cookie: str) -> bool:
    name, _, value = cookie.partition(";")[0].partition("=")
    return bool(value.strip('" ')) and name.strip().startswith((USER_COOKIE_NAME, TOKENS_COOKIE_NAME))


def _changing(send: Send, change: Callable[[MutableHeaders], None]) -> Send:
    async def changed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=list(message["headers"]))
            change(headers)
            message = {**message, "headers": headers.raw}
        await send(message)

    return changed
