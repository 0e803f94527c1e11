"""Time along an axis: where a line breaks because periods are missing, how wide a bar is, and where ticks stand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from app import formatting, palette

DAY_MILLISECONDS: Final = 86_400_000
MOST_TICKS: Final = 6
BAR_OF_PERIOD: Final = 0.8
SHORTEST_MONTH: Final = 28


def are_months(periods: Sequence[str]) -> bool:
    """Whether these are months, `2025-01`, and neither weeks, `2025-W03`, nor days."""
    return all(len(period) == len("2025-01") for period in periods)


def broken_line(periods: Sequence[str], values: Sequence[float]) -> tuple[list[str], list[float | None]]:
    """First days and values to draw a line through, with None where a whole period or more is missing in between."""
    days: list[str] = []
    broken: list[float | None] = []
    for place, (period, value) in enumerate(zip(periods, values, strict=True)):
        if place and (after := _day_after(periods[place - 1])) < _first(period):
            days.append(after.isoformat())
            broken.append(None)
        days.append(formatting.first_day(period))
        broken.append(value)
    return days, broken


def line_between(periods: Sequence[str], values: Sequence[float]) -> dict[str, Any]:
    """A line through these values that breaks where periods are missing; marks are a trace of their own above it.

    Where a line breaks it has a point that is none: a click tells the place of a mark among the marks alone.
    """
    days, broken = broken_line(periods, values)
    return {
        "x": days,
        "y": broken,
        "mode": "lines",
        "line": {"color": palette.NEUTRAL, "width": 1.5},
        "hoverinfo": "skip",
    }


def bar_width(periods: Sequence[str]) -> float:
    """How wide the bar of each of these periods is, in milliseconds: Plotly would take the distance to the next one."""
    days = SHORTEST_MONTH if are_months(periods) else min((_length(period) for period in periods), default=1)
    return BAR_OF_PERIOD * days * DAY_MILLISECONDS


def period_ticks(periods: Sequence[str]) -> dict[str, Any]:
    """What has an axis name some of these periods, which are in order, by their first days.

    Each of a few months has a tick, weeks have them at Mondays; of many months Plotly chooses.
    """
    if are_months(periods):
        few = bool(periods) and (_first(periods[-1]) - _first(periods[0])).days < MOST_TICKS * SHORTEST_MONTH
        return {"tickformat": "%b\n%Y", "dtick": "M1" if few else None}
    days = [_first(period) for period in periods]
    return {"tickformat": "%-d %b\n%Y", **_every(days, min(_length(period) for period in periods))}


def monday_ticks(weeks: Sequence[date]) -> dict[str, Any]:
    """What has an axis name some of these weeks, in any order, by their Mondays."""
    return _every(weeks, 7)


def _every(days: Sequence[date], length: int) -> dict[str, Any]:
    """Ticks at the first of these days and then every so many periods of `length` days, not more than fit."""
    if not days:
        return {}
    first, last = min(days), max(days)
    steps = (last - first).days // length
    # The ceiling of a quotient.
    apart = max(1, -(-steps // (MOST_TICKS - 1)))
    return {"tick0": first.isoformat(), "dtick": apart * length * DAY_MILLISECONDS}


def _first(period: str) -> date:
    return date.fromisoformat(formatting.first_day(period))


def _length(period: str) -> int:
    return 7 if "-W" in period else 1


def _day_after(period: str) -> date:
    """The first day of the next period."""
    first = _first(period)
    if are_months([period]):
        return (first + timedelta(days=31)).replace(day=1)
    return first + timedelta(days=_length(period))
