"""Commands on the lake itself: ingest, import, build, query, conversion, doctor."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from app.cli.console import Output, fail, print_table, print_text, progress_bar
from app.formatting import count, interval, percentage
from lake_access.building.build import BuildResult, build
from lake_access.conversion import DIMENSIONS, Conversion, ConversionFilters, conversion
from lake_access.crm_import import write_events
from lake_access.crm_mapping import load_mapping
from lake_access.declarations import nearest
from lake_access.doctor import declared_schema, examine
from lake_access.errors import LandingRefusedError, RefusedError
from lake_access.export import write_result
from lake_access.lake import Lake, open_lake
from lake_access.raw import Landing, land
from lake_access.settings import load_settings
from lake_access.sql import run_sql

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output, and nothing else there.")]
Format = Literal["table", "json", "csv", "parquet"]
SHOWN_ROWS = 1_000


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("ingest")(ingest)
    app.command("import")(import_export)
    app.command("build")(build_lake)
    app.command("query")(query)
    app.command("conversion")(show_conversion)
    app.command("doctor")(doctor)


def ingest(
    stream: Annotated[
        str, typer.Argument(metavar="SOURCE", help="A stream declared in leadlake.toml, such as webinar.")
    ],
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE…", help="Files of one JSON object a line: .jsonl, .jsonl.gz, .jsonl.zst."),
    ],
    history: Annotated[
        bool,
        typer.Option(
            "--history", help="The events are a past that was known as it happened, though it lands only now."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Land files of raw events, once and byte for byte.

    `leadlake build` turns them into tables.

    A file whose content has landed before changes nothing. A truncated or corrupt file is refused whole, by name, and
    the others land.

    Example: leadlake ingest webinar attendance-2025-01.jsonl.gz
    """
    lake = _open_lake()
    if stream not in lake.settings.declarations.sources:
        raise RefusedError(
            f'unknown source "{stream}"{nearest(stream, lake.settings.declarations.sources)}; nothing was landed.'
        )
    landings, refusals = _land_all(lake, stream, files, history=history)
    for refusal in refusals:
        fail(refusal)
    value = {
        "landed": [_landing(landing) for landing in landings],
        "refused": refusals,
        "lines": sum(landing.lines for landing in landings if not landing.already_landed),
    }
    Output(as_json).result(value, *(_landing_sentence(landing) for landing in landings))
    if refusals:
        raise typer.Exit(1)


def import_export(
    mapping: Annotated[
        Path, typer.Argument(metavar="MAPPING.toml", help="What the export's columns mean; see docs/import.md.")
    ],
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="Rows of a CRM export: .csv, .csv.gz, .parquet.")
    ],
    then_build: Annotated[bool, typer.Option("--build/--no-build", help="Build the tables afterwards.")] = True,
    as_json: Json = False,
) -> None:
    """Land the rows of a CRM export, and build the tables.

    Each row becomes an event and, where it has one, an outcome.

    A row that cannot be read refuses the whole import, with its line and column. Importing the same rows again changes
    nothing.

    Example: leadlake import docs/examples/bank_marketing.toml bank_leads.csv.gz
    """
    lake = _open_lake()
    meaning = load_mapping(mapping, declared_fields=tuple(lake.settings.declarations.sources["crm"].all_fields()))
    with tempfile.TemporaryDirectory(prefix="leadlake-") as folder:
        with progress_bar("Reading rows") as advance:
            streams = write_events(meaning, files, Path(folder), lambda rows: advance(rows, None))
        landings, refusals = [], []
        for stream, file in (("crm", streams.crm), ("outcomes", streams.outcomes)):
            if file is not None:
                landed, refused = _land_all(lake, stream, [file], history=True)
                landings += landed
                refusals += refused
    if refusals:
        raise LandingRefusedError("; ".join(refusals))
    new = sum(landing.lines for landing in landings if not landing.already_landed)
    value: dict[str, Any] = {"rows": streams.rows, "outcomes": streams.outcomes_count, "events_landed": new}
    sentences = [f"{count(streams.rows)} rows read, {count(new)} events landed (none twice)."]
    if then_build:
        built = _build(lake)
        value["build"] = _built(built)
        sentences.append(_build_sentence(built))
    Output(as_json).result(value, *sentences)


def build_lake(as_json: Json = False) -> None:
    """Turn what has landed into tables, only what is new.

    Raw → curated → everything downstream. Every line read is curated, a duplicate, or quarantined. Killing or repeating
    a build does no harm.
    """
    result = _build(_open_lake())
    for refusal in result.refused:
        fail(refusal)
    Output(as_json).result(_built(result), _build_sentence(result))


def query(
    sql: Annotated[
        str, typer.Argument(metavar="SQL", help="One SELECT over curated.leads, curated.events, curated.scores, …")
    ],
    format_: Annotated[Format, typer.Option("--format", help="How the result is written.")] = "table",
    out: Annotated[Path | None, typer.Option("--out", help="Write the whole result to this file.")] = None,
    limit: Annotated[
        int, typer.Option(min=1, help="Rows to print; with --out the whole result is written.")
    ] = SHOWN_ROWS,
    as_json: Json = False,
) -> None:
    """Ask the tables in SQL, read only.

    The SQL is DuckDB's; the tables are read at their current snapshots.

    Example: leadlake query "SELECT source, count(*) FROM curated.leads GROUP BY ALL"
    """
    chosen: Format = "json" if as_json else format_
    if chosen == "parquet" and out is None:
        raise typer.BadParameter("Parquet needs a file: add --out FILE", param_hint="--format")
    result = run_sql(_open_lake().pin(), sql, None if out is not None else limit)
    if out is not None:
        write_result(result, out, "csv" if chosen == "table" else chosen)
        Output(as_json).result(
            {"written": str(out), "rows": result.table.num_rows},
            f"{count(result.table.num_rows)} rows written to {out}.",
        )
        return
    if chosen == "table":
        print_table(result.columns, result.rows())
    else:
        write_result(result, None, chosen)
    if result.truncated:
        fail(f"only the first {count(limit)} rows are shown; --limit N shows more, --out FILE writes all.")


def show_conversion(
    by: Annotated[str, typer.Option(help=f"Dimensions, with commas between: {', '.join(DIMENSIONS)}.")] = "source",
    since: Annotated[
        str | None,
        typer.Option("--from", metavar="DATE", help="First day of the leads' creation, as 2025-01-31 (UTC)."),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="Last day of the leads' creation, included.")
    ] = None,
    source: Annotated[
        list[str] | None, typer.Option("--source", help="Only leads of this first-touch source; may be repeated.")
    ] = None,
    all_leads: Annotated[
        bool, typer.Option("--all-leads", help="Count leads whose outcome window is still open too.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show conversion by source, score band and more.

    Leads, conversions and the rate with a 95% Wilson interval, for each combination of the dimensions.

    Rates are over mature leads: a lead whose outcome window is still open is not a failure yet.

    Example: leadlake conversion --by source,band --from 2025-01-01
    """
    filters = ConversionFilters(_day(since, "--from"), _day(until, "--to"), tuple(source or ()), all_leads=all_leads)
    dimensions: list[Any] = [name.strip() for name in by.split(",") if name.strip()]
    pinned = _open_lake().pin()
    found = conversion(pinned, dimensions, filters)
    Output(as_json).result(_conversion(found))
    if not as_json:
        _print_conversion(found, all_leads=all_leads)


def doctor(as_json: Json = False) -> None:
    """Say what is configured, reachable and fresh.

    Every finding with what to do about it, and the declared schema. Exit 1 if anything has failed.
    """
    settings = load_settings(os.environ)
    findings = list(examine(settings, datetime.now(UTC)))
    schema = declared_schema(settings)
    value = {
        "findings": [vars(finding) for finding in findings],
        "schema": [dict(zip(("source", "event_type", "fields"), row, strict=True)) for row in schema],
    }
    output = Output(as_json)
    output.result(value)
    marks = {"ok": "ok", "warning": "look", "failure": "FAILED"}
    output.table(
        ("", "what", "seen", "what to do"), [(marks[f.verdict], f.subject, f.detail, f.remedy) for f in findings]
    )
    if not as_json:
        print_text("")
    output.table(("source", "event type", "fields"), schema)
    if any(finding.verdict == "failure" for finding in findings):
        raise typer.Exit(1)


def _open_lake() -> Lake:
    return open_lake(load_settings(os.environ))


def _land_all(lake: Lake, stream: str, files: Sequence[Path], *, history: bool) -> tuple[list[Landing], list[str]]:
    landings, refusals = [], []
    with progress_bar("Landing bytes") as advance:
        for file in files:
            now = datetime.now(UTC)
            try:
                landings.append(
                    land(lake.store, stream, file, now, history=history, progress=lambda size: advance(size, None))
                )
            except LandingRefusedError as exc:
                refusals.append(str(exc))
    return landings, refusals


def _build(lake: Lake) -> BuildResult:
    with progress_bar("Building") as advance:
        return build(lake, datetime.now(UTC), lambda stage, lines: advance(lines, f"Building {stage}"))


def _landing(landing: Landing) -> dict[str, Any]:
    return {
        "file": str(landing.file),
        "batch": None if landing.batch is None else landing.batch.batch_id,
        "lines": landing.lines,
        "already_landed": landing.already_landed,
    }


def _landing_sentence(landing: Landing) -> str:
    if landing.batch is None:
        return f"{landing.file}: empty, nothing to land."
    if landing.already_landed:
        return f"{landing.file}: landed before as {landing.batch.batch_id}; nothing changed."
    return f"{landing.file}: {count(landing.lines)} lines landed as {landing.batch.batch_id}."


def _built(result: BuildResult) -> dict[str, Any]:
    return {
        "read": result.read,
        "curated": result.curated,
        "duplicates": result.duplicates,
        "quarantined": result.quarantined,
        "leads": result.leads,
        "batches": result.batches,
        "refused": result.refused,
        "snapshots": result.snapshots,
    }


def _build_sentence(result: BuildResult) -> str:
    if result.batches == 0:
        return f"Nothing new has landed; the lake holds {count(result.leads)} leads."
    return (
        f"{count(result.read)} lines read = {count(result.curated)} curated + "
        f"{count(result.duplicates)} duplicates + {count(result.quarantined)} quarantined; "
        f"the lake holds {count(result.leads)} leads."
    )


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
    return {"snapshot": found.snapshot, "immature": found.immature, "rows": rows}


def _print_conversion(found: Conversion, *, all_leads: bool) -> None:
    if not found.rows:
        print_text("No leads here. `leadlake demo` makes a lake to look at; `leadlake build` builds what has landed.")
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


def _day(text: str | None, option: str) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as exc:
        raise typer.BadParameter(f"{text!r} is not a date such as 2025-01-31", param_hint=option) from exc
