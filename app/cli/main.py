"""The commands' common frame, and the one place where an error becomes a sentence and an exit code."""

from __future__ import annotations

import logging
import os
import sys

import typer

from app.cli import lake_commands, serving_commands
from app.cli.console import fail
from lake_access.errors import LeadlakeError

app = typer.Typer(
    name="leadlake",
    help="Leadlake keeps every lead event, shows where conversion comes from, and learns better scoring models.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
serving_commands.register(app)
lake_commands.register(app)


def main() -> None:
    """Run one command: exit 0 done, 1 refused or failed (one sentence says why), 2 wrong usage, 130 interrupted."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    try:
        app(standalone_mode=True)
    except LeadlakeError as exc:
        fail(str(exc))
        sys.exit(1)
    except (KeyboardInterrupt, typer.Abort):
        fail("interrupted; what was committed stays, the rest was not done.")
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output went away, as `head` does.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
