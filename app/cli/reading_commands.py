"""Commands that read the tables: query, conversion."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import typer

from app.cli.acting import acting
from app.cli.console import Json, Output, note, print_text, progress_bar
from app.cli.dates import day
from app.cli.tables import print_result, print_table
from app.formatting import count, interval, percentage
from jobs.waiting import waiting_batches
from lake_access.conversion import DIMENSIONS, Conversion, ConversionFilters, conversion, lead_sources
from lake_access.declarations import nearest
from lake_access.errors import RefusedError
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
    app.command("conversion")(show_conversion)


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
    when = _when(as_of)
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


def show_conversion(
    by: Annotated[
        str,
        typer.Option(
            metavar="DIMENSIONS", help=f"Any of {', '.join(DIMENSIONS)}, with commas between; '' for the total."
        ),
    ] = "source",
    since: Annotated[
        str | None,
        typer.Option("--from", metavar="DATE", help="First day of the leads' creation, as 2025-01-31 (UTC)."),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="Last day of the leads' creation, included.")
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option("--source", metavar="SOURCE", help="Only leads of this first-touch source; may be repeated."),
    ] = None,
    all_leads: Annotated[
        bool, typer.Option("--all-leads", help="Count leads whose outcome window is still open too.")
    ] = False,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Show conversion by source, score band and more.

    Leads, conversions and the rate with a 95% Wilson interval, for each combination of the dimensions.

    Rates are over mature leads: one whose outcome window (outcome_window_days in leadlake.toml) is still open is not a
    failure yet. With --as-of, that is judged as of then.

    \b
    Example: leadlake conversion --by source,band --from 2025-01-01
    """
    filters = ConversionFilters(day(since, "--from"), day(until, "--to"), tuple(source or ()), all_leads=all_leads)
    if filters.since is not None and filters.until is not None and filters.since > filters.until:
        raise typer.BadParameter(f"{until} is before --from {since}", param_hint="--to")
    dimensions: list[Any] = [name.strip() for name in by.split(",") if name.strip()]
    when = _when(as_of)
    lake = open_lake(load_settings(os.environ))
    pinned = _pin(lake, when)
    _refuse_unknown_sources(pinned, filters.sources)
    found = conversion(pinned, dimensions, filters)
    if when is None:
        _tell_of_unbuilt(lake, pinned)
    Output(as_json).result(_conversion(found))
    if not as_json:
        _print_conversion(found, all_leads=all_leads)


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
    pinned = _pin(lake, when)
    result = _await(lambda: run_sql(pinned, sql, limit))
    if when is None:
        _tell_of_unbuilt(lake, pinned)
    return result


def _pin(lake: Lake, when: datetime | int | None) -> PinnedLake:
    limits = acting(lake.settings).limits
    return lake.pin(limits) if when is None else lake.pin_as_of(when, limits)


def _when(text: str | None) -> datetime | int | None:
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


def _tell_of_unbuilt(lake: Lake, pinned: PinnedLake) -> None:
    """Say it where newer events have landed than these tables hold."""
    if "://" in lake.settings.lake:
        # Listing a bucket takes longer than most answers; `leadlake doctor` does it.
        return
    waiting = len(waiting_batches(lake, pinned))
    if waiting:
        batches = "1 batch is" if waiting == 1 else f"{count(waiting)} batches are"
        note(f"{batches} not built yet: run `leadlake build`.")


def _refuse_unknown_sources(pinned: PinnedLake, asked: Sequence[str]) -> None:
    declarations = pinned.settings.declarations
    known = {*declarations.streams_of("touch"), *lead_sources(pinned)} if asked else set()
    for source in asked:
        if source not in known:
            raise RefusedError(f'no lead has the source "{source}"{nearest(source, known)}.')


def _conversion(found: Conversion) -> dict[str, Any]:
    rows = [
        {
            **row.keys,
            "leads": row.leads,
            "conversions": row.conversions,
            "rate": row.rate,
            "low": row.low,
            "high": row.high,
        }
        for row in found.rows
    ]
    return {
        "snapshot": found.snapshot,
        "immature": found.immature,
        "answered_by": found.answered_by,
        "rows": rows,
    }


def _print_conversion(found: Conversion, *, all_leads: bool) -> None:
    if not found.rows:
        print_text(_why_empty(found))
        return
    columns = (*found.dimensions, "leads", "conversions", "rate", "95% interval")
    rows = [
        (
            *row.keys.values(),
            count(row.leads),
            count(row.conversions),
            percentage(row.rate),
            interval(row.low, row.high),
        )
        for row in found.rows
    ]
    print_table(columns, rows, right=columns[len(found.dimensions) :])
    young = "are counted too" if all_leads else "are left out"
    print_text(f"{count(found.immature)} leads whose outcome window is still open {young}. Snapshot {found.snapshot}.")


def _why_empty(found: Conversion) -> str:
    if found.snapshot is None:
        return "No leads yet. `leadlake demo` makes a lake to look at; `leadlake ingest` and `import` bring your own."
    if found.immature:
        return f"No mature leads: the outcome window of {count(found.immature)} is still open. --all-leads counts them."
    return "No lead is within these filters."
