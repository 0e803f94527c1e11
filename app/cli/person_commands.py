"""The command that forgets a person."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from app.cli.acting import acting
from app.cli.console import Json, Output, note, progress_bar
from app.formatting import count
from jobs.forgetting import forget_person as forget
from lake_access.database import open_database
from lake_access.forgetting.forget import Forgotten
from lake_access.lake import open_lake
from lake_access.settings import load_settings


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("forget")(forget_person)


def forget_person(
    email: Annotated[
        str, typer.Argument(metavar="EMAIL", help="The person's address; - reads it from standard input.")
    ],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for the ledger; without the address.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether it is meant.")] = False,
    as_json: Json = False,
) -> None:
    """Erase a person from the lake, for good.

    Raw events that name the person are taken out, all tables are built again from what is left, and every earlier
    state goes, with reports that name the lead, and what queries, jobs, comparisons and promotion requests say of it.
    All addresses and CRM keys go that events have joined to the one given. The ledger keeps that it was done, and a
    keyed hash.

    It takes as long as a replay of everything. A run that was cut short is finished by repeating it.

    \b
    Example: leadlake forget john@example.com --reason "asked for it, case 12" --yes
    """
    address = sys.stdin.readline().strip() if email == "-" else email
    if not yes:
        note("This erases the person from raw events, tables and every earlier state. It cannot be undone.")
        typer.confirm("Go on?", abort=True, err=True)
    settings = load_settings(os.environ)
    lake = open_lake(settings)
    with progress_bar("Looking", "nothing") as bar:
        done = forget(
            lake, open_database(settings), acting(settings), address, reason, lambda: datetime.now(UTC), bar.show
        )
    value = {
        "subject": str(done.identity_id),
        "leads": done.leads,
        "lines": done.lines,
        "batches": done.batches,
        "snapshots": done.snapshots,
        "reports": list(done.reports),
        "unreadable": list(done.unreadable),
        "elsewhere": dict(done.elsewhere),
    }
    for key in done.unreadable:
        note(f"{key}: corrupt, so nobody can tell whether it names the person; remove it by hand.")
    Output(as_json).result(value, _sentence(done))


def _sentence(done: Forgotten) -> str:
    def so_many(number: int, what: str) -> str:
        return f"1 {what}" if number == 1 else f"{count(number)} {what}{'es' if what.endswith('ch') else 's'}"

    return (
        f"Forgotten: {so_many(done.lines, 'raw line')} of {so_many(done.batches, 'batch')}, "
        f"{so_many(done.leads, 'lead')}, {so_many(done.snapshots, 'earlier snapshot')}, "
        f"{so_many(len(done.reports), 'report')}, "
        f"{so_many(sum(done.elsewhere.values()), 'row')} elsewhere. The ledger knows the person as {done.identity_id}."
    )
