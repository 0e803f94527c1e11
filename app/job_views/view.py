"""Jobs and schedules as pages say them: a status in few words, tables, what is left to wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeGuard

import pandas as pd

from app import formatting
from jobs.crontab import in_words, parse_crontab
from jobs.job import Job, State, seconds_left
from jobs.kind import JobKind
from jobs.schedules import Schedule

ICONS: Final[Mapping[State, str]] = {
    "queued": ":material/schedule:",
    "running": ":material/play_circle:",
    "succeeded": ":material/check_circle:",
    "failed": ":material/error:",
    "cancelled": ":material/cancel:",
}
# The sign beside the word, for tables, which draw no icons.
SIGNS: Final[Mapping[State, str]] = {
    "queued": "…",
    "running": "▶",
    "succeeded": "✓",
    "failed": "✗",
    "cancelled": "–",
}

# What results count: these are said as one does, `12 weeks`, where of others the name stands first, `version 2`.
THINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "batches": ("batch", "batches"),
    "columns": ("column",),
    "leads": ("lead",),
    "rules": ("rule",),
    "weeks": ("week",),
}
NAMED = 2  # so many members of a list stand by name


def status(counts: Mapping[State, int], running: Sequence[Job], kinds: Mapping[str, JobKind]) -> str:
    """All jobs in few words: `No job runs`, `Build the lake, 43%`, `2 running, 1 failed today`."""
    parts = []
    if len(running) == 1:
        parts.append(_at_hand(running[0], kinds))
    elif running:
        parts.append(f"{formatting.count(len(running))} running")
    if counts.get("queued"):
        parts.append(f"{formatting.count(counts['queued'])} queued")
    if counts.get("failed"):
        # Three parts fill the sidebar's line; that it is today's count, its help says too.
        today = "" if len(parts) > 1 else " today"
        parts.append(f"{formatting.count(counts['failed'])} failed{today}")
    return ", ".join(parts) or "No job runs"


def title_of(kind: str, kinds: Mapping[str, JobKind]) -> str:
    """The kind's title, or its name where this version knows it no more."""
    return kinds[kind].title if kind in kinds else kind


def wait_of(job: Job, usual: float | None, now: datetime) -> str:
    """How far a job at hand is: `43.0% · 12 s so far · about 16 s left`."""
    parts = [] if job.share is None else [formatting.percentage(job.share)]
    taken = job.seconds_taken(now)
    if taken is not None:
        parts.append(f"{formatting.duration(taken)} so far")
    left = seconds_left(job, usual, now)
    if left is not None:
        parts.append(f"about {formatting.duration(left)} left" if left >= 1 else "nearly done")
    return " · ".join(parts)


def asked_of(job: Job, now: datetime) -> str:
    """Who asked and when: `Asked for by ada 5 minutes ago, by schedule 3; attempt 2 · steps 5`."""
    schedule = "" if job.of_schedule is None else f", by schedule {job.of_schedule}"
    attempt = "" if job.attempt == 1 else f"; attempt {job.attempt}"
    parameters = f" · {written(job.parameters)}" if job.parameters else ""
    return f"Asked for by {job.requested_by} {formatting.age(job.requested_at, now)} ago{schedule}{attempt}{parameters}"


def outcome_of(job: Job) -> str:
    """What became of an ended job, in one line."""
    if job.state == "cancelled":
        return f"Cancelled by {job.cancelled_by}"
    return job.error or written(job.result or {})


def written(values: Mapping[str, Any]) -> str:
    """Parameters or a result in one line: `read 1,204, curated 1,198`; `12 weeks; drifted: a, b and 3 more`.

    Of a list of records it tells how many, of other lists the first members; with such a list, parts stand apart by ;.
    """
    parts = [_part(name, value) for name, value in values.items()]
    return ("; " if any(_is_named(value) for value in values.values()) else ", ").join(parts)


def jobs_frame(jobs: Sequence[Job], kinds: Mapping[str, JobKind], now: datetime) -> pd.DataFrame:
    """The table of ended jobs: a row a job."""
    rows = [
        {
            "job": job.id,
            "state": f"{SIGNS[job.state]} {job.state}",
            "kind": title_of(job.kind, kinds),
            "outcome": outcome_of(job),
            "took": "" if (taken := job.seconds_taken(now)) is None else formatting.duration(taken),
            "by": job.requested_by,
            "ended": None if job.finished_at is None else formatting.moment(job.finished_at),
        }
        for job in jobs
    ]
    return pd.DataFrame(rows, columns=["job", "state", "kind", "outcome", "took", "by", "ended"])


def schedule_line(schedule: Schedule) -> str:
    """When a schedule comes and came: `Every day at 02:30 UTC (30 2 * * *) · next 2026-11-25 02:30 UTC · …`."""
    words = in_words(parse_crontab(schedule.crontab))
    comes = f"{schedule.crontab} (UTC)" if words is None else f"{formatting.sentence(words)} ({schedule.crontab})"
    next_run = f"next {formatting.moment(schedule.next_run)}" if schedule.enabled else "paused"
    last = "has not run yet" if schedule.last_run is None else f"last {formatting.moment(schedule.last_run)}"
    return f"{comes} · {next_run} · {last} · set by {schedule.set_by}"


def _at_hand(job: Job, kinds: Mapping[str, JobKind]) -> str:
    title = title_of(job.kind, kinds)
    return title if job.share is None else f"{title}, {formatting.whole_percentage(job.share)}"


def _part(name: str, value: object) -> str:
    told = name.replace("_", " ")
    if name in THINGS and isinstance(value, int):
        return formatting.counted(value, *THINGS[name])
    return f"{told}: {_named(value)}" if _is_named(value) else f"{told} {_value(value)}"


def _is_named(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list) and not any(isinstance(each, Mapping) for each in value)


def _named(members: Sequence[object]) -> str:
    """`a, b and 3 more`; all of them where one more would be told as `1 more`."""
    told = [str(member) for member in members]
    if len(told) > NAMED + 1:
        told = [*told[:NAMED], f"{formatting.count(len(told) - NAMED)} more"]
    return " and ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told) or "none"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        return formatting.count(len(value))
    if isinstance(value, int):
        return formatting.count(value)
    return formatting.plain(value) if isinstance(value, float) else str(value)
