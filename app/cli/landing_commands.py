"""Commands that bring events into the lake: ingest, import, build."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.build_report import build_sentence, built
from app.cli.console import Bar, Json, Output, fail, progress_bar
from app.formatting import count
from jobs.waiting import count_lines, waiting_batches
from lake_access.building.build import BuildResult, build
from lake_access.crm_import import write_events
from lake_access.crm_mapping import load_mapping
from lake_access.declarations import nearest
from lake_access.errors import LandingRefusedError, RefusedError, SettingsError
from lake_access.lake import Lake, open_lake
from lake_access.raw import Landing, land
from lake_access.settings import load_settings

# What a build may take to find out how much there is to do, before it starts with a bar that knows no end.
SECONDS_TO_COUNT = 1.0
PLAIN = (".jsonl", ".json", ".ndjson")


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("ingest")(ingest)
    app.command("build")(build_lake)
    app.command("import")(import_export)


def ingest(
    stream: Annotated[
        str, typer.Argument(metavar="SOURCE", help="A stream declared in leadlake.toml; `leadlake doctor` lists them.")
    ],
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE", help="Files of one JSON object a line; plain, gzip or Zstandard."),
    ],
    history: Annotated[
        bool,
        typer.Option(
            "--history",
            help="The events were known as they happened, though they land only now: a backfill from another system.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Land files of raw events, once and byte for byte.

    `leadlake build` then turns them into tables; the worker beside `leadlake up` does so every minute.

    A line is one event. Beside its type and time it has an `email` or a `lead_key`, and its fields:

    \b
    {"event_type": "page_view", "email": "ann@example.com", "timestamp": "2025-01-31T14:00:00Z", "page": "pricing"}

    A file whose content has landed before changes nothing, unless the lake's copy has become corrupt: then it lands
    again. One that is missing, truncated or corrupt is refused whole, by name; the others land, and the exit code is 1.

    \b
    Example: leadlake ingest online clicks-2025-01.jsonl.gz clicks-2025-02.jsonl.gz
    """
    lake = open_lake(load_settings(os.environ))
    if stream not in lake.settings.declarations.sources:
        raise RefusedError(
            f'unknown source "{stream}"{nearest(stream, lake.settings.declarations.sources)}; nothing was landed.'
        )
    landings, refusals = _land_all(lake, stream, files, history=history)
    for refusal in refusals:
        fail(refusal)
    lines = sum(landing.lines for landing in landings if not landing.already_landed)
    sentences = [_landing_sentence(landing) for landing in landings]
    if lines:
        sentences.append("`leadlake build` turns them into tables.")
    value = {"landed": [_landing(landing) for landing in landings], "refused": refusals, "lines": lines}
    Output(as_json).result(value, *sentences)
    if refusals:
        raise typer.Exit(1)


def import_export(
    mapping: Annotated[Path, typer.Argument(metavar="MAPPING.toml", help="What the export's columns mean.")],
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Rows of a CRM export: .csv, .csv.gz, .parquet.")],
    then_build: Annotated[bool, typer.Option("--build/--no-build", help="Build the tables afterwards.")] = True,
    as_json: Json = False,
) -> None:
    """Land the rows of a CRM export, and build the tables.

    Each row becomes an event and, where it has one, an outcome. The mapping says which columns they come from. The
    shortest one that works:

    \b
        [identity]
        email = "E-mail"
        [time]
        column = "Created at"
        [source]
        text = "crm"

    docs/import.md explains every key; docs/examples/crm_mapping.toml is one to start from.

    A row that cannot be read refuses the whole import, with its line and column. Importing the same rows again changes
    nothing.

    \b
    Example: leadlake import docs/examples/bank_marketing.toml bank_leads.csv.gz
    """
    lake = open_lake(load_settings(os.environ))
    meaning = load_mapping(mapping, declared_fields=_fields_of_imports(lake))
    with tempfile.TemporaryDirectory(prefix="leadlake-") as folder:
        with progress_bar("Reading rows", "rows") as bar:
            streams = write_events(meaning, files, Path(folder), bar.advance)
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
    read = f"{count(streams.rows)} rows read, {count(streams.outcomes_count)} of them with an outcome."
    landed_sentence = f"{count(new)} events landed." if new else "All of it had landed before."
    sentences = [f"{read} {landed_sentence}"]
    if then_build:
        result = _build(lake)
        value["build"] = built(result)
        sentences.append(build_sentence(result))
    Output(as_json).result(value, *sentences)


def build_lake(as_json: Json = False) -> None:
    """Turn what has landed into tables, only what is new.

    Every line read becomes a row of curated.events, is a duplicate, or goes to curated.quarantine with the reason. Then
    curated.leads and curated.scores follow.

    Killing or repeating a build does no harm, nor do two at once.

    \b
    Example: leadlake build --json
    """
    result = _build(open_lake(load_settings(os.environ)))
    for refusal in result.refused:
        fail(refusal)
    Output(as_json).result(built(result), build_sentence(result))


def _fields_of_imports(lake: Lake) -> Collection[str]:
    """The declared fields of the stream that imports land in."""
    sources = lake.settings.declarations.sources
    for stream in ("crm", "outcomes"):
        if stream not in sources:
            raise SettingsError(
                f"{lake.settings.config_file}: imports land in the sources crm and outcomes, and {stream} is not "
                "declared; copy it from the leadlake.toml that comes with Leadlake."
            )
    return tuple(sources["crm"].all_fields())


def _land_all(lake: Lake, stream: str, files: Sequence[Path], *, history: bool) -> tuple[list[Landing], list[str]]:
    landings, refusals = [], []
    with progress_bar("Landing", "bytes") as bar:
        for number, file in enumerate(files, 1):
            _show_file(bar, file, number, len(files))
            now = datetime.now(UTC)
            try:
                landings.append(land(lake.store, stream, file, now, history=history, progress=bar.advance))
            except LandingRefusedError as exc:
                refusals.append(str(exc))
    return landings, refusals


def _show_file(bar: Bar, file: Path, number: int, files: int) -> None:
    """Start a file's bar; how much a compressed one holds is known at its end only."""
    place = f" ({number} of {files})" if files > 1 else ""
    size = file.stat().st_size if file.suffix in PLAIN and file.is_file() else None
    bar.show(f"Landing {file.name}{place}", size)


def _build(lake: Lake) -> BuildResult:
    lines = count_lines(lake, waiting_batches(lake, lake.pin()), SECONDS_TO_COUNT, time.monotonic)
    with progress_bar("Building events", "lines", lines) as bar:

        def progress(stage: str, lines_read: int) -> None:
            bar.show(f"Building {stage}")
            bar.advance(lines_read)

        return build(lake, datetime.now(UTC), progress)


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
    place = "" if landing.replaces is None else f", in place of {landing.replaces.batch_id}, which is corrupt"
    return f"{landing.file}: {count(landing.lines)} lines landed as {landing.batch.batch_id}{place}."
