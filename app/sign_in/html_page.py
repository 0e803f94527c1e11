"""The page where people sign in: plain HTML that needs no script, since nothing of the dashboard answers them yet."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from anyio import to_thread
from sqlalchemy import Engine
from starlette.requests import Request as HttpRequest
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from streamlit.auth_util import encode_provider_token

from app import palette
from app.sign_in.arrivals import next_cookie
from app.sign_in.providers import Providers, read_providers
from app.sign_in.requests import place_here, read_request
from app.sign_in.who import who_asks
from lake_access.access import whom_to_ask
from lake_access.access_declarations import AccessDeclaration
from lake_access.permissions import Actor

UNSTORED = {"Cache-Control": "no-store"}
DOCUMENT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Leadlake</title>
<style>
  :root {{ color-scheme: light dark; }}
  body {{ font: 1rem/1.5 system-ui, sans-serif; margin: 0; min-height: 100vh; display: grid; place-items: center; }}
  main {{ width: min(24rem, 100vw - 3rem); padding: 2rem 0; overflow-wrap: anywhere; }}
  h1 {{ font-size: 1.5rem; margin: 0 0 1rem; }}
  a.button {{ display: block; margin: .75rem 0; padding: .75rem 1rem; border-radius: .5rem; text-align: center;
    text-decoration: none; background: {accent}; color: #fff; }}
  a.button:focus-visible {{ outline: 3px solid currentColor; outline-offset: 2px; }}
</style>
<main>
<h1>{title}</h1>
{content}
</main>
</html>
"""


@dataclass(frozen=True)
class SignInPage:
    """What the page needs: the settings, the database of ended sessions, the base path, and the time."""

    access: AccessDeclaration
    state: Engine
    base_path: str
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def routes(self) -> list[Route]:
        """The page, and the way from it to a provider."""
        prefix = self._prefix
        return [
            Route(f"{prefix}/sign-in", self._show, methods=["GET"]),
            Route(f"{prefix}/sign-in/go", self._go, methods=["GET"]),
        ]

    @property
    def _prefix(self) -> str:
        return f"/{self.base_path.strip('/')}" if self.base_path.strip("/") else ""

    async def _show(self, asked: HttpRequest) -> Response:
        place = place_here(asked.query_params.get("next", "/"))
        if self.access.sign_in == "none":
            return RedirectResponse(f"{self._prefix}/", 303)
        request = read_request(asked.scope, self.base_path)
        actor = await to_thread.run_sync(who_asks, request, self.access, self.state, self.now())
        if actor is not None and actor.roles:
            return RedirectResponse(f"{self._prefix}{place}", 303, UNSTORED)
        if actor is not None:
            return _page("No role here", self._without_role(actor), 403)
        if self.access.sign_in == "proxy":
            ask = "This server takes people from its proxy alone. Open the proxy's address instead."
            return _page("Sign in", [ask, whom_to_ask(self.access)], 401)
        return _page("Sign in", _choices(read_providers(), place, asked.query_params, self._prefix), 200)

    async def _go(self, asked: HttpRequest) -> Response:
        provider = asked.query_params.get("provider", "")
        if self.access.sign_in != "oidc" or provider not in read_providers().by_name:
            return RedirectResponse(f"{self._prefix}/sign-in", 303, UNSTORED)
        query = urlencode({"provider": encode_provider_token(provider)})
        answer = RedirectResponse(f"{self._prefix}/auth/login?{query}", 303, UNSTORED)
        place = f"{self._prefix}{place_here(asked.query_params.get('next', '/'))}"
        answer.headers.append("set-cookie", next_cookie(place, self.base_path))
        return answer

    def _without_role(self, actor: Actor) -> list[str]:
        out = f"{self._prefix}/auth/logout" if self.access.sign_in == "oidc" else self.access.proxy.sign_out_url
        said = [f"You are signed in as {actor.name}, and no list here names you.", whom_to_ask(self.access)]
        return [*said, _link("Sign out", out)] if out else said


class _Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def _choices(providers: Providers, place: str, asked: Mapping[str, str], prefix: str) -> list[str]:
    said = ["That did not work. Try again, or ask whoever runs Leadlake here."] if "failed" in asked else []
    said += ["You are signed out."] if "left" in asked else []
    links = [
        _link(f"Sign in with {provider.label}", f"{prefix}/sign-in/go?{urlencode({'provider': name, 'next': place})}")
        for name, provider in providers.by_name.items()
    ]
    return [*said, *links]


def _link(text: str, address: str) -> _Markup:
    return _Markup(f'<a class="button" href="{html.escape(address, quote=True)}">{html.escape(text)}</a>')


def _page(title: str, content: Sequence[str], status: int) -> HTMLResponse:
    parts = [part if isinstance(part, _Markup) else f"<p>{html.escape(part)}</p>" for part in content]
    text = DOCUMENT.format(title=html.escape(title), accent=palette.CATEGORIES[0], content="\n".join(parts))
    return HTMLResponse(text, status, UNSTORED)
