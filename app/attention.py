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
from training.promotion.records import Request, requests


@dataclass(frozen=True)
class Notice:
    """One thing: its subject, what was seen (plain text, it may name a stream or a reason), what to do, and where."""

    subject: str
    detail: str
    remedy: str = ""
    page: str = ""  # a file in pages/


def notices(pinned: PinnedLake, state: Engine, now: datetime) -> list[Notice]:
    """All that needs attention, the data first, since the rest rests on it."""
    return [*of_data(pinned, now), *of_drift(state), *of_approvals(state)]


def of_data(pinned: PinnedLake, now: datetime) -> list[Notice]:
    """Stale data, silent streams, refused batches, and streams of which more lines are quarantined than before."""
    found = [
        feeds.silent_streams(pinned, now),
        ask(feeds.refused_batches, pinned),
        ask(feeds.jumped_quarantine, pinned),
    ]
    stale = stale_since(pinned, now)
    notes = [Notice("Stale data", stale, "Check the feeds that call `leadlake ingest`.", "lake.py")] if stale else []
    return [*notes, *(_notice(finding) for finding in found if finding.verdict != "ok")]


def of_drift(state: Engine) -> Sequence[Notice]:  # noqa: ARG001  (where reports are kept)
    """Models whose features or scores have drifted."""
    return ()


def of_approvals(state: Engine) -> Sequence[Notice]:
    """Promotions that wait for an approval, the newest first."""
    return [_waiting(request) for request in requests(state, "requested")]


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


def _notice(finding: Finding) -> Notice:
    return Notice(finding.subject.capitalize(), finding.detail, finding.remedy, "lake.py")
