"""Commands that look after the lake: doctor."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import typer

from app.cli.console import Json, Output, print_text, progress_bar
from app.cli.tables import print_table
from lake_access.doctor import Finding, declared_schema, examine
from lake_access.settings import load_settings

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
        for finding in examine(settings, datetime.now(UTC)):
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


def _seen(finding: Finding) -> str:
    return f"{finding.detail} → {finding.remedy}" if finding.remedy else finding.detail
