"""What messages are sent to in tests: a mail server and a webhook of one's own, which keep all that they get."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Mailbox:
    """A mail server's letters, in their order; it refuses all while `refuses`."""

    port: int
    letters: list[EmailMessage] = field(default_factory=list)
    refuses: bool = False

    @property
    def address(self) -> str:
        return f"mailto://127.0.0.1:{self.port}?from=leadlake@example.com&to=team@example.com&mode=insecure"

    @property
    def subjects(self) -> list[str]:
        return [str(letter["Subject"]) for letter in self.letters]


@dataclass
class Webhook:
    """What was posted, in its order; `before_answer` is called before the answer goes out, with the number of posts."""

    port: int
    posts: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    before_answer: Callable[[int], None] = lambda _posts: None

    @property
    def address(self) -> str:
        return f"json://127.0.0.1:{self.port}/hook"

    @property
    def titles(self) -> list[str]:
        return [post["title"] for post in self.posts]


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """A mail server on a free port."""

    class Conversation(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 here")
            while line := self.rfile.readline():
                word = line.strip().split(b" ")[0].split(b":")[0].upper()
                if word == b"DATA":
                    self._say("354 go on")
                    self._say("451 not now" if box.refuses else self._take())
                elif word == b"QUIT":
                    self._say("221 bye")
                    return
                else:
                    self._say("250 well")

        def _take(self) -> str:
            lines: list[bytes] = []
            while (line := self.rfile.readline()) != b".\r\n":
                lines.append(line[1:] if line.startswith(b"..") else line)
            letter = message_from_bytes(b"".join(lines), policy=policy.default)
            assert isinstance(letter, EmailMessage)
            box.letters.append(letter)
            return "250 taken"

        def _say(self, sentence: str) -> None:
            self.wfile.write(f"{sentence}\r\n".encode())

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = daemon_threads = True

    with Server(("127.0.0.1", 0), Conversation) as server:
        box = Mailbox(server.server_address[1])
        with _served(server):
            yield box


@contextmanager
def webhook() -> Iterator[Webhook]:
    """A webhook on a free port."""

    class Post(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            if hook.status == 200:
                hook.posts.append(json.loads(content))
            hook.before_answer(len(hook.posts))
            self.send_response(hook.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ARG002
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Post) as server:
        hook = Webhook(server.server_address[1])
        with _served(server):
            yield hook


@contextmanager
def _served(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
