"""A small reverse proxy with TLS that has signed people in: it drops what a client claims, and says who it is."""

from __future__ import annotations

import asyncio
import re
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

CLAIMS = re.compile(rb"(?i)^x-forwarded-(email|groups|proto|for):")


@dataclass
class ReverseProxy:
    """The proxy before a server's port; `email` and `groups` are of whoever comes through."""

    behind: int
    tls: ssl.SSLContext
    email: str = ""
    groups: str = ""
    port: int = 0

    async def serve(self, started: threading.Event, ended: asyncio.Event) -> None:
        """Serve until the end is told."""
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0, ssl=self.tls)
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        await ended.wait()
        server.close()
        open_ones = asyncio.all_tasks() - {asyncio.current_task()}
        for connection in open_ones:
            connection.cancel()
        await asyncio.gather(*open_ones, return_exceptions=True)
        # What was aborted is let go in the loop's next rounds.
        await asyncio.sleep(0.2)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            try:
                head = await reader.readuntil(b"\r\n\r\n")
                up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.behind)
                try:
                    up_writer.write(self._told(head))
                    await asyncio.gather(_pipe(reader, up_writer), _pipe(up_reader, writer))
                finally:
                    up_writer.transport.abort()
            finally:
                writer.transport.abort()

    def _told(self, head: bytes) -> bytes:
        """The request's head with our headers. A connection serves one request, or a WebSocket."""
        first, *headers = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
        web_socket = any(header.lower().startswith(b"upgrade:") for header in headers)
        dropped = () if web_socket else (b"connection:",)
        kept = [one for one in headers if not CLAIMS.match(one) and not one.lower().startswith(dropped)]
        ours = [f"X-Forwarded-Email: {self.email}", f"X-Forwarded-Groups: {self.groups}", "X-Forwarded-Proto: https"]
        closes = [] if web_socket else [b"Connection: close"]
        return b"\r\n".join([first, *kept, *(one.encode() for one in ours), *closes, b"", b""])


@contextmanager
def reverse_proxy(behind: int, folder: Path) -> Iterator[ReverseProxy]:
    """The proxy, running, with a certificate that it has signed itself."""
    proxy, loop = ReverseProxy(behind, _self_signed(folder)), asyncio.new_event_loop()
    started, ended = threading.Event(), asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(proxy.serve(started, ended),), daemon=True)
    thread.start()
    started.wait(10)
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
        loop.close()


def _self_signed(folder: Path) -> ssl.SSLContext:
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    made = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    subprocess.run([*made.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    return tls


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hand on what comes until its end; an answer that has ended ends the connection."""
    while block := await reader.read(1 << 16):
        writer.write(block)
        await writer.drain()
    writer.close()
