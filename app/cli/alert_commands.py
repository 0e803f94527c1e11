"""Commands for alerts: alerts list, check, acknowledge, test; those for rules stand in `alert_rule_commands`."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from app.alert_views.view import state_words, told_words, value_of
from app.cli import alert_rule_commands
from app.cli.acting import acting
from app.cli.console import Json, Output, note, progress_bar
from app.cli.tables import print_table
from app.formatting import count, moment
from jobs.alert_checks import AlertRound, check_alerts
from lake_access.database import open_database
from lake_access.settings import load_settings
from monitoring.alerts.board import Board, board
from monitoring.alerts.channels import try_channel
from monitoring.alerts.records import Alert, acknowledge
from monitoring.alerts.rules import described

AlertNumber = Annotated[int, typer.Argument(min=1, metavar="ID", help="The number of the alert.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    alerts = typer.Typer(name="alerts", help="See what is not as it should be, and see to it.", no_args_is_help=True)
    alerts.command("list")(alerts_list)
    alerts.command("check")(alerts_check)
    alerts.command("acknowledge")(alerts_acknowledge)
    alerts.command("test")(alerts_test)
    alert_rule_commands.register(alerts)
    app.add_typer(alerts)


def alerts_list(as_json: Json = False) -> None:
    """Show the open alerts, the rules with their last values, and the channels by name.

    \b
    Example: leadlake alerts list
    """
    settings = load_settings(os.environ)
    shown = board(open_database(settings), settings, acting(settings))
    value = {
        "open": [_alert(alert) for alert in shown.open],
        "rules": [_rule(shown, place) for place in range(len(shown.rules))],
        "channels": dict(shown.channels),
        "undelivered": len(shown.undelivered),
    }
    Output(as_json).result(value)
    if not as_json:
        _print(shown)


def alerts_check(as_json: Json = False) -> None:
    """Check every rule now, and deliver what there is to tell; the worker does so every quarter of an hour.

    A rule that opens after several checks in a row counts this one too.

    \b
    Example: leadlake alerts check
    """
    settings = load_settings(os.environ)
    with progress_bar("Checking rules", "share", 1.0) as bar:
        done = check_alerts(
            open_database(settings),
            settings,
            acting(settings),
            datetime.now(UTC),
            lambda step, _share: bar.show(step, 1.0),
        )
    states = [message.state for message in done.messages]
    delivered = states.count("delivered")
    value = {"rules": _checked(done), "delivered": delivered, "not_delivered": len(states) - delivered}
    Output(as_json).result(value)
    if not as_json:
        print_table(
            ("rule", "opens when", "value", "state"),
            [
                (each.rule.name, described(each.rule), each.found.detail, _verdict(each.breached))
                for each in done.checked
            ],
        )
        note(f"{count(len(done.checked))} rules checked, {count(delivered)} messages delivered.")
    for message in done.messages:
        if message.error:
            note(f"To {message.channel}: {message.error}")


def alerts_acknowledge(
    alert: AlertNumber,
    said: Annotated[str, typer.Option("--note", metavar="TEXT", help="What is done about it.")] = "",
    as_json: Json = False,
) -> None:
    """Take an open alert on: nobody is reminded of it any more, and its recovery is told.

    \b
    Example: leadlake alerts acknowledge 1 --note "The feed is being mended"
    """
    settings = load_settings(os.environ)
    taken = acknowledge(open_database(settings), acting(settings), alert, said, datetime.now(UTC))
    Output(as_json).result(_alert(taken), f"Alert {taken.id} ({taken.rule.name}) is acknowledged.")


def alerts_test(
    channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="The channel's name in LEADLAKE_ALERT_CHANNELS.")],
    as_json: Json = False,
) -> None:
    """Send a test message to a channel; exit with 1 where nobody took it.

    \b
    Example: leadlake alerts test team
    """
    settings = load_settings(os.environ)
    try_channel(settings, open_database(settings), acting(settings), channel, datetime.now(UTC))
    Output(as_json).result({"channel": channel, "delivered": True}, f"The channel {channel} took the test.")


def _alert(alert: Alert) -> dict[str, Any]:
    return {
        "alert": alert.id,
        "rule": alert.rule.id,
        "name": alert.rule.name,
        "watched": described(alert.rule),
        "state": alert.state,
        "value": alert.value,
        "detail": alert.detail,
        "since": alert.since.isoformat(),
        "opened_at": alert.opened_at.isoformat(),
        "acknowledged_by": alert.acknowledged_by,
        "note": alert.note,
    }


def _rule(shown: Board, place: int) -> dict[str, Any]:
    rule = shown.rules[place]
    standing = shown.standings.get(rule.id)
    return {
        "rule": rule.id,
        "name": rule.name,
        "watched": described(rule),
        "state": standing.status.state if standing else None,
        "value": standing.value if standing else None,
        "checked_at": standing.checked_at.isoformat() if standing and standing.checked_at else None,
        "channels": list(rule.channels),
        "enabled": rule.enabled,
        "muted_until": rule.muted_until.isoformat() if rule.muted_until else None,
    }


def _checked(done: AlertRound) -> list[dict[str, Any]]:
    return [
        {
            "rule": each.rule.id,
            "name": each.rule.name,
            "value": each.found.value,
            "too_much": each.breached,
            "detail": each.found.detail,
            "state": each.standing.status.state,
        }
        for each in done.checked
    ]


def _print(shown: Board) -> None:
    if shown.open:
        rows = [
            (str(alert.id), alert.state, alert.rule.name, described(alert.rule), moment(alert.since))
            for alert in shown.open
        ]
        print_table(("alert", "state", "rule", "opened as", "since"), rows, right=("alert",))
    else:
        note("No alert is open.")
    now = datetime.now(UTC)
    rules = [
        (
            str(rule.id),
            state_words(rule, shown),
            rule.name,
            described(rule),
            value_of(rule, shown),
            told_words(rule, now),
        )
        for rule in shown.rules
    ]
    if rules:
        print_table(("rule", "state", "name", "opens when", "last value", "tells"), rules, right=("rule",))
    else:
        note("No rule watches anything; `leadlake alerts set` and the page Alerts make one.")
    if shown.channels:
        note(f"Channels: {', '.join(f'{name} ({kind})' for name, kind in shown.channels.items())}.")
    if shown.undelivered:
        note(f"{count(len(shown.undelivered))} messages are not delivered; the page Alerts shows them.")


def _verdict(breached: bool | None) -> str:
    return {True: "too much", False: "ok", None: "nothing to judge"}[breached]
