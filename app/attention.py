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
    of_models = [*of_drift(state), *of_approvals(state)] if may(actor, Action.VIEW_MODELS) else []
    of_feeds = of_data(pinned, now) if may(actor, Action.VIEW_LAKE) else []
    return [*_of_age(pinned, now), *of_feeds, *of_models]


def of_data(pinned: PinnedLake, now: datetime) -> list[Notice]:
    """Silent streams, refused batches, and streams of which more lines are quarantined than before."""
    found = [
        feeds.silent_streams(pinned, now),
        ask(feeds.refused_batches, pinned),
        ask(feeds.jumped_quarantine, pinned),
    ]
    return [_notice(finding) for finding in found if finding.verdict != "ok"]


def of_drift(state: Engine) -> Sequence[Notice]:  # noqa: ARG001  (where reports are kept)
    """Models whose features or scores have drifted."""
    return ()


def of_approvals(state: Engine) -> Sequence[Notice]:  # noqa: ARG001  (where requests are kept)
    """Promotions that wait for an approval."""
    return ()


def stale_since(pinned: PinnedLake, now: datetime) -> str:
    """One sentence where the newest batch is older than the setting `stale_after_hours`; empty where it is not."""
    limit = pinned.settings.declarations.lake.stale_after_hours
    known = pinned.known_until
    if known is None or now - known <= timedelta(hours=limit):
        return ""
    return f"The newest batch landed {formatting.age(known, now)} ago; data is stale after {limit} hours."


def _of_age(pinned: PinnedLake, now: datetime) -> list[Notice]:
    stale = stale_since(pinned, now)
    return [Notice("Stale data", stale, "Check the feeds that call `leadlake ingest`.", "lake.py")] if stale else []


def _notice(finding: Finding) -> Notice:
    return Notice(finding.subject.capitalize(), finding.detail, finding.remedy, "lake.py")
