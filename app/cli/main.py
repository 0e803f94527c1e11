"""The commands' common frame."""

from __future__ import annotations

import importlib.metadata
import logging
import os
import sys
from io import TextIOWrapper
from typing import Annotated

import typer

from app.cli import (
    access_commands,
    alert_commands,
    checking_commands,
    conversion_commands,
    drift_commands,
    job_commands,
    landing_commands,
    ledger_commands,
    person_commands,
    promotion_commands,
    reading_commands,
    replay_commands,
    serving_commands,
    training_commands,
    upkeep_commands,
)
from app.cli.acting import let_in
from app.cli.console import print_text
from app.cli.failures import Commands, end_abandoned_threads, end_on_signals

ABOUT = """Leadlake keeps every lead event, shows where conversion comes from, and learns better scoring models."""

EPILOG = """
The lake stands in the folder LEADLAKE_HOME, ./var unless set. docs/settings.md lists the other variables.

Exit codes: 0 done; 1 refused or failed, with one sentence on standard error; 2 wrong usage; 130 interrupted.
"""

app = typer.Typer(
    name="leadlake",
    help=ABOUT,
    epilog=EPILOG,
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for commands in (
    serving_commands,
    landing_commands,
    replay_commands,
    reading_commands,
    conversion_commands,
    training_commands,
    drift_commands,
    upkeep_commands,
    alert_commands,
    job_commands,
    person_commands,
    promotion_commands,
    ledger_commands,
    checking_commands,
    access_commands,
):
    commands.register(app)


def run() -> None:
    """Run one command and end the process."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    if sys.stdout is None:
        # Whoever started us closed it.
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    for stream in (sys.stdout, sys.stderr):
        # A file's name may hold what the terminal's encoding has not.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    end_on_signals()
    try:
        app()
    except SystemExit as ended:
        end_abandoned_threads(ended.code if isinstance(ended.code, int) else 0)
        raise


def _print_version(wanted: bool) -> None:
    if wanted:
        print_text(f"leadlake {importlib.metadata.version('leadlake')}")
        raise typer.Exit


@app.callback()
def _frame(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001  (its callback does the work)
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    if context.invoked_subcommand is not None:
        let_in(context.invoked_subcommand, os.environ)
