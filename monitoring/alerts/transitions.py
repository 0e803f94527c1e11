"""What a check makes of a rule's state, and what is to be told: a pure function, held to every case by its tests.

ok → pending (n of k checks) → open → acknowledged → ok
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from monitoring.alerts.rules import Rule

State = Literal["ok", "pending", "open", "acknowledged"]
Told = Literal["opened", "reminder", "recovered"]
RAISED: Final[tuple[State, ...]] = ("open", "acknowledged")


@dataclass(frozen=True)
class Status:
    """Where a rule stands: how many checks in a row were too much, since when, and whether anybody was told."""

    state: State = "ok"
    breaches: int = 0
    since: datetime | None = None
    told: bool = False
    told_at: datetime | None = None
    reminders: int = 0


@dataclass(frozen=True)
class Step:
    """The state after a check, whether the alert opened or ended with it, and what is to be told."""

    status: Status
    opened: bool = False
    ended: bool = False
    tell: Told | None = None


def step(rule: Rule, before: Status, breached: bool | None, now: datetime) -> Step:
    """One check more; `breached` is None where there was nothing to judge, and then only time has passed."""
    if breached is None:
        return _spoken(rule, Step(before), now)
    if not breached:
        ended = before.state in RAISED
        tell: Told | None = "recovered" if ended and before.told and not rule.is_muted(now) else None
        return Step(Status(), ended=ended, tell=tell)
    status = replace(before, breaches=before.breaches + 1, since=before.since or now)
    if before.state in RAISED:
        return _spoken(rule, Step(status), now)
    opened = status.breaches >= rule.checks
    status = replace(status, state="open" if opened else "pending")
    return _spoken(rule, Step(status, opened=opened), now)


def _spoken(rule: Rule, made: Step, now: datetime) -> Step:
    """Tell of an open alert: once when it opens (or when a mute ends), then as often as the rule reminds."""
    status = made.status
    if status.state != "open" or rule.is_muted(now):
        return made
    if not status.told:
        return replace(made, status=replace(status, told=True, told_at=now), tell="opened")
    if rule.remind_hours and status.told_at and now - status.told_at >= timedelta(hours=rule.remind_hours):
        reminded = replace(status, told_at=now, reminders=status.reminders + 1)
        return replace(made, status=reminded, tell="reminder")
    return made
