"""Commands that look after the lake: doctor."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import typer

from app.cli.console import Json, Output, print_text, progress_bar
from app.cli.tables import print_table
from lake_access.doctor import Finding, declared_schema, examine
from lake_access.settings import Settings, load_settings
from training.examination import examine_models

MARKS = {"ok": "ok", "warning": "look", "failure": "FAILED"}


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("doctor")(doctor)


def doctor(as_json: Json = False) -> None:
    """Say what is configured, reachable and fresh.

    Every finding is ok, worth a look, or failed, with what to do about it. Below them stands the declared schema: which
    events each source of leadlake.toml may send, and their fields.

    The exit code is 1 if anything has failed. Nothing is changed.

    \b
    Example: leadlake doctor
    """
    settings = load_settings(os.environ)
    with progress_bar("Looking", "nothing") as bar:
        findings = []
        for finding in _findings(settings, datetime.now(UTC)):
            findings.append(finding)
            bar.show(f"Looked at {finding.subject}")
    schema = declared_schema(settings)
    value = {
        "findings": [vars(finding) for finding in findings],
        "schema": [dict(zip(("source", "event_type", "fields"), row, strict=True)) for row in schema],
    }
    Output(as_json).result(value)
    if not as_json:
        print_table(("", "what", "seen"), [(MARKS[f.verdict], f.subject, _seen(f)) for f in findings])
        print_text("")
        print_table(("source", "event type", "fields"), schema)
    if any(finding.verdict == "failure" for finding in findings):
        raise typer.Exit(1)


def _findings(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Those of the lake, and those of its models where the lake could be opened."""
    opened = True
    for finding in examine(settings, now):
        opened = opened and (finding.subject, finding.verdict) not in (("lake", "failure"), ("database", "failure"))
        yield finding
    if opened:
        yield from examine_models(settings)


def _seen(finding: Finding) -> str:
    return f"{finding.detail} → {finding.remedy}" if finding.remedy else finding.detail
