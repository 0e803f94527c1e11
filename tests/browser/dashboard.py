"""The real dashboard in its own process, and a browser to read it with."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, Playwright, expect

ROOT = Path(__file__).parents[2]
SYSTEM_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
START_SECONDS = 60
DRAW_MILLISECONDS = 30_000
DRAWN = """() => {
    const all = part => [...document.querySelectorAll(`[data-testid=${part}]`)];
    return all('stSkeleton').length + document.querySelectorAll('[data-stale=true]').length === 0
        && all('stPlotlyChart').length + all('stAlert').length + all('stDataFrame').length > 0
        && all('stPlotlyChart').every(chart => chart.querySelector('.main-svg .xtick'));
}"""


@dataclass(frozen=True)
class Served:
    """Where a server is, and its process."""

    address: str
    process_id: int


@contextmanager
def serve(home: Path, **variables: str) -> Iterator[str]:
    """Serve the dashboard over the lake in `home` on a free port; the address, until the block ends.

    `variables` are of its environment too.
    """
    with serving(home, **variables) as served:
        yield served.address


@contextmanager
def serving(home: Path, script: str = "app/server.py", **variables: str) -> Iterator[Served]:
    """The same of the dashboard or another script of Streamlit's; what is served is told with its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("LEADLAKE_", "STREAMLIT_"))}
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port)]
    log = home / "dashboard.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**clean, "LEADLAKE_HOME": str(home), **variables},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            _await(address, process, log)
            yield Served(address, process.pid)
        finally:
            process.terminate()
            process.wait(20)


def launch(playwright: Playwright) -> Browser:
    """The system's Chromium where there is one that runs, else Playwright's own."""
    return playwright.chromium.launch(executable_path=system_browser(), args=FLAGS)


def wait_until_drawn(page: Page, milliseconds: int = DRAW_MILLISECONDS) -> None:
    """Wait until the script has run and all that it sent is drawn: charts, or a notice in their place."""
    app = page.get_by_test_id("stApp")
    expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=milliseconds)
    page.wait_for_function(DRAWN, timeout=milliseconds)


def _await(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):  # noqa: S310  (our own address)
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise RuntimeError(f"the dashboard did not start:\n{log.read_text(encoding='utf-8', errors='replace')}")


def system_browser() -> str | None:
    """The program of the system's Chromium or Chrome, where there is one that runs."""
    for name in SYSTEM_BROWSERS:
        path = shutil.which(name)
        # Run it: on Ubuntu `chromium-browser` may be a mere hint to install a snap.
        if path and subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0:
            return path
    return None
