"""Commands that serve: up, worker, demo."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from app.cli.console import Output, errors, progress_bar
from app.formatting import count
from jobs.demo import fill_with_demo, is_empty
from jobs.worker import run_worker
from lake_access.building.build import BuildResult
from lake_access.demo_events import DemoPlan
from lake_access.errors import RefusedError
from lake_access.lake import Lake, open_lake
from lake_access.settings import Settings, load_settings

ENTRY_SCRIPT = Path(__file__).resolve().parent.parent / "main.py"
DEMO_LEADS = 50_000
DEMO_SEED = 7
PATIENCE_SECONDS = 10


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("up")(up)
    app.command("worker")(worker)
    app.command("demo")(demo)


def up(
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port of the dashboard.")] = 8501,
    address: Annotated[
        str, typer.Option(help="The address to listen on; beyond this machine there is no sign-in yet.")
    ] = "127.0.0.1",
    demo_if_empty: Annotated[
        bool, typer.Option("--demo/--no-demo", help="Fill an empty lake with the demo first.")
    ] = True,
) -> None:
    """Serve the dashboard and its worker on this machine.

    On http://127.0.0.1:8501 unless told otherwise; Ctrl+C stops both.

    An empty lake is filled with the demo first (some 50,000 leads, under a minute).
    """
    settings = load_settings(os.environ)
    lake = open_lake(settings)
    _refuse_taken_port(address, port)
    if demo_if_empty and is_empty(lake):
        _demo_sentence(_fill(lake, DEMO_LEADS, DEMO_SEED))
    dashboard = [
        sys.executable, "-m", "streamlit", "run", str(ENTRY_SCRIPT),
        "--server.address", address, "--server.port", str(port), "--server.headless", "true",
    ]  # fmt: skip
    errors.print(f"Leadlake is on http://{address}:{port} (Ctrl+C stops it).", markup=False)
    _run_together([dashboard, [sys.executable, "-m", "app.cli", "worker"]], settings)


def worker() -> None:
    """Run the worker alone: it builds what lands.

    It looks every minute. `leadlake up` runs one beside the dashboard.
    """
    run_worker(load_settings(os.environ))


def demo(
    leads: Annotated[int, typer.Option(min=1, max=5_000_000, help="How many leads to draw.")] = DEMO_LEADS,
    seed: Annotated[
        int, typer.Option(min=0, help="Another seed, other people; the same seed, the same lake.")
    ] = DEMO_SEED,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day of the demo's year; default now.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object on standard output, and nothing else there.")
    ] = False,
) -> None:
    """Fill an empty lake with a believable year.

    Three sources, scores by two model versions, sales actions, late outcomes, and drift to find (docs/demo.md).

    A lake that holds events already is refused: the demo never mixes with real leads.
    """
    result = _fill(open_lake(load_settings(os.environ)), leads, seed, until)
    value = {"leads": result.leads, "read": result.read, "curated": result.curated}
    Output(as_json).result(
        {**value, "duplicates": result.duplicates, "quarantined": result.quarantined}, _demo_sentence(result)
    )


def _fill(lake: Lake, leads: int, seed: int, until: datetime | None = None) -> BuildResult:
    end = datetime.now(UTC) if until is None else until.replace(tzinfo=UTC)
    with progress_bar("Making the demo lake", total=1.0) as advance:
        stage, done = "", 0.0

        def show(new_stage: str, share: float) -> None:
            nonlocal stage, done
            # A stage starts its bar anew.
            advance(share - done, new_stage)
            stage, done = new_stage, share

        return fill_with_demo(lake, DemoPlan(until=end, leads=leads, seed=seed), show)


def _demo_sentence(result: BuildResult) -> str:
    return (
        f"The demo lake holds {count(result.leads)} leads and {count(result.curated)} events "
        f"({count(result.duplicates)} duplicates and {count(result.quarantined)} bad lines were sorted out)."
    )


def _refuse_taken_port(address: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as exc:
            raise RefusedError(
                f"{address}:{port} cannot be listened on ({exc.strerror}); choose another with --port."
            ) from exc


def _run_together(commands: Sequence[Sequence[str]], settings: Settings) -> None:
    """Run the processes until one ends or we are stopped; then stop the others."""
    # Streamlit reads its configuration from where it is started, so what is relative to here must be said in full.
    environment = {**os.environ, "LEADLAKE_HOME": str(settings.home.absolute())}
    environment["LEADLAKE_CONFIG"] = str(settings.config_file.absolute())
    if settings.environment.lake is not None:
        environment["LEADLAKE_LAKE"] = settings.lake
    root = ENTRY_SCRIPT.parent.parent
    processes = [subprocess.Popen(command, cwd=root, env=environment) for command in commands]
    previous = signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    try:
        while all(process.poll() is None for process in processes):
            time.sleep(0.2)
    finally:
        signal.signal(signal.SIGTERM, previous)
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
    failed = [process.returncode for process in processes if process.returncode not in (0, -signal.SIGTERM)]
    if failed:
        raise RefusedError("the dashboard or its worker ended by itself; what it said stands above.")
