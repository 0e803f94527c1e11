"""Ranges of days that readers ask for by name, counted back from the day of the newest lead."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal, get_args

Preset = Literal["all", "30_days", "90_days", "quarter", "12_months", "chosen"]
PRESETS: tuple[Preset, ...] = get_args(Preset)
PRESET_NAMES: dict[Preset, str] = {
    "all": "All days",
    "30_days": "Last 30 days",
    "90_days": "Last 90 days",
    "quarter": "This quarter",
    "12_months": "Last 12 months",
    "chosen": "Chosen days",
}
Days = tuple[date, date]  # the first and the last, both included


def preset_days(preset: Preset, offered: Days) -> Days:
    """The days of a preset; `offered` are the days of the oldest and the newest lead, and bound what it takes in.

    They are counted back from the newest lead, not from today: a link shows the same leads for as long as no newer
    ones come. A quarter begins in January, April, July or October.
    """
    first, last = offered
    starts: dict[Preset, date] = {
        "30_days": last - timedelta(days=29),
        "90_days": last - timedelta(days=89),
        "quarter": date(last.year, last.month - (last.month - 1) % 3, 1),
        "12_months": a_year_before(last) + timedelta(days=1),
    }
    return max(first, starts.get(preset, first)), last


def day_count(days: Days) -> int:
    """How many days there are, both ends included."""
    return (days[1] - days[0]).days + 1


def days_before(days: Days) -> Days:
    """As many days, just before them."""
    return days[0] - timedelta(days=day_count(days)), days[0] - timedelta(days=1)


def days_a_year_before(days: Days) -> Days:
    """The same days of the year before; 28 February stands for the 29th."""
    return a_year_before(days[0]), a_year_before(days[1])


def a_year_before(day: date) -> date:
    """The same day of the year before; 28 February stands for the 29th."""
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)
