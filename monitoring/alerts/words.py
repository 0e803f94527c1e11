"""What a message says: what, of which segment, value and limit, since when, where to see more; no lead's data."""

from __future__ import annotations

from datetime import datetime

from lake_access.settings import Settings
from monitoring.alerts.measures import Measured, told
from monitoring.alerts.rules import Rule, described
from monitoring.alerts.transitions import Told

_HEADS = {"opened": "Alert", "reminder": "Still open", "recovered": "Recovered"}


def title_of(what: Told, rule: Rule) -> str:
    """The message's title."""
    return f"{_HEADS[what]}: {rule.name}"


def body_of(what: Told, rule: Rule, found: Measured, since: datetime, now: datetime, settings: Settings) -> str:
    """The message's text; `since` is when the first of the checks was too much."""
    lines = [
        f"Watched: {described(rule)}.",
        f"Value: {told(rule, found)}.",
        f"Since: {since:%Y-%m-%d %H:%M} UTC" + (f", until {now:%Y-%m-%d %H:%M} UTC." if what == "recovered" else "."),
    ]
    if what == "reminder" and rule.remind_hours:
        lines.append(f"Reminded every {rule.remind_hours} hours until somebody acknowledges it.")
    link = link_to(settings, "alerts")
    if link:
        lines.append(f"See {link}")
    return "\n".join(lines)


def link_to(settings: Settings, page: str) -> str:
    """The address of a page; nothing where LEADLAKE_BASE_URL does not say where readers reach the dashboard."""
    base = settings.environment.base_url
    return f"{base.rstrip('/')}/{page}" if base else ""
