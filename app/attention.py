"""What needs a reader's attention: each notice in a sentence, with the page where something can be done about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from app import formatting
from app.lake_session import ask
from lake_access.examination import feeds
from lake_access.examination.finding import Finding
from lake_access.lake import PinnedLake
from lake_access.permissions import Action, Actor, may
from monitoring.alerts.records import list_alerts
from monitoring.alerts.rules import described
from monitoring.drift_checks import DriftCheck, newest_check
from training.promotion.records import Request, requests

MOST_NAMED = 3
ALERTS_NAMED = 3


@dataclass(frozen=True)
class Notice:
    """One thing: its subject, what was seen (plain text, it may name a stream or a reason), what to do, and where."""

    subject: str
    detail: str
    remedy: str = ""
    page: str = ""  # a file in pages/


def notices(pinned: PinnedLake, state: Engine, now: datetime, actor: Actor) -> list[Notice]:
    """All that needs this reader's attention, the data first, since the rest rests on it.

    What is told of all leads together is not for somebody who is limited to some of them.
    """
    of_models = [*of_drift(pinned, state), *of_approvals(state)] if may(actor, Action.VIEW_MODELS) else []
    of_feeds = of_data(pinned, now) if may(actor, Action.VIEW_LAKE) else []
    return [*_of_age(pinned, now), *of_feeds, *of_models, *of_alerts(pinned, state)]


def of_data(pinned: PinnedLake, now: datetime) -> list[Notice]:
    """Silent streams, refused batches, and streams of which more lines are quarantined than before."""
    found = [
        feeds.silent_streams(pinned, now),
        ask(feeds.refused_batches, pinned),
        ask(feeds.jumped_quarantine, pinned),
    ]
    return [_notice(finding) for finding in found if finding.verdict != "ok"]


def of_drift(pinned: PinnedLake, state: Engine) -> Sequence[Notice]:
    """What drifted in the newest weeks, as the newest check against the training data has it.

    A check is made from all leads, and is not for who may see some of them only.
    """
    check = newest_check(state) if pinned.limits is None else None
    if check is None or not check.lasting:
        return ()
    first = [_dated(check, name) for name in check.lasting[:MOST_NAMED]]
    more = len(check.lasting) - len(first)
    rest = f" and {more} more" if more else ""
    detail = f"Beyond threshold and chance in the newest weeks: {', '.join(first)}{rest}."
    return (Notice("Drift", detail, "Against the data that the model was trained on.", "drift.py"),)


def _dated(check: DriftCheck, column: str) -> str:
    since = check.since(column)
    return column if since is None else f"{column} (since the week of {formatting.day(since)})"


def of_approvals(state: Engine) -> Sequence[Notice]:
    """Promotions that wait for an approval, the newest first."""
    return [_waiting(request) for request in requests(state, "requested")]


def of_alerts(pinned: PinnedLake, state: Engine) -> Sequence[Notice]:
    """Alerts that are open, for readers without row limits: they are made from all leads."""
    if pinned.limits is not None:
        return ()
    found = [alert for alert in list_alerts(state, ended=False) if alert.state == "open"]
    if not found:
        return ()
    more = f", and {len(found) - ALERTS_NAMED} more" if len(found) > ALERTS_NAMED else ""
    named = "; ".join(f"{alert.rule.name}: {described(alert.rule)}" for alert in found[:ALERTS_NAMED])
    return [Notice(f"{len(found)} open alert{'' if len(found) == 1 else 's'}", f"{named}{more}.", page="alerts.py")]


def stale_since(pinned: PinnedLake, now: datetime) -> str:
    """One sentence where the newest batch is older than the setting `stale_after_hours`; empty where it is not."""
    limit = pinned.settings.declarations.lake.stale_after_hours
    known = pinned.known_until
    if known is None or now - known <= timedelta(hours=limit):
        return ""
    return f"The newest batch landed {formatting.age(known, now)} ago; data is stale after {limit} hours."


def _waiting(request: Request) -> Notice:
    gates = request.failed
    held_up = f" {formatting.count(len(gates))} of its gates failed." if gates else " Its gates passed."
    return Notice(
        "A promotion waits for a decision",
        f"{request.requested_by} asks for version {request.version} (request {request.id}).{held_up}",
        "Another person who may decide approves or rejects it.",
        "approvals.py",
    )


def _of_age(pinned: PinnedLake, now: datetime) -> list[Notice]:
    stale = stale_since(pinned, now)
    return [Notice("Stale data", stale, "Check the feeds that call `leadlake ingest`.", "lake.py")] if stale else []


def _notice(finding: Finding) -> Notice:
    return Notice(finding.subject.capitalize(), finding.detail, finding.remedy, "lake.py")
