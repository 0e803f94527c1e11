"""Commands that tell how leads convert: conversion, funnel."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import typer

from app.cli.console import Json, Output, print_text
from app.cli.dates import day
from app.cli.reading_commands import AsOf, moment_or_snapshot, pin_at, tell_of_unbuilt
from app.cli.tables import print_table
from app.formatting import count, interval, percentage
from lake_access.conversion import DIMENSIONS, Conversion, ConversionFilters, conversion, lead_sources
from lake_access.conversion_analysis.funnel import Funnel, funnel
from lake_access.declarations import UNSCORED, nearest
from lake_access.errors import RefusedError
from lake_access.intervals import wilson_interval
from lake_access.lake import Lake, PinnedLake, open_lake
from lake_access.settings import load_settings


def _values(option: str, metavar: str, what: str) -> Any:
    return typer.Option(option, metavar=metavar, help=f"Only leads {what}; may be repeated.")


Since = Annotated[
    str | None, typer.Option("--from", metavar="DATE", help="First day of the leads' creation, as 2025-01-31 (UTC).")
]
Until = Annotated[str | None, typer.Option("--to", metavar="DATE", help="Last day of the leads' creation, included.")]
Sources = Annotated[list[str] | None, _values("--source", "SOURCE", "of this first-touch source")]
LastSources = Annotated[list[str] | None, _values("--last-source", "SOURCE", "of this last-touch source")]
Bands = Annotated[list[str] | None, _values("--band", "BAND", "of this score band, or unscored")]
Locations = Annotated[list[str] | None, _values("--location", "LOCATION", "of this location, or unknown")]
Devices = Annotated[list[str] | None, _values("--device", "DEVICE", "of this device, or unknown")]
Campaigns = Annotated[list[str] | None, _values("--campaign", "CAMPAIGN", "of this campaign, or unknown")]
Versions = Annotated[
    list[str] | None, _values("--model-version", "VERSION", "scored last by this model version, or unknown")
]
Actions = Annotated[list[str] | None, _values("--action", "ACTION", "whose first sales action was this one, or none")]
Contacted = Annotated[
    Literal["yes", "no"] | None, typer.Option("--contacted", help="Only leads that sales has acted on, or only others.")
]
AllLeads = Annotated[bool, typer.Option("--all-leads", help="Count leads whose outcome window is still open too.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("conversion")(show_conversion)
    app.command("funnel")(show_funnel)


def show_conversion(
    by: Annotated[
        str,
        typer.Option(
            metavar="DIMENSIONS", help=f"Any of {', '.join(DIMENSIONS)}, with commas between; '' for the total."
        ),
    ] = "source",
    since: Since = None,
    until: Until = None,
    source: Sources = None,
    last_source: LastSources = None,
    band: Bands = None,
    location: Locations = None,
    device: Devices = None,
    campaign: Campaigns = None,
    model_version: Versions = None,
    action: Actions = None,
    contacted: Contacted = None,
    all_leads: AllLeads = False,
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
    filters = ConversionFilters(
        *_days(since, until),
        sources=tuple(source or ()),
        last_sources=tuple(last_source or ()),
        bands=tuple(band or ()),
        locations=tuple(location or ()),
        devices=tuple(device or ()),
        campaigns=tuple(campaign or ()),
        model_versions=tuple(model_version or ()),
        actions=tuple(action or ()),
        contacted=None if contacted is None else contacted == "yes",
        all_leads=all_leads,
    )
    dimensions: list[Any] = [name.strip() for name in by.split(",") if name.strip()]
    lake, pinned, when = _opened(as_of, filters)
    found = conversion(pinned, dimensions, filters)
    if when is None:
        tell_of_unbuilt(lake, pinned)
    Output(as_json).result(_conversion(found))
    if not as_json:
        _print_conversion(found, all_leads=all_leads)


def show_funnel(
    since: Since = None,
    until: Until = None,
    source: Sources = None,
    band: Bands = None,
    location: Locations = None,
    device: Devices = None,
    campaign: Campaigns = None,
    model_version: Versions = None,
    all_leads: AllLeads = False,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Show how many leads are scored, contacted, and become customers.

    Each step is a part of the one before: scored by the rules or a model, then contacted by sales, then converted.
    Leads that converted past a step are told apart.

    \b
    Example: leadlake funnel --source webinar --from 2025-01-01
    """
    filters = ConversionFilters(
        *_days(since, until),
        sources=tuple(source or ()),
        bands=tuple(band or ()),
        locations=tuple(location or ()),
        devices=tuple(device or ()),
        campaigns=tuple(campaign or ()),
        model_versions=tuple(model_version or ()),
        all_leads=all_leads,
    )
    lake, pinned, when = _opened(as_of, filters)
    found = funnel(pinned, filters)
    if when is None:
        tell_of_unbuilt(lake, pinned)
    Output(as_json).result(_funnel(found))
    if not as_json:
        _print_funnel(found)


def _days(since: str | None, until: str | None) -> tuple[Any, Any]:
    first, last = day(since, "--from"), day(until, "--to")
    if first is not None and last is not None and first > last:
        raise typer.BadParameter(f"{until} is before --from {since}", param_hint="--to")
    return first, last


def _opened(as_of: str | None, filters: ConversionFilters) -> tuple[Lake, PinnedLake, datetime | int | None]:
    when = moment_or_snapshot(as_of)
    lake = open_lake(load_settings(os.environ))
    pinned = pin_at(lake, when)
    _refuse_unknown_sources(pinned, [*filters.sources, *filters.last_sources])
    _refuse_unknown_bands(pinned, filters.bands)
    return lake, pinned, when


def _refuse_unknown_sources(pinned: PinnedLake, asked: Sequence[str]) -> None:
    declarations = pinned.settings.declarations
    known = {*declarations.streams_of("touch"), *lead_sources(pinned)} if asked else set()
    for source in asked:
        if source not in known:
            raise RefusedError(f'no lead has the source "{source}"{nearest(source, known)}.')


def _refuse_unknown_bands(pinned: PinnedLake, asked: Sequence[str]) -> None:
    known = [*pinned.settings.declarations.bands, UNSCORED]
    for band in asked:
        if band not in known:
            raise RefusedError(f'there is no score band "{band}"{nearest(band, known)}.')


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


def _funnel(found: Funnel) -> dict[str, Any]:
    steps, previous = [], found.leads
    for step, reached in found.counts.items():
        low, high = wilson_interval(reached, previous)
        share = reached / previous if previous else None
        steps.append({"step": step, "leads": reached, "of_step_before": share, "low": low, "high": high})
        previous = reached
    return {
        "immature": found.immature,
        "answered_by": found.answered_by,
        "steps": steps,
        "past_contact": found.past_contact,
        "past_score": found.past_score,
    }


def _print_funnel(found: Funnel) -> None:
    columns = ("step", "leads", "of the step before", "95% interval", "of all")
    rows, previous = [], found.leads
    for step, reached in found.counts.items():
        share = percentage(reached / previous) if previous else ""
        whole = percentage(reached / found.leads) if found.leads else ""
        rows.append((step, count(reached), share, interval(*wilson_interval(reached, previous)), whole))
        previous = reached
    print_table(columns, rows, right=columns[1:])
    print_text(
        f"Not in it: {count(found.past_contact)} scored leads that converted without a sales action, and "
        f"{count(found.past_score)} that were contacted or converted without a score."
    )
