"""An S3 to talk to over HTTP: moto's server on this machine, which can be told to misbehave as a network does."""

from __future__ import annotations

import logging
import re
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs

import botocore.session
import moto.settings
from moto.server import ThreadedMotoServer

REGION = "eu-central-1"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAOFTHETESTS", "AWS_SECRET_ACCESS_KEY": "the secret of the tests"}
# Tests look at what is stored with these, whatever keys they have put in the environment.
OWN_KEYS = {"aws_access_key_id": "AKIAOFTHESERVER", "aws_secret_access_key": "none"}

Fault = Literal["answer lost", "cut", "slow down", "conflict"]
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class S3Server:
    """Moto's S3, with what it lacks: conditional writes that are atomic, and that hold for uploads in parts too."""

    def __init__(self) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.url = f"http://{host}:{port}"
        web: Any = self._server._server
        self._moto: Application = web.app
        web.app = self._answer
        self._writing = threading.Lock()
        self._faults: list[tuple[str, Fault | None, int]] = []
        self._page_size = 1000
        self._refused_key: str | None = None
        self.requests: Counter[str] = Counter()
        self._puts_to_hold = 0
        self._arrived, self._released = threading.Event(), threading.Event()

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which boto3 finds this server, and nothing else of this machine."""
        nowhere = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), "/dev/null")
        return {**KEYS, **nowhere, "AWS_ENDPOINT_URL": self.url, "AWS_DEFAULT_REGION": REGION}

    def client(self, service: str = "s3") -> Any:
        session = botocore.session.get_session()
        return session.create_client(service, endpoint_url=self.url, region_name=REGION, **OWN_KEYS)

    def make_bucket(self, name: str) -> str:
        self.client().create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        return name

    def fail(self, method: str, *faults: Fault | None, after: int = 0) -> None:
        """Have the next requests of this method fail, one by each fault; "cut" sends `after` bytes of the body."""
        self._faults += [(method, fault, after) for fault in faults]

    @contextmanager
    def faults_end(self) -> Iterator[None]:
        """Faults that nobody met in the block are forgotten at its end."""
        try:
            yield
        finally:
            self._faults.clear()

    @contextmanager
    def pages_of(self, size: int) -> Iterator[None]:
        """Lists come in pages of so many keys."""
        self._page_size = size
        try:
            yield
        finally:
            self._page_size = 1000

    @contextmanager
    def refusing(self, key_id: str) -> Iterator[None]:
        """Requests with this key are told that it has expired."""
        self._refused_key = key_id
        try:
            yield
        finally:
            self._refused_key = None

    @contextmanager
    def rights_checked(self) -> Iterator[None]:
        """From here on keys and rights are looked at, as in AWS."""
        before = moto.settings.INITIAL_NO_AUTH_ACTION_COUNT
        moto.settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
        try:
            yield
        finally:
            moto.settings.INITIAL_NO_AUTH_ACTION_COUNT = before

    @contextmanager
    def holding_put(self, number: int) -> Iterator[threading.Event]:
        """The put of this number (from 1) is not looked at before the block ends; the event says that it has come."""
        self._arrived.clear()
        self._released.clear()
        self._puts_to_hold = number
        try:
            yield self._arrived
        finally:
            self._puts_to_hold = 0
            self._released.set()

    def stop(self) -> None:
        self._server.stop()

    def _answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        self.requests[method] += 1
        key = re.search(r"Credential=([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
        if key is not None and key[1] == self._refused_key:
            return _refuse(start_response, "403 Forbidden", "ExpiredToken")
        if method == "PUT" and self._puts_to_hold:
            self._puts_to_hold -= 1
            if not self._puts_to_hold:
                self._arrived.set()
                self._released.wait()
        if "list-type=2" in environ["QUERY_STRING"] and "max-keys" not in environ["QUERY_STRING"]:
            environ["QUERY_STRING"] += f"&max-keys={self._page_size}"
        fault, after = self._next_fault(method)
        if fault == "slow down":
            return _refuse(start_response, "503 Slow Down", "SlowDown")
        if fault == "conflict":
            return _refuse(start_response, "409 Conflict", "ConditionalRequestConflict")
        if method not in ("PUT", "POST"):
            answer = self._moto(environ, start_response)
            return _cut(environ, answer, after) if fault == "cut" else answer
        with self._writing:
            if self._completes_a_taken_key(environ):
                return _refuse(start_response, "412 Precondition Failed", "PreconditionFailed")
            answer = list(self._moto(environ, start_response))
        return _cut(environ, answer, None) if fault == "answer lost" else answer

    def _next_fault(self, method: str) -> tuple[Fault | None, int]:
        for place, (of_method, fault, after) in enumerate(self._faults):
            if of_method == method:
                del self._faults[place]
                return fault, after
        return None, 0

    def _completes_a_taken_key(self, environ: dict[str, Any]) -> bool:
        if "uploadId" not in parse_qs(environ["QUERY_STRING"]) or environ.get("HTTP_IF_NONE_MATCH") != "*":
            return False
        bucket, key = environ["PATH_INFO"].removeprefix("/").split("/", 1)
        found = self.client().list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1).get("Contents", [])
        return any(stored["Key"] == key for stored in found)


def silent_port() -> int:
    """A port of this machine at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def write_rotating_keys(folder: Path, key_id: str, expires: str) -> dict[str, str]:
    """Have boto3 take temporary keys from a file, by a profile whose process reads it; what to set for that."""
    keys = folder / "keys.json"
    keys.write_text(
        f'{{"Version": 1, "AccessKeyId": "{key_id}", "SecretAccessKey": "secret of {key_id}", '
        f'"SessionToken": "token of {key_id}", "Expiration": "{expires}"}}'
    )
    config = folder / "aws_config"
    config.write_text(f"[profile rotating]\ncredential_process = cat {keys}\n")
    return {"AWS_CONFIG_FILE": str(config), "AWS_PROFILE": "rotating"}


def _refuse(start_response: Callable[..., Any], status: str, code: str) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "application/xml")])
    return [f"<Error><Code>{code}</Code><Message>as told</Message></Error>".encode()]


def _cut(environ: dict[str, Any], answer: Iterable[bytes], after: int | None) -> Iterator[bytes]:
    """The answer's first bytes, or not even its head, and then the connection is gone."""
    if after is not None:
        yield b"".join(answer)[:after]
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
