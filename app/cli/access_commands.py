"""Commands about who is let in: revoke."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Annotated

import typer

from app.cli.acting import acting
from app.cli.console import Json, Output
from lake_access.database import open_database
from lake_access.sessions import revoke as revoke_sessions
from lake_access.settings import load_settings


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("revoke")(revoke)


def revoke(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose sessions: the name in the ledger.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; the ledger keeps it.")],
    as_json: Json = False,
) -> None:
    """End every session of somebody who signed in.

    At their next click they are asked to sign in again, which works as long as the provider and a list of
    leadlake.toml know them. It takes the role admin.

    \b
    Example: leadlake revoke vera@example.com --reason "left the company"
    """
    settings = load_settings(os.environ)
    revoke_sessions(open_database(settings), acting(settings), name, reason, datetime.now(UTC))
    Output(as_json).result({"revoked": name}, f"Every session of {name} is over.")
