"""How the feeds do: what was refused, what is quarantined and whether that has changed, and which stream is silent."""

from __future__ import annotations

from datetime import datetime, timedelta

from lake_access.examination.finding import Finding
from lake_access.lake import PinnedLake
from lake_access.queries import load_query
from lake_access.wording import counted, first_of, percentage

# So many reasons or batches are named; the others are counted.
TOLD = 3

# A stream's rhythm is told from its newest landings; of fewer than some it is not told at all.
LANDINGS_TOLD, LANDINGS_NEEDED = 30, 5
# It is silent after so many times the interval that nine of ten of its intervals keep; nights and weekends are such.
SILENT_AFTER, SILENT_AT_LEAST = 3, timedelta(hours=1)
# The share of quarantined lines has jumped where the newest batches have so many times that of the batches before.
NEWEST_BATCHES, BATCHES_BEFORE = 3, 50
JUMPED_BY, JUMPED_AT_LEAST, LINES_NEEDED = 3, 0.01, 10


def refused_batches(pinned: PinnedLake) -> Finding:
    """Files that turned out corrupt, but for those whose content has landed again since."""
    refused = pinned.rows(load_query("refused_batches"))
    if refused:
        told = first_of([row[1] for row in refused], TOLD, "batch", "batches")
        return Finding("refused batches", "warning", told, "Land the files again, whole.")
    return Finding("refused batches", "ok", "none")


def quarantine(pinned: PinnedLake) -> Finding:
    """How many lines are quarantined, what share of all that is, and why."""
    reasons = pinned.rows(load_query("quarantine_reasons"))
    if not reasons:
        return Finding("quarantine", "ok", "empty")
    shown = first_of([f"{count:,} × {reason}" for reason, count in reasons], TOLD, "reason")
    total = sum(count for _, count in reasons)
    ((read,),) = pinned.rows(load_query("lines_read"))
    share = f" ({percentage(total / read)} of those read)" if read else ""
    detail = f"{counted(total, 'line')}{share}: {shown}"
    return Finding("quarantine", "warning", detail, "See `leadlake quarantine list`; after a fix, `retry`.")


def silent_streams(pinned: PinnedLake, now: datetime) -> Finding:
    """Streams whose newest batch is much older than their usual interval between landings."""
    parameters = {"told": LANDINGS_TOLD, "needed": LANDINGS_NEEDED}
    silent = []
    for stream, newest, usual, long in pinned.rows(load_query("landing_intervals"), parameters):
        if now - newest > max(SILENT_AFTER * timedelta(seconds=long), SILENT_AT_LEAST):
            usually = in_words(timedelta(seconds=usual))
            silent.append(f"{stream}: nothing for {in_words(now - newest)}, usually every {usually}")
    if silent:
        return Finding("silent streams", "warning", "; ".join(silent), "Check the feeds that bring them.")
    return Finding("silent streams", "ok", "none")


def jumped_quarantine(pinned: PinnedLake) -> Finding:
    """Streams of whose newest batches a much greater share is quarantined than of those before."""
    parameters = {"newest": NEWEST_BATCHES, "before": BATCHES_BEFORE}
    jumped = []
    for stream, quarantined, read, quarantined_before, read_before in pinned.rows(
        load_query("quarantined_shares"), parameters
    ):
        share, before = quarantined / read, quarantined_before / read_before
        if quarantined >= LINES_NEEDED and share > JUMPED_BY * before + JUMPED_AT_LEAST:
            jumped.append(
                f"{stream}: {percentage(share)} of its newest {NEWEST_BATCHES} batches, {percentage(before)} before"
            )
    if jumped:
        remedy = "See curated.quarantine for the reasons: a feed, or leadlake.toml, has changed."
        return Finding("quarantined share", "warning", "; ".join(jumped), remedy)
    return Finding("quarantined share", "ok", "no more than usual")


def in_words(span: timedelta) -> str:
    """A span of time in its greatest whole unit: `3 days`."""
    seconds = int(span.total_seconds())
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            return counted(seconds // length, unit)
    return "less than a minute"
