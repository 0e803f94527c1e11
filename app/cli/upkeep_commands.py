"""Commands that look after the tables' files: maintain."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Annotated

import typer

from app.cli.console import Json, Output, progress_bar
from app.formatting import count, file_size
from lake_access.lake import open_lake
from lake_access.settings import load_settings
from lake_access.upkeep.maintain import TableUpkeep, Upkeep, maintain


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("maintain")(run_maintain)


def run_maintain(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what there is to do, and change nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Compact small files, and remove what nobody can be reading.

    Small data files of a partition are written as few; no row changes. Snapshots that no reader could have pinned
    within snapshot_retention_days (leadlake.toml) expire, and files that nothing refers to any more, and that are
    older than that, are removed. Raw events are never removed.

    It may run beside builds and readers, be killed, repeated, or run twice at once. Once a day is often enough.

    \b
    Example: leadlake maintain --dry-run
    """
    lake = open_lake(load_settings(os.environ))
    with progress_bar("Looking", "nothing") as bar:
        done = maintain(lake, datetime.now(UTC), dry_run=dry_run, progress=bar.show)
    value = {
        "dry_run": dry_run,
        "tables": {name: vars(table) for name, table in done.tables.items()},
        "leftover_files": done.leftover_files,
        "leftover_bytes": done.leftover_bytes,
    }
    Output(as_json).result(value, *_told(done, dry_run=dry_run))


def _told(done: Upkeep, *, dry_run: bool) -> list[str]:
    """A line for each table with something done, or that there was nothing to do."""
    would = "would be " if dry_run else ""
    lines = [
        f"{name}: {'; '.join(parts)}." for name, table in done.tables.items() if (parts := _parts(table, would=would))
    ]
    if done.leftover_files:
        lines.append(
            f"{_files(done.leftover_files)} of landings and processes that were cut short, "
            f"{file_size(done.leftover_bytes)}, {would}removed."
        )
    if not lines:
        return ["Nothing to do: no small files to join, no snapshot or file past the retention."]
    return [*lines, "Nothing was changed."] if dry_run else lines


def _parts(table: TableUpkeep, *, would: str) -> list[str]:
    parts = []
    if table.files_after < table.files_before:
        parts.append(f"{_files(table.files_before)} {would}written as {count(table.files_after)}")
    if table.snapshots_expired:
        snapshots = "1 snapshot" if table.snapshots_expired == 1 else f"{count(table.snapshots_expired)} snapshots"
        parts.append(f"{snapshots} {would}let go")
    if table.orphan_files:
        parts.append(f"{_files(table.orphan_files)} no longer used, {file_size(table.orphan_bytes)}, {would}removed")
    return parts


def _files(number: int) -> str:
    return "1 file" if number == 1 else f"{count(number)} files"
