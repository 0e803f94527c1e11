"""From the alerts to what their page shows: tables and lines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pandas as pd

from app import formatting
from monitoring.alerts.board import Board
from monitoring.alerts.metrics import METRICS, in_unit
from monitoring.alerts.outbox import Message
from monitoring.alerts.records import Alert, Check
from monitoring.alerts.rules import Rule, described
from monitoring.alerts.transitions import State

SIGNS: dict[str, str] = {
    "ok": "✓",
    "pending": "…",
    "open": "!",
    "acknowledged": "▸",
    "resolved": "✓",
    "paused": "‖",
    "not checked yet": "–",
}
POINTS_SHOWN = 40


def rules_frame(board: Board, now: datetime) -> pd.DataFrame:
    """A row a rule: where it stands, its last value, and the course of its values."""
    rows = [
        {
            "state": state_words(rule, board),
            "name": rule.name,
            "value": value_of(rule, board),
            "course": [check.value for check in board.checks[rule.id][-POINTS_SHOWN:] if check.value is not None],
            "watched": described(rule),
            "checked": _checked(rule, board),
            "told": told_words(rule, now),
        }
        for rule in board.rules
    ]
    return pd.DataFrame(rows, columns=["state", "name", "value", "course", "watched", "checked", "told"])


def state_words(rule: Rule, board: Board) -> str:
    """Where a rule stands: `✓ ok`, `… pending (2 of 3)`, `! open`, `‖ paused`."""
    standing = board.standings.get(rule.id)
    if not rule.enabled:
        return f"{SIGNS['paused']} paused"
    if standing is None:
        return f"{SIGNS['not checked yet']} not checked yet"
    state: State = standing.status.state
    counted = f" ({standing.status.breaches} of {rule.checks})" if state == "pending" else ""
    return f"{SIGNS[state]} {state}{counted}"


def value_of(rule: Rule, board: Board) -> str:
    """The value of the last check; nothing before the first."""
    standing = board.standings.get(rule.id)
    return "" if standing is None else in_unit(standing.value, METRICS[rule.metric].unit)


def told_words(rule: Rule, now: datetime) -> str:
    """Whom a rule tells and how often: `team, ops; every 24 hours until acknowledged`."""
    if not rule.channels:
        told = "this page alone"
    else:
        again = f"every {rule.remind_hours} hours until acknowledged" if rule.remind_hours else "no reminders"
        told = f"{', '.join(rule.channels)}; {again}"
    if rule.is_muted(now) and rule.muted_until is not None:
        return f"muted until {formatting.moment(rule.muted_until)}; {told}"
    return told


def since_line(alert: Alert, now: datetime) -> str:
    """Since when, and who has taken it on."""
    value = in_unit(alert.value, METRICS[alert.rule.metric].unit)
    lines = [
        f"Since {formatting.moment(alert.since)}, {formatting.age(alert.since, now)} ago: {value} ({alert.detail})."
    ]
    if alert.acknowledged_at is not None:
        note = f": {alert.note}" if alert.note else "."
        lines.append(f"Acknowledged by {alert.acknowledged_by} on {formatting.moment(alert.acknowledged_at)}{note}")
    return "\n".join(lines)


def ended_frame(alerts: Sequence[Alert]) -> pd.DataFrame:
    """A row an alert that ended."""
    rows = [
        {
            "Alert": alert.id,
            "Rule": alert.rule.name,
            "Watched": described(alert.rule),
            "Value": in_unit(alert.value, METRICS[alert.rule.metric].unit),
            "Since": formatting.moment(alert.since),
            "Ended": formatting.moment(alert.ended_at) if alert.ended_at else "",
            "How": alert.ended_how or "",
            "Acknowledged": alert.acknowledged_by or "",
            "Note": alert.note or "",
        }
        for alert in alerts
    ]
    return pd.DataFrame(rows)


def messages_frame(messages: Sequence[Message]) -> pd.DataFrame:
    """A row a message."""
    rows = [
        {
            "Message": message.id,
            "Channel": message.channel,
            "Title": message.title,
            "State": message.state if not message.error else f"{message.state}: {message.error}",
            "Attempts": message.attempts,
            "Written": formatting.moment(message.made_at),
            "Delivered": formatting.moment(message.delivered_at) if message.delivered_at else "",
        }
        for message in messages
    ]
    return pd.DataFrame(rows)


def checks_frame(checks: Sequence[Check]) -> pd.DataFrame:
    """A row a check of a rule."""
    rows = [
        {"at": check.at, "value": check.value, "too_much": check.breached, "detail": check.detail} for check in checks
    ]
    return pd.DataFrame(rows, columns=["at", "value", "too_much", "detail"])


def checks_alt(rule: Rule, checks: Sequence[Check]) -> str:
    """The chart of a rule's checks in words."""
    over = sum(check.breached is True for check in checks)
    last = in_unit(checks[-1].value, METRICS[rule.metric].unit) if checks else "none"
    return f"Values of {len(checks)} checks, {over} of them too much; the last: {last}"


def _checked(rule: Rule, board: Board) -> str:
    standing = board.standings.get(rule.id)
    return "" if standing is None or standing.checked_at is None else formatting.moment(standing.checked_at)
