"""Commands for the rules that alerts come from: alerts set, mute, remove."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from app.cli.acting import acting
from app.cli.console import Json, Output
from app.formatting import moment
from lake_access.database import open_database
from lake_access.settings import load_settings
from monitoring.alerts.channels import channel_kinds
from monitoring.alerts.metrics import METRICS, Comparison, Segment
from monitoring.alerts.rules import Rule, RuleWish, described, list_rules, mute_rule, remove_rule, set_rule

RuleNumber = Annotated[int, typer.Argument(min=1, metavar="ID", help="The number of the rule.")]
Text = str | None
Number = float | None


def register(alerts: typer.Typer) -> None:
    """Add these commands to the group `alerts`."""
    alerts.command("set")(alerts_set)
    alerts.command("mute")(alerts_mute)
    alerts.command("remove")(alerts_remove)


def alerts_set(
    metric: Annotated[str, typer.Argument(metavar="METRIC", help=f"What is watched: {', '.join(METRICS)}.")],
    above: Annotated[Number, typer.Option(metavar="X", help="Too much above X; a share is from 0 to 1.")] = None,
    below: Annotated[Number, typer.Option(metavar="X", help="Too little below X.")] = None,
    beyond_chance: Annotated[
        bool, typer.Option("--beyond-chance", help="Other than before, or than expected, by more than chance.")
    ] = False,
    source: Annotated[Text, typer.Option(metavar="SOURCE", help="Only of this first-touch source.")] = None,
    band: Annotated[Text, typer.Option(metavar="BAND", help="Only of this score band.")] = None,
    version: Annotated[Text, typer.Option(metavar="VERSION", help="Only of this model version.")] = None,
    stream: Annotated[Text, typer.Option(metavar="STREAM", help="Only of this stream.")] = None,
    column: Annotated[Text, typer.Option(metavar="COLUMN", help="Of column_drift: which column.")] = None,
    days: Annotated[int, typer.Option(min=0, metavar="N", help="Days of the period; 0: the metric's own.")] = 0,
    days_before: Annotated[
        int, typer.Option(min=0, metavar="N", help="Days of the period before; 0: four times as many.")
    ] = 0,
    checks: Annotated[int, typer.Option(min=1, metavar="N", help="Checks in a row before it opens.")] = 1,
    remind: Annotated[int, typer.Option(min=0, metavar="HOURS", help="Remind so often; 0: never.")] = 24,
    tell: Annotated[
        list[str] | None, typer.Option("--tell", metavar="CHANNEL", help="Whom it tells; again for each.")
    ] = None,
    name: Annotated[Text, typer.Option(metavar="TEXT", help="What it is called; default: the metric's title.")] = None,
    rule: Annotated[
        int | None, typer.Option(min=1, metavar="ID", help="Put it in the place of this rule, which begins anew.")
    ] = None,
    paused: Annotated[bool, typer.Option("--paused", help="Keep it, and do not check it.")] = False,
    as_json: Json = False,
) -> None:
    """Have a figure watched, or change a rule.

    \b
    Example: leadlake alerts set conversion_rate --source webinar --below 0.05 --checks 3 --tell team
    """
    comparison, threshold = _comparison(above, below, beyond_chance=beyond_chance)
    segment, value = _segment({"source": source, "band": band, "version": version, "stream": stream})
    known = METRICS.get(metric)
    wish = RuleWish(
        name=name or (known.title if known else metric),
        metric=metric,
        comparison=comparison,
        threshold=threshold,
        segment=segment,
        segment_value=value,
        column=column,
        days=days,
        days_before=days_before,
        checks=checks,
        remind_hours=remind or None,
        channels=tuple(tell or ()),
        enabled=not paused,
    )
    settings = load_settings(os.environ)
    engine, now = open_database(settings), datetime.now(UTC)
    kept = set_rule(engine, acting(settings), wish, channel_kinds(settings), now, rule)
    told = ", ".join(kept.channels) or "the page Alerts alone"
    state = "tells" if kept.enabled else "is paused; it would tell"
    Output(as_json).result(_rule(kept), f"Rule {kept.id} ({kept.name}) {state} {told}: {described(kept)}.")


def alerts_mute(
    rule: RuleNumber,
    hours: Annotated[int, typer.Argument(min=0, metavar="HOURS", help="For so long; 0 ends it.")],
    as_json: Json = False,
) -> None:
    """Have a rule tell nobody for some hours; it is checked all the same.

    \b
    Example: leadlake alerts mute 1 8
    """
    settings = load_settings(os.environ)
    muted = mute_rule(open_database(settings), acting(settings), rule, hours, datetime.now(UTC))
    until = f"is muted until {moment(muted.muted_until)}" if muted.muted_until else "is not muted"
    Output(as_json).result(_rule(muted), f"Rule {muted.id} ({muted.name}) {until}.")


def alerts_remove(rule: RuleNumber, as_json: Json = False) -> None:
    """Remove a rule; an alert of it that is open ends without a word, and its history stays.

    \b
    Example: leadlake alerts remove 1
    """
    settings = load_settings(os.environ)
    engine, actor = open_database(settings), acting(settings)
    known = {each.id: each for each in list_rules(engine)}
    remove_rule(engine, actor, rule, datetime.now(UTC))
    Output(as_json).result({"rule": rule, "removed": True}, f"Rule {rule} ({known[rule].name}) is removed.")


def _comparison(above: Number, below: Number, *, beyond_chance: bool) -> tuple[Comparison, Number]:
    """The one comparison that is asked for.

    Raises:
        typer.BadParameter: none is, or more than one.
    """
    if (above is not None) + (below is not None) + beyond_chance != 1:
        raise typer.BadParameter("when is it too much? Give one of --above, --below and --beyond-chance")
    if beyond_chance:
        return "beyond chance", None
    return ("above", above) if above is not None else ("below", below)


def _segment(given: dict[Segment, Text]) -> tuple[Segment, Text]:
    """The one segment that is named, or all.

    Raises:
        typer.BadParameter: more than one is.
    """
    named = {segment: value for segment, value in given.items() if value is not None}
    if len(named) > 1:
        raise typer.BadParameter(f"a rule is of one segment: --{' or --'.join(named)}")
    return next(iter(named.items()), ("all", None))


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "rule": rule.id,
        "name": rule.name,
        "watched": described(rule),
        "metric": rule.metric,
        "comparison": rule.comparison,
        "threshold": rule.threshold,
        "segment": rule.segment,
        "segment_value": rule.segment_value,
        "column": rule.column,
        "days": rule.days,
        "days_before": rule.days_before,
        "checks": rule.checks,
        "remind_hours": rule.remind_hours,
        "channels": list(rule.channels),
        "enabled": rule.enabled,
        "muted_until": rule.muted_until.isoformat() if rule.muted_until else None,
        "set_by": rule.set_by,
    }
