"""Commands that serve: up, worker, demo."""

from __future__ import annotations

import ipaddress
import logging
import os
import socket
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from app.cli.acting import acting
from app.cli.console import Json, Output, note, progress_bar
from app.cli.processes import Part, run_together
from app.formatting import count
from jobs.demo import fill_with_demo, is_demo, plan_begun, wants_demo
from jobs.worker import run_worker
from lake_access.building.build import BuildResult
from lake_access.demo_events import DemoPlan
from lake_access.errors import RefusedError
from lake_access.lake import Lake, open_lake
from lake_access.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parents[2]
DEMO_LEADS = 50_000
DEMO_SEED = 7
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
CONNECT_SECONDS = 0.5


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("up")(up)
    app.command("worker")(worker)
    app.command("demo")(demo)


def up(
    port: Annotated[int, typer.Option(min=1, max=65535, metavar="PORT", help="The port of the dashboard.")] = 8501,
    address: Annotated[
        str,
        typer.Option(metavar="ADDRESS", help="The address to listen on; beyond this machine there is no sign-in yet."),
    ] = "127.0.0.1",
    demo_if_empty: Annotated[
        bool, typer.Option("--demo/--no-demo", help="Fill an empty lake with the demo first.")
    ] = True,
) -> None:
    """Serve the dashboard and its worker on this machine.

    On http://127.0.0.1:8501 unless told otherwise. Ctrl+C stops both.

    An empty lake is filled with the demo first: some 50,000 leads, under a minute. The worker looks every minute for
    what has landed, and builds it.

    \b
    Example: leadlake up --port 8600
    """
    settings = load_settings(os.environ)
    host = _listenable(address, port)
    lake = open_lake(settings)
    if demo_if_empty and wants_demo(lake):
        begun = plan_begun(lake)
        why = "A demo in this lake is half made" if begun else "The lake is empty"
        note(f"{why}: making the demo. (`leadlake up --no-demo` leaves it as it is.)")
        note(_demo_sentence(_fill(lake, begun or _plan(DEMO_LEADS, DEMO_SEED))))
    if demo_if_empty and is_demo(lake):
        _train_models(settings)
    _warn_of_strangers(host, address)
    url = f"http://{f'[{address}]' if ':' in address else address}:{port}"
    run_together(
        [
            Part("the dashboard", _dashboard(address, port)),
            Part("the worker", [sys.executable, "-m", "app.cli", "worker"]),
        ],
        _environment(settings),
        # The dashboard's settings, .streamlit/config.toml, are looked for in the working folder.
        ROOT,
        is_ready=lambda: _answers(host, port),
        when_ready=lambda: note(f"Leadlake is on {url} (Ctrl+C stops it)."),
    )


def worker() -> None:
    """Run the worker alone: it builds what lands.

    It looks at once and then every minute, and says on standard error what it has built. `leadlake up` runs one beside
    the dashboard. Ctrl+C ends it after the build at hand.

    \b
    Example: leadlake worker
    """
    settings = load_settings(os.environ)
    logging.getLogger("jobs").setLevel(logging.INFO)
    # It would tell of the lock that a worker has left which was ended amid a build: nothing that anybody need do.
    logging.getLogger("huey").setLevel(logging.ERROR)
    with suppress(KeyboardInterrupt):
        # To be asked to end is what a worker is for, before its own way of ending stands too.
        run_worker(settings)


def demo(
    leads: Annotated[int, typer.Option(min=1, max=5_000_000, metavar="N", help="How many leads to draw.")] = DEMO_LEADS,
    seed: Annotated[
        int, typer.Option(min=0, metavar="N", help="Another seed, other people; the same seed, the same lake.")
    ] = DEMO_SEED,
    until: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], metavar="DATE", help="When the demo's year ends, as 2025-12-31 (UTC); now if not set."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Fill an empty lake with a believable year.

    Three sources, scores by two model versions, sales actions, late outcomes, and drift to find (docs/demo.md). Nobody
    in it exists.

    A lake that holds events already is refused: the demo never mixes with real leads. A demo that was interrupted is
    finished by the same command.

    \b
    Example: LEADLAKE_HOME=/tmp/demo leadlake demo --leads 5000
    """
    settings = load_settings(os.environ)
    result = _fill(open_lake(settings), _plan(leads, seed, until))
    models = _train_models(settings)
    value = {"leads": result.leads, "read": result.read, "curated": result.curated}
    Output(as_json).result(
        {**value, "duplicates": result.duplicates, "quarantined": result.quarantined, "models": models},
        _demo_sentence(result),
        *([f"The models {' and '.join(models)} were trained on it."] if models else []),
    )


def _plan(leads: int, seed: int, until: datetime | None = None) -> DemoPlan:
    end = datetime.now(UTC) if until is None else until.replace(tzinfo=UTC)
    return DemoPlan(until=end, leads=leads, seed=seed)


def _fill(lake: Lake, plan: DemoPlan) -> BuildResult:
    with progress_bar("Making the demo lake", "share") as bar:

        def progress(stage: str, share: float | None) -> None:
            bar.show(stage, None if share is None else 1.0)
            bar.complete(share or 0.0)

        return fill_with_demo(lake, plan, progress)


def _train_models(settings: Settings) -> list[str]:
    """Train the demo's models where they are not there yet."""
    from training.registry import versions

    if len(versions(settings)) > 1:
        return []
    # scikit-learn and MLflow are imported only where there is something to train.
    from training.demo_models import train_demo_models

    with progress_bar("Training the demo's models", "share") as bar:

        def progress(step: str, share: float | None) -> None:
            bar.show(step, None if share is None else 1.0)
            bar.complete(share or 0.0)

        return list(train_demo_models(settings, acting(settings), datetime.now(UTC), progress))


def _demo_sentence(result: BuildResult) -> str:
    if result.curated == 0:
        return f"The demo lake holds {count(result.leads)} leads."
    return (
        f"The demo lake holds {count(result.leads)} leads and {count(result.curated)} events "
        f"({count(result.duplicates)} duplicates and {count(result.quarantined)} bad lines were sorted out)."
    )


def _dashboard(address: str, port: int) -> list[str]:
    hosts = [f"--server.allowedHosts={host}" for host in dict.fromkeys((*LOCAL_HOSTS, address))]
    return [
        *(sys.executable, "-m", "streamlit", "run", str(ROOT / "app" / "main.py")),
        *("--server.address", address, "--server.port", str(port), "--server.headless", "true"),
        *([] if "STREAMLIT_SERVER_ALLOWED_HOSTS" in os.environ else hosts),
        *("--logger.level", "warning"),
    ]


def _environment(settings: Settings) -> dict[str, str]:
    """Ours, with every path whole: the processes run in another folder."""
    variables = {"HOME": settings.home.absolute(), "CONFIG": settings.config_file.absolute(), "LAKE": settings.lake}
    database = settings.database
    if database.startswith("sqlite:///"):
        database = f"sqlite:///{Path(database.removeprefix('sqlite:///')).absolute()}"
    variables["DATABASE"] = database
    return {**os.environ, **{f"LEADLAKE_{name}": str(value) for name, value in variables.items()}}


def _listenable(address: str, port: int) -> tuple[socket.AddressFamily, str]:
    """The address as a socket takes it.

    Raises:
        RefusedError: nothing can listen there.
    """
    try:
        family, kind, _, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except OSError as exc:
        raise RefusedError(
            f"{address}:{port} cannot be listened on ({exc.strerror}); choose others with --port and --address."
        ) from exc
    return family, str(place[0])


def _answers(host: tuple[socket.AddressFamily, str], port: int) -> bool:
    family, address = host
    with socket.socket(family) as probe:
        probe.settimeout(CONNECT_SECONDS)
        return probe.connect_ex((address, port)) == 0


def _warn_of_strangers(host: tuple[socket.AddressFamily, str], address: str) -> None:
    if not ipaddress.ip_address(host[1].partition("%")[0]).is_loopback:
        note(
            f"Whoever reaches {address} holds every role: there is no sign-in yet. Let nobody in whom you do not trust."
        )
