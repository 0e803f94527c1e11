"""Commands that read the ledger: audit."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.acting import acting
from app.cli.console import Json, Output, print_text
from app.cli.tables import print_table
from app.formatting import count, moment
from lake_access.database import open_database
from lake_access.errors import StorageError
from lake_access.ledger import Entry, entries, verify
from lake_access.permissions import Action, require
from lake_access.settings import load_settings

SHOWN = 50


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("audit")(audit)


def audit(
    verify_only: Annotated[bool, typer.Option("--verify", help="Say only whether the chain of rows holds.")] = False,
    export: Annotated[
        Path | None, typer.Option("--export", metavar="FILE", help="Write every row to this file, as JSON lines.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the ledger: who did what and when, and whether its chain of hashes holds.

    Each row holds the hash of the one before it, so that a row that was changed, added or removed is found; the first
    one is named, and the exit code is 1.

    \b
    Example: leadlake audit --verify
    """
    settings = load_settings(os.environ)
    require(acting(settings), Action.VIEW_LEDGER)
    engine = open_database(settings)
    checked = verify(engine)
    found = [] if verify_only and export is None else entries(engine)
    if export is not None:
        _write(found, export)
    value: dict[str, Any] = vars(checked)
    if not verify_only:
        value = {**value, "entries": [_row(entry) for entry in found]}
    if not as_json and not verify_only:
        _print(found)
    told = "the chain holds" if checked.valid else f"row {checked.first_broken} was changed, added or is missing"
    Output(as_json).result(value, f"{count(checked.rows)} rows: {told}.")
    if not checked.valid:
        raise typer.Exit(1)


def _row(entry: Entry) -> dict[str, Any]:
    return {**vars(entry), "at": entry.at.isoformat(), "details": dict(entry.details)}


def _write(found: list[Entry], file: Path) -> None:
    lines = (json.dumps(_row(entry), ensure_ascii=False, sort_keys=True) + "\n" for entry in found)
    try:
        with file.open("w", encoding="utf-8") as written:
            written.writelines(lines)
    except OSError as exc:
        raise StorageError(f"{file}: cannot be written ({exc.strerror}); name another file.") from exc


def _print(found: list[Entry]) -> None:
    if len(found) > SHOWN:
        print_text(f"The newest {SHOWN} rows; --export or --json gives all.")
    rows = [
        (entry.number, moment(entry.at), entry.actor, entry.via, entry.event, entry.subject, _why(entry))
        for entry in found[-SHOWN:]
    ]
    print_table(("row", "when", "who", "by", "what", "of", "reason"), rows, right=("row",))


def _why(entry: Entry) -> object:
    return entry.details.get("reason") or entry.details.get("why")
