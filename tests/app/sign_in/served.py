"""The real server in its own process, with a real provider beside it, and a browser's cookies to ask it with."""

from __future__ import annotations

import http.client
import os
import re
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.lake_access.lakes import shipped_config

ROOT = Path(__file__).parents[3]
CLIENT = "leadlake"
COOKIE_SECRET = secrets.token_hex(32)
START_SECONDS = 90
ROLES = """
contact = "Ask the lake's keeper."
hosts = ["leads.example.com"]

[access.roles]
viewer = { emails = ["vera@example.com"] }
analyst = { groups = ["data"] }
ml_engineer = { emails = ["mia@example.com"] }
admin = { groups = ["wardens"] }

[access.command_line.nobody_here]
roles = ["viewer"]
"""


@dataclass(frozen=True)
class Served:
    """A server: its address, its home, its settings and the provider at which its people sign in."""

    address: str
    home: Path
    config: Path
    provider: str

    @property
    def environment(self) -> dict[str, str]:
        """Ours, as settings are read from it."""
        return {"LEADLAKE_HOME": str(self.home), "LEADLAKE_CONFIG": str(self.config)}

    def visitor(self) -> httpx.Client:
        """Somebody with a browser's cookies, who follows no redirect by themselves."""
        return httpx.Client(base_url=self.address, headers={"accept": "text/html"}, timeout=30)


def write_config(file: Path, access: str) -> Path:
    """The shipped settings with this section `[access]`."""
    file.write_text(f"{shipped_config()}\n[access]\n{access}", encoding="utf-8")
    return file


@contextmanager
def provider_process() -> Iterator[str]:
    """A provider on a free port; its address."""
    port = free_port()
    with _process(
        [sys.executable, str(Path(__file__).with_name("provider.py")), str(port)], os.environ, None
    ) as running:
        address = f"http://127.0.0.1:{port}"
        _await(f"{address}/.well-known/openid-configuration", running, None)
        yield address


@contextmanager
def server_process(
    home: Path, config: Path, options: Sequence[str] = (), secrets_file: Path | None = None, port: int | None = None
) -> Iterator[str]:
    """The server as `leadlake up` starts it; its address."""
    port = port or free_port()
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("LEADLAKE_", "STREAMLIT_"))}
    environment = {**clean, "PYTHONPATH": str(ROOT), "LEADLAKE_HOME": str(home), "LEADLAKE_CONFIG": str(config)}
    environment["FORWARDED_ALLOW_IPS"] = ""
    given = [f"--secrets.files={secrets_file}"] if secrets_file else []
    command = [sys.executable, "-m", "streamlit", "run", "app/server.py", "--server.port", str(port), *options, *given]
    log = home / "server.log"
    with _process(command, environment, log) as running:
        address = f"http://localhost:{port}"
        _await(f"{address}/_stcore/health", running, log)
        yield address


def write_secrets(file: Path, port: int, provider: str, origin: str | None = None) -> Path:
    """Streamlit's secrets with two providers, which are one and the same server."""
    entry = f'client_id = "{CLIENT}"\nclient_secret = "x"\nserver_metadata_url = "{provider}'
    file.write_text(
        f'[auth]\nredirect_uri = "{origin or f"http://localhost:{port}"}/oauth2callback"\n'
        f'cookie_secret = "{COOKIE_SECRET}"\n'
        f'[auth.house]\n{entry}/.well-known/openid-configuration"\n'
        f'[auth.guests]\nlabel = "Guests <b>"\n{entry}/.well-known/openid-configuration"\n',
        encoding="utf-8",
    )
    return file


def sign_in(visitor: httpx.Client, name: str, place: str = "/", provider: str = "house") -> httpx.Response:
    """Go the whole way to the provider and back as this person; the answer to the way back."""
    return visitor.get(way_back(visitor, name, place, provider))


def way_back(visitor: httpx.Client, name: str, place: str = "/", provider: str = "house") -> str:
    """Go to the provider, say there who one is, and stop: the address by which one would come back."""
    answer = visitor.get("/sign-in/go", params={"provider": provider, "next": place})
    answer = visitor.get(answer.headers["location"])
    assert answer.status_code == 302, answer.text
    answer = httpx.post(answer.headers["location"], data={"sub": name}, timeout=30)
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


def handshake(address: str, headers: Mapping[str, str], path: str = "/_stcore/stream") -> int:
    """The status that a WebSocket's handshake gets: 101 where it is let in."""
    where = urlsplit(address)
    connection = http.client.HTTPConnection(str(where.hostname), where.port, timeout=20)
    asked = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    asked |= {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": "streamlit"}
    try:
        connection.request("GET", path, headers={**asked, **headers})
        return connection.getresponse().status
    finally:
        connection.close()


def cookie_header(visitor: httpx.Client) -> dict[str, str]:
    """The visitor's cookies, as a header."""
    return {"Cookie": "; ".join(f"{cookie.name}={cookie.value}" for cookie in visitor.cookies.jar)}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def texts(page: str) -> str:
    """What a page says, without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL))


@contextmanager
def _process(
    command: Sequence[str], environment: Mapping[str, str], log: Path | None
) -> Iterator[subprocess.Popen[bytes]]:
    out = subprocess.DEVNULL if log is None else log.open("wb")
    running = subprocess.Popen(command, cwd=ROOT, env=dict(environment), stdout=out, stderr=subprocess.STDOUT)
    try:
        yield running
    finally:
        running.terminate()
        running.wait(20)
        if not isinstance(out, int):
            out.close()


def _await(url: str, running: subprocess.Popen[bytes], log: Path | None) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and running.poll() is None:
        try:
            if httpx.get(url, timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    said = log.read_text(encoding="utf-8", errors="replace") if log else "nothing"
    raise RuntimeError(f"{url} did not come up:\n{said}")
