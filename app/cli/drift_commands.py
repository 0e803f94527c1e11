"""The command that compares two versions, periods or sources: drift."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from app.cli.acting import acting
from app.cli.console import Json, Output, note, print_text, progress_bar
from app.cli.dates import day
from app.cli.tables import print_table
from app.formatting import count, percentage
from lake_access.drift.compared import Side, side_of_days
from lake_access.errors import RefusedError, StorageError
from lake_access.lake import Lake, open_lake
from lake_access.settings import load_settings
from monitoring.drift.compare import compare_lake
from monitoring.drift.result import ColumnDrift, DatasetDrift, as_json

DRIFTED = 3

Text = str | None


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("drift")(drift)


def drift(
    reference: Annotated[Text, typer.Option(metavar="VERSION", help="Model version of the reference.")] = None,
    current: Annotated[Text, typer.Option(metavar="VERSION", help="Model version to hold against it.")] = None,
    reference_from: Annotated[Text, typer.Option(metavar="DATE", help="First day of the reference (UTC).")] = None,
    reference_to: Annotated[Text, typer.Option(metavar="DATE", help="Its last day, included.")] = None,
    current_from: Annotated[Text, typer.Option(metavar="DATE", help="First day of the current rows (UTC).")] = None,
    current_to: Annotated[Text, typer.Option(metavar="DATE", help="Their last day, included.")] = None,
    reference_source: Annotated[
        Text, typer.Option(metavar="SOURCE", help="Only leads of this first-touch source in the reference.")
    ] = None,
    current_source: Annotated[
        Text, typer.Option(metavar="SOURCE", help="Only leads of this source in the current rows.")
    ] = None,
    columns: Annotated[
        Text, typer.Option(metavar="COLUMNS", help="Only these columns, with commas between; default all.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write Evidently's report to this file too.")
    ] = None,
    fail_on_drift: Annotated[
        bool, typer.Option("--fail-on-drift", help="Exit with 3 where at least half of the columns drifted.")
    ] = False,
    as_json_: Json = False,
) -> None:
    """Compare what two model versions, periods or sources saw, over every row.

    Each feature, the score and the outcome get the test that Evidently would choose, with its value and verdict; beside
    it the noise floor (the same statistic between random halves of the reference) and whether the difference is more
    than chance, judged for all columns together. docs/drift.md says more.

    With versions, a row is a score of that version; without, a moment at which a lead was scored or last seen.

    \b
    Example: leadlake drift --reference-to 2025-09-30 --current-from 2025-10-01 --fail-on-drift
    """
    sides = (
        _side("reference", reference, reference_from, reference_to, reference_source),
        _side("current", current, current_from, current_to, current_source),
    )
    if sides[0] == sides[1]:
        raise typer.BadParameter("both sides are the same: name versions, days or sources", param_hint="--reference")
    wanted = [name.strip() for name in (columns or "").split(",") if name.strip()]
    lake = open_lake(load_settings(os.environ))
    found = _compared(lake, sides, tuple(wanted)) if html is None else _reported(lake, sides, tuple(wanted), html)
    Output(as_json_).result(as_json(found))
    if not as_json_:
        _print(found)
    if fail_on_drift and found.dataset_drift:
        raise typer.Exit(DRIFTED)


def _side(name: str, version: Text, since: Text, until: Text, source: Text) -> Side:
    first, last = day(since, f"--{name}-from"), day(until, f"--{name}-to")
    if first is not None and last is not None and last < first:
        raise typer.BadParameter(f"{until} is before --{name}-from {since}", param_hint=f"--{name}-to")
    return side_of_days(version, first, last, source)


def _refuse_empty(found: DatasetDrift) -> None:
    for side, rows in ((found.reference, found.reference_rows), (found.current, found.current_rows)):
        if rows == 0:
            raise RefusedError(f"nothing to compare: no row is of {side}; choose another version, period or source.")


def _compared(lake: Lake, sides: tuple[Side, Side], columns: tuple[str, ...]) -> DatasetDrift:
    """The comparison alone."""
    with progress_bar("Reading both sides", "share", 1.0) as bar:
        found = compare_lake(lake.pin(), *sides, columns, progress=lambda step, _: bar.show(step, 1.0))
    _refuse_empty(found)
    return found


def _reported(lake: Lake, sides: tuple[Side, Side], columns: tuple[str, ...], file: Path) -> DatasetDrift:
    """The comparison, with a report, which the lake keeps, and its page in the file."""
    # Evidently takes seconds to import, and is by this import alone on its way.
    from monitoring.evidently_report import ReportWish, make_report
    from monitoring.kept_reports import HTML, read_part

    actor, now = acting(lake.settings), datetime.now(UTC)
    with progress_bar("Evidently at work", "nothing") as bar:
        made = make_report(lake, ReportWish(*sides, columns), actor, now, lambda step, _: bar.show(step))
    try:
        file.write_bytes(read_part(lake.store, made.stored, HTML))
    except OSError as exc:
        raise StorageError(f"{file} cannot be written: {exc.strerror}; choose another place.") from exc
    note(f"Evidently's report {made.stored.id} is kept, and written to {file}.")
    return made.drift


def _print(found: DatasetDrift) -> None:
    header = ("column", "test", "value", "threshold", "noise", "drifted", "beyond chance", "PSI", "")
    rows = [_cells(column) for column in found.columns]
    print_table(header, rows, right=("value", "threshold", "noise", "PSI"))
    drifted = f"{count(len(found.drifted_columns))} of {count(len(found.columns))} columns drifted"
    print_text(
        f"{drifted} ({percentage(found.share)}): {'drift' if found.dataset_drift else 'no drift'} by Evidently's rule."
    )
    beyond = [column.column for column in found.columns if column.beyond_chance]
    chance = f"More than chance: {', '.join(beyond)}." if beyond else "Nothing that chance could not do."
    print_text(f"{chance} (Holm, {percentage(found.alpha)} for all columns together)")
    print_text(
        f"{count(found.reference_rows)} rows of {found.reference}; {count(found.current_rows)} of {found.current}."
    )


def _cells(column: ColumnDrift) -> tuple[str, ...]:
    return (
        column.column,
        column.test,
        _figure(column.value),
        f"{column.threshold:g}",
        _figure(column.noise),
        "yes" if column.drifted else "no",
        "yes" if column.beyond_chance else "no",
        _figure(column.psi),
        _remark(column),
    )


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _remark(column: ColumnDrift) -> str:
    if column.unseen.values:
        more = "" if column.unseen.values <= len(column.unseen.examples) else ", …"
        return f"unseen: {', '.join(column.unseen.examples)}{more}"
    return column.note
