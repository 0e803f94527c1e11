"""Commands that build again what was built before: replay, quarantine list, quarantine retry."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from app.cli.build_report import build_sentence, built
from app.cli.console import Json, Output, fail, note, print_text, progress_bar
from app.cli.dates import day
from app.cli.tables import print_table
from app.formatting import count
from jobs.waiting import count_lines
from lake_access.building.build import Progress
from lake_access.building.replay import ReplayRange, ReplayResult, refuse_unknown_source, replay, retry
from lake_access.lake import Lake, open_lake
from lake_access.quarantine import Quarantine, QuarantinedLine, QuarantineFilters, quarantined
from lake_access.raw import list_batches
from lake_access.settings import load_settings

# What a replay may take to find out how much there is to do, before it starts with a bar that knows no end.
SECONDS_TO_COUNT = 1.0
SHOWN_LINES = 100

quarantine_commands = typer.Typer(no_args_is_help=True, help="Look at refused lines, and try them again.")

Source = Annotated[str | None, typer.Option("--source", metavar="SOURCE", help="Only of this stream of leadlake.toml.")]
BatchId = Annotated[str | None, typer.Option("--batch", metavar="BATCH", help="Only of this batch.")]
Reason = Annotated[
    str | None, typer.Option("--reason", metavar="TEXT", help="Only where the reason holds this text, in any case.")
]


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("replay")(replay_range)
    quarantine_commands.command("list")(list_quarantine)
    quarantine_commands.command("retry")(retry_quarantine)
    app.add_typer(quarantine_commands, name="quarantine")


def replay_range(
    source: Source = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="First day of landing, as 2025-01-31 (UTC).")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Last day of landing, included.")] = None,
    as_json: Json = False,
) -> None:
    """Build again from raw what was built before.

    For a rule, a field or a limit that was changed in leadlake.toml, or a bug that was mended. Without options it is
    everything: the tables become those of a lake that was built from nothing.

    With options, only what landed in the range: both days are included. Where a line in it that was valid is refused
    now, everything is replayed, and it says so.

    Readers see the tables as before until it is done. It may be killed, repeated, or run beside a build.

    \b
    Example: leadlake replay --source webinar --from 2025-01-01 --to 2025-01-31
    """
    chosen = ReplayRange(source, day(since, "--from"), day(until, "--to"))
    if chosen.since is not None and chosen.until is not None and chosen.since > chosen.until:
        raise typer.BadParameter(f"{until} is before --from {since}", param_hint="--to")
    lake = open_lake(load_settings(os.environ))
    result = _with_bar(lambda progress: replay(lake, chosen, datetime.now(UTC), progress), _count(lake, chosen))
    nothing = "Nothing has landed yet" if chosen.is_everything else "No batch landed in this range"
    _tell(result, f"{nothing}; nothing was changed.", as_json=as_json)


def list_quarantine(
    source: Source = None,
    batch: BatchId = None,
    reason: Reason = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="Lines to show.")] = SHOWN_LINES,
    lines: Annotated[
        bool, typer.Option("--lines", help="Show what the lines say, too. It may hold personal data, as e-mails.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say which lines were refused, and why.

    Of each, its batch, its number in it, the reason, and when it landed; the newest first. How many there are in all is
    always said. Files that were refused whole are listed below.

    \b
    Example: leadlake quarantine list --source webinar --reason duration
    """
    lake = open_lake(load_settings(os.environ))
    refuse_unknown_source(source, lake.settings.declarations.sources)
    found = quarantined(lake.pin(), QuarantineFilters(source, batch, reason), limit, with_lines=lines)
    Output(as_json).result(_quarantine(found, with_lines=lines))
    if not as_json:
        _print_quarantine(found, with_lines=lines)


def retry_quarantine(
    source: Source = None, batch: BatchId = None, reason: Reason = None, as_json: Json = False
) -> None:
    """Try refused lines again, after a fix.

    Replays the batches that hold such lines, by the leadlake.toml of now, and those refused whole for such a reason.
    What is valid now becomes events; what is not stays quarantined.

    \b
    Example: leadlake quarantine retry --source webinar --reason duration
    """
    lake = open_lake(load_settings(os.environ))
    filters = QuarantineFilters(source, batch, reason)
    result = _with_bar(lambda progress: retry(lake, filters, datetime.now(UTC), progress), None)
    _tell(result, "No such line is quarantined; nothing was changed.", as_json=as_json)


def _count(lake: Lake, chosen: ReplayRange) -> int | None:
    landed = (batch for stream in lake.settings.declarations.sources for batch in list_batches(lake.store, stream))
    return count_lines(lake, [b for b in landed if chosen.holds(b)], SECONDS_TO_COUNT, time.monotonic)


def _with_bar(work: Callable[[Progress], ReplayResult], lines: int | None) -> ReplayResult:
    with progress_bar("Replaying events", "lines", lines) as bar:

        def progress(stage: str, lines_read: int) -> None:
            bar.show(f"Replaying {stage}")
            bar.advance(lines_read)

        return work(progress)


def _tell(result: ReplayResult, nothing: str, *, as_json: bool) -> None:
    for refusal in result.refused:
        fail(refusal)
    value = {
        **built(result),
        "replayed": result.replayed,
        "whole": result.whole,
        "widened": result.widened,
        "freed": result.freed,
    }
    if result.replayed == 0:
        Output(as_json).result(value, nothing)
        return
    if result.widened:
        note("A line that was valid is refused now; so everything was replayed, not the chosen batches alone.")
    batches = "1 batch" if result.replayed == 1 else f"{count(result.replayed)} batches"
    Output(as_json).result(value, f"{batches} replayed: {build_sentence(result)}", _freed_sentence(result.freed))


def _freed_sentence(freed: int) -> str:
    if freed == 0:
        return "As many lines as before are quarantined."
    lines = "1 line" if abs(freed) == 1 else f"{count(abs(freed))} lines"
    return f"{lines} {'fewer' if freed > 0 else 'more'} than before {'is' if abs(freed) == 1 else 'are'} quarantined."


def _quarantine(found: Quarantine, *, with_lines: bool) -> dict[str, Any]:
    return {
        "total": found.total,
        "lines": [_line(line, with_lines=with_lines) for line in found.lines],
        "refused": [vars(batch) for batch in found.refused],
    }


def _line(line: QuarantinedLine, *, with_lines: bool) -> dict[str, Any]:
    value = {
        "source": line.source,
        "batch": line.batch,
        "line_number": line.line_number,
        "reason": line.reason,
        "seen_at": line.seen_at.isoformat(),
    }
    return {**value, "line": _text(line.line)} if with_lines else value


def _text(line: bytes | None) -> str:
    return "" if line is None else line.decode("utf-8", "backslashreplace")


def _print_quarantine(found: Quarantine, *, with_lines: bool) -> None:
    if found.lines:
        columns = ["seen at", "source", "batch", "line", "reason", *(["what it says"] if with_lines else [])]
        rows = [
            (
                line.seen_at,
                line.source,
                line.batch,
                line.line_number,
                line.reason,
                *([_text(line.line)] if with_lines else []),
            )
            for line in found.lines
        ]
        print_table(columns, rows, right=["line"])
    print_text(_total_sentence(found))
    for batch in found.refused:
        print_text(f"refused whole: {batch.reason}")


def _total_sentence(found: Quarantine) -> str:
    lines = "1 line is" if found.total == 1 else f"{count(found.total)} lines are"
    shown = len(found.lines)
    if shown == found.total:
        return f"{lines} quarantined."
    newest = "newest is" if shown == 1 else f"{count(shown)} newest are"
    return f"{lines} quarantined; only the {newest} shown: --limit N shows more."
