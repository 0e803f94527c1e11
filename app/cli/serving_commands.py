"""Commands that serve: up, worker, demo."""

from __future__ import annotations

import ipaddress
import logging
import os
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from app.cli.acting import acting
from app.cli.console import Json, Output, note, progress_bar
from app.cli.processes import Part, run_together
from app.formatting import count
from app.serving.options import options_of
from jobs.demo import fill_with_demo, plan_begun, wants_demo, wants_models
from jobs.kinds import KINDS
from jobs.requests import request_job
from jobs.worker import run_worker
from lake_access.access_declarations import AccessDeclaration
from lake_access.building.build import BuildResult
from lake_access.database import open_database
from lake_access.demo_events import DemoPlan
from lake_access.errors import RefusedError
from lake_access.lake import Lake, open_lake
from lake_access.permissions import Actor
from lake_access.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parents[2]
DEMO_LEADS = 50_000
DEMO_SEED = 7
CONTAINER_MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))
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
        typer.Option(metavar="ADDRESS", help="The address to listen on; another than this machine's takes a sign-in."),
    ] = "127.0.0.1",
    in_container: Annotated[
        bool,
        typer.Option(
            "--in-container", help="Let a container listen to its host without sign-in; publish the port to 127.0.0.1."
        ),
    ] = False,
    demo_if_empty: Annotated[
        bool, typer.Option("--demo/--no-demo", help="Fill an empty lake with the demo first.")
    ] = True,
) -> None:
    """Serve the dashboard and its worker on this machine.

    On http://127.0.0.1:8501 unless told otherwise. Ctrl+C stops both.

    An empty lake is filled with the demo first: some 50,000 leads, under a minute. The worker then trains the demo's
    two models, while the dashboard is open already. It looks every minute for what has landed, and builds it.

    \b
    Example: leadlake up --port 8600
    """
    settings = load_settings(os.environ)
    access = settings.declarations.access
    host = _listenable(address, port)
    if access.sign_in == "none" and not _is_loopback(host):
        _refuse_strangers(address, in_container=in_container)
    lake = open_lake(settings)
    if demo_if_empty and wants_demo(lake):
        begun = plan_begun(lake)
        why = "A demo in this lake is half made" if begun else "The lake is empty"
        note(f"{why}: making the demo. (`leadlake up --no-demo` leaves it as it is.)")
        note(_demo_sentence(_fill(lake, begun or _plan(DEMO_LEADS, DEMO_SEED))))
    if demo_if_empty and wants_models(lake):
        _queue_models(settings)
    url = f"http://{f'[{address}]' if ':' in address else address}:{port}"
    run_together(
        [
            Part("the dashboard", _dashboard(address, port, access)),
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
    models = _make_models(settings)
    value = {"leads": result.leads, "read": result.read, "curated": result.curated}
    Output(as_json).result(
        {**value, "duplicates": result.duplicates, "quarantined": result.quarantined, "models": models},
        _demo_sentence(result),
        *([f"The models {' and '.join(models)} were trained on it, and a promotion waits."] if models[1:] else []),
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


def _make_models(settings: Settings) -> list[str]:
    """Make in place what the demo has to show of models."""
    # scikit-learn, MLflow and Evidently are imported only where there is something to train.
    from jobs.demo_models import make_demo_models

    with progress_bar("Making the demo's models", "share") as bar:

        def progress(step: str, share: float | None) -> None:
            bar.show(step, None if share is None else 1.0)
            bar.complete(share or 0.0)

        return list(make_demo_models(settings, acting(settings), datetime.now(UTC), progress, note))


def _queue_models(settings: Settings) -> None:
    """Have the worker make them, so that the dashboard opens at once."""
    if settings.declarations.access.sign_in == "none":
        actor = acting(settings)
    else:
        # Whoever starts the server need not be listed as somebody who may act by commands.
        actor = Actor("leadlake", frozenset({"admin"}), "worker")
    request_job(open_database(settings), KINDS, "demo_models", {}, actor, datetime.now(UTC))
    note("The worker trains the demo's two models; the page Jobs shows how far it is.")


def _demo_sentence(result: BuildResult) -> str:
    if result.curated == 0:
        return f"The demo lake holds {count(result.leads)} leads."
    return (
        f"The demo lake holds {count(result.leads)} leads and {count(result.curated)} events "
        f"({count(result.duplicates)} duplicates and {count(result.quarantined)} bad lines were sorted out)."
    )


def _dashboard(address: str, port: int, access: AccessDeclaration) -> list[str]:
    return [
        *(sys.executable, "-m", "streamlit", "run", str(ROOT / "app" / "server.py")),
        *("--server.address", address, "--server.port", str(port), "--server.headless", "true"),
        *options_of(access, address, hosts_are_set="STREAMLIT_SERVER_ALLOWED_HOSTS" in os.environ),
        *("--logger.level", "warning"),
    ]


def _environment(settings: Settings) -> dict[str, str]:
    """Ours, with every path whole: the processes run in another folder."""
    variables = {"HOME": settings.home.absolute(), "CONFIG": settings.config_file.absolute(), "LAKE": settings.lake}
    database = settings.database
    if database.startswith("sqlite:///"):
        database = f"sqlite:///{Path(database.removeprefix('sqlite:///')).absolute()}"
    variables["DATABASE"] = database
    ours = {f"LEADLAKE_{name}": str(value) for name, value in variables.items()}
    # Who is at the other end is for the door to judge, by the connection and not by what it says of itself.
    return {**os.environ, **ours, "FORWARDED_ALLOW_IPS": ""}


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


def _is_loopback(host: tuple[socket.AddressFamily, str]) -> bool:
    return ipaddress.ip_address(host[1].partition("%")[0]).is_loopback


def _refuse_strangers(address: str, *, in_container: bool) -> None:
    """Refuse to listen beyond this machine while nobody has to sign in.

    Raises:
        RefusedError: unless this is a container whose host decides who reaches it.
    """
    if in_container and any(mark.exists() for mark in CONTAINER_MARKS):
        note("There is no sign-in: whoever reaches the published port holds every role. Publish it to 127.0.0.1 only.")
        return
    raise RefusedError(
        f"{address} can be reached by others, and without a sign-in whoever reaches it holds every role. "
        'Set access.sign_in to "oidc" or "proxy" in leadlake.toml (docs/sign-in.md), or keep to 127.0.0.1; '
        "a container whose port is published to 127.0.0.1 takes --in-container."
    )
