"""The command that asks the tables in SQL, and what every command that reads them needs."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import typer

from app.cli.acting import acting
from app.cli.console import Json, Output, note, progress_bar
from app.cli.tables import print_result
from app.formatting import count
from jobs.waiting import waiting_batches
from lake_access.export import ExportFormat, write_result
from lake_access.lake import Lake, PinnedLake, open_lake
from lake_access.settings import load_settings
from lake_access.sql import SqlResult, run_sql

Format = Literal["table", "json", "csv", "parquet"]
SHOWN_ROWS = 1_000
BY_ENDING: dict[str, ExportFormat] = {".csv": "csv", ".json": "json", ".parquet": "parquet"}

Result = TypeVar("Result")
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="WHEN",
        help="Read what a reader saw then: a time, as 2025-01-31T12:00:00Z, or a snapshot's id.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("query")(query)


def query(
    sql: Annotated[str, typer.Argument(metavar="SQL", help="One SELECT, in DuckDB's dialect.")],
    format_: Annotated[
        Format | None,
        typer.Option("--format", help="How the result is written: table, or what the ending of --out says."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the whole result to this file.")
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, metavar="N", help="Rows to print; with --out the whole result is written.")
    ] = SHOWN_ROWS,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Ask the tables in SQL, read only.

    \b
    curated.leads            a row for a lead: its sources, scores, location, outcome
    curated.events           a row for an accepted event
    curated.scores           a row for a score that a model version gave a lead
    features.lead_features   a row for a lead as of a moment: what a model may know then
    marts.leads_by_source    a row for the leads of a day by source, last source, band
    marts.leads_by_model     the same by source, band, model version, contacted or not
    marts.leads_by_location  the same by source, band, location
    marts.leads_by_device    the same by source, band, device
    marts.leads_by_campaign  the same by source, band, campaign
    marts.leads_by_action    the same by source, band, first sales action
    marts.leads_by_age       the same by source, band, days within which they converted
    curated.quarantine       a row for a refused line, with the reason
    curated.batches          a row for a built file, with its counts

    \b
    Their columns: leadlake query "SELECT column_name FROM information_schema.columns WHERE table_name = 'leads'"

    On a terminal, a result wider than it is shown one column a line.

    --as-of takes a time (UTC where it has no zone; a day means its first moment), or the id of a snapshot, as
    `leadlake build --json` prints them. Earlier states last for snapshot_retention_days (leadlake.toml).

    \b
    Example: leadlake query "SELECT source, count(*) FROM curated.leads GROUP BY ALL" --out sources.csv
    """
    _refuse_broken_text(sql)
    when = moment_or_snapshot(as_of)
    if out is not None:
        _query_to_file(sql, out, _file_format(out, format_), Output(as_json), when)
        return
    if format_ == "parquet":
        raise typer.BadParameter("Parquet needs a file: add --out FILE", param_hint="--format")
    if as_json and format_ not in (None, "json"):
        raise typer.BadParameter(f"--json prints JSON, and --format asks for {format_}", param_hint="--format")
    result = _run(sql, limit, when)
    if as_json or format_ == "json":
        write_result(result, None, "json")
    elif format_ == "csv":
        write_result(result, None, "csv")
    else:
        print_result(result.columns, result.rows())
    if result.truncated:
        note(f"Only the first {count(limit)} rows are shown; --limit N shows more, --out FILE writes all.")


def _refuse_broken_text(sql: str) -> None:
    try:
        sql.encode()
    except UnicodeEncodeError as exc:
        raise typer.BadParameter("it holds bytes that are no text here; check LANG", param_hint="SQL") from exc


def _query_to_file(sql: str, out: Path, format_: ExportFormat, output: Output, when: datetime | int | None) -> None:
    result = _run(sql, None, when)
    write_result(result, out, format_)
    rows = result.table.num_rows
    output.result({"written": str(out), "rows": rows}, f"{count(rows)} rows written to {out}.")


def _file_format(out: Path, asked: Format | None) -> ExportFormat:
    if asked == "table":
        raise typer.BadParameter("a file is csv, json or parquet", param_hint="--format")
    if asked is not None:
        return asked
    if out.suffix not in BY_ENDING:
        raise typer.BadParameter(
            f"{out} ends in none of {', '.join(BY_ENDING)}; say which with --format", param_hint="--out"
        )
    return BY_ENDING[out.suffix]


def _run(sql: str, limit: int | None, when: datetime | int | None) -> SqlResult:
    lake = open_lake(load_settings(os.environ))
    pinned = pin_at(lake, when)
    result = _await(lambda: run_sql(pinned, sql, limit))
    if when is None:
        tell_of_unbuilt(lake, pinned)
    return result


def pin_at(lake: Lake, when: datetime | int | None) -> PinnedLake:
    """The lake's tables as this user may see them, now or as of an earlier moment or snapshot."""
    limits = acting(lake.settings).limits
    return lake.pin(limits) if when is None else lake.pin_as_of(when, limits)


def moment_or_snapshot(text: str | None) -> datetime | int | None:
    """A moment, or a snapshot's id; those have more digits than a day written without its dashes."""
    if text is None:
        return None
    if text.isdecimal() and len(text) > len("20250131"):
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        raise typer.BadParameter(
            f"{text!r} is neither a time such as 2025-01-31T12:00:00Z nor a snapshot's id", param_hint="--as-of"
        ) from exc
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _await(work: Callable[[], Result]) -> Result:
    """The work's result, from a thread of its own: Ctrl+C ends the wait, though DuckDB may not listen amid a join."""
    results: list[Result] = []
    failures: list[BaseException] = []
    done = threading.Event()

    def run() -> None:
        try:
            results.append(work())
        except BaseException as exc:  # noqa: BLE001  (raised again by who waits)
            failures.append(exc)
        done.set()

    with progress_bar("Running the query", "nothing"):
        threading.Thread(target=run, daemon=True).start()
        # Not `join`: interrupted, it takes the thread for ended.
        done.wait()
    if failures:
        raise failures[0]
    return results[0]


def tell_of_unbuilt(lake: Lake, pinned: PinnedLake) -> None:
    """Say it where newer events have landed than these tables hold."""
    if "://" in lake.settings.lake:
        # Listing a bucket takes longer than most answers; `leadlake doctor` does it.
        return
    waiting = len(waiting_batches(lake, pinned))
    if waiting:
        batches = "1 batch is" if waiting == 1 else f"{count(waiting)} batches are"
        note(f"{batches} not built yet: run `leadlake build`.")
