"""A body that does not say how long it is goes no further than the limit."""

from __future__ import annotations

import asyncio
from typing import Any

from app.serving.headers import ENVELOPE_BYTES, Headers
from lake_access.access_declarations import AccessDeclaration

MEGABYTE = 1 << 20


def read_through(parts: int, most_bytes: int) -> tuple[int, list[str]]:
    """How many bytes of so many parts of a megabyte get through, and what else the reader is told."""
    read, told = 0, []
    coming = iter([{"type": "http.request", "body": b"x" * MEGABYTE, "more_body": True}] * parts)

    async def app(_scope: Any, receive: Any, _send: Any) -> None:
        nonlocal read
        while True:
            message = await receive()
            if message["type"] != "http.request" or not message["more_body"]:
                told.append(message["type"])
                return
            read += len(message["body"])

    async def receive() -> dict[str, Any]:
        return next(coming, {"type": "http.request", "body": b"", "more_body": False})

    async def send(_message: Any) -> None: ...

    scope = {"type": "http", "method": "PUT", "path": "/_stcore/upload_file/a/b", "headers": [], "query_string": b""}
    asyncio.run(Headers(app, AccessDeclaration(), most_bytes)(scope, receive, send))
    return read, told


def test_a_body_without_a_length_is_read_to_the_limit_and_no_further() -> None:
    most = 2 * MEGABYTE

    assert read_through(parts=3, most_bytes=most) == (most + ENVELOPE_BYTES, ["http.request"])
    assert read_through(parts=30, most_bytes=most) == (most + ENVELOPE_BYTES, ["http.disconnect"])
