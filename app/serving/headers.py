"""The headers of every answer, which have a browser keep a page to itself; and cookies that keep to TLS."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import streamlit
from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.serving.reports import FOLDER, POLICY
from app.sign_in.requests import is_secure, read_request
from lake_access.access_declarations import AccessDeclaration

FIXED: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), display-capture=()",
}
ONE_YEAR: Final = "max-age=31536000"
# What is not the same for everybody, and so is nothing for a cache on the way.
PRIVATE_FOLDERS: Final = ("/media/", "/_stcore/", "/component/")
# A request's head is the server's own to limit; its body, beyond Streamlit's limit of an upload, is limited here.
ENVELOPE_BYTES: Final = 1 << 20


class Headers:
    """ASGI middleware that gives every answer its headers, and refuses a body that is too big."""

    def __init__(self, app: ASGIApp, access: AccessDeclaration, most_bytes: int) -> None:
        self._app = app
        self._access = access
        self._most_bytes = most_bytes + ENVELOPE_BYTES
        self._policy = content_security_policy(inline_scripts(_index_page()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on, and its answer back with the headers."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request = read_request(scope, "")
        secure = is_secure(request, self._access)
        private = any(folder in request.path for folder in PRIVATE_FOLDERS)

        async def with_headers(message: Message) -> None:
            # A handshake that is refused has an answer too.
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                headers = MutableHeaders(raw=list(message["headers"]))
                self._add(headers, secure=secure, private=private)
                if FOLDER in request.path:
                    # Our own page shows it in a frame; the policy says so to browsers that know it, this to the others.
                    headers["Content-Security-Policy"] = POLICY
                    headers["X-Frame-Options"] = "SAMEORIGIN"
                message = {**message, "headers": headers.raw}
            await send(message)

        if scope["type"] == "http" and self._is_too_big(request.header("content-length")):
            await PlainTextResponse("That is too much at once.", 413)(scope, receive, with_headers)
        else:
            await self._app(scope, self._up_to_the_limit(receive), with_headers)

    def _add(self, headers: MutableHeaders, *, secure: bool, private: bool) -> None:
        for name, value in FIXED.items():
            headers[name] = value
        headers["Content-Security-Policy"] = self._policy
        if private:
            headers["Cache-Control"] = "private, no-store"
        if secure:
            headers["Strict-Transport-Security"] = ONE_YEAR
            cookies = headers.getlist("set-cookie")
            del headers["set-cookie"]
            for cookie in cookies:
                headers.append("set-cookie", cookie if "; secure" in cookie.lower() else f"{cookie}; Secure")

    def _up_to_the_limit(self, receive: Receive) -> Receive:
        """What comes in, as far as a body may go that did not say beforehand how long it is; then nobody is there."""
        taken = 0

        async def limited() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b"")) if message["type"] == "http.request" else 0
            return message if taken <= self._most_bytes else {"type": "http.disconnect"}

        return limited

    def _is_too_big(self, length: str | None) -> bool:
        return length is not None and (not length.isdigit() or int(length) > self._most_bytes)


def content_security_policy(script_hashes: Sequence[str]) -> str:
    """What a page may load: our own scripts alone, and of styles those that Streamlit writes into the page.

    Streamlit's charts and tables need WebAssembly, workers made from a blob, and styles set by scripts.
    """
    rules = {
        "default-src": ["'self'"],
        "script-src": ["'self'", "'wasm-unsafe-eval'", *script_hashes],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:", "blob:"],
        "font-src": ["'self'", "data:"],
        "media-src": ["'self'", "blob:"],
        "connect-src": ["'self'", "data:", "blob:"],
        "worker-src": ["'self'", "blob:"],
        "frame-src": ["'self'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
        "base-uri": ["'self'"],
        "object-src": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in rules.items())


def inline_scripts(page: str) -> list[str]:
    """The hashes by which the policy knows the scripts that stand in Streamlit's own page."""
    scripts = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    digests = [hashlib.sha256(script.encode()).digest() for script in scripts]
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]


def _index_page() -> str:
    return (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
