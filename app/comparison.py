"""What the figures on screen are compared with: another period, under the same filters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal, get_args

from app import formatting
from app.periods import Days, a_year_before, day_count, days_a_year_before, days_before
from lake_access.conversion import ConversionFilters

Choice = Literal["previous", "year", "nothing"]
CHOICES: tuple[Choice, ...] = get_args(Choice)
CHOICE_NAMES: dict[Choice, str] = {
    "previous": "Previous period",
    "year": "Same period last year",
    "nothing": "Nothing",
}
NEWEST_DAYS = 90


@dataclass(frozen=True)
class Comparison:
    """Two periods under the same filters.

    `whole` says whether the newer one is the period on screen; with all days chosen nothing lies before, and the newest
    days are compared with those before them.
    """

    now: ConversionFilters
    before: ConversionFilters
    days: Days
    days_before: Days
    whole: bool

    @property
    def label(self) -> str:
        """Which period is compared with which; days only, no value from the lake."""
        before = _range(self.days_before)
        return f"compared with {before}" if self.whole else f"{_range(self.days)} compared with {before}"


def comparison(filters: ConversionFilters, offered: Days, choice: Choice) -> Comparison | None:
    """The periods to compare; None where nothing is asked for, or where no lead came in the earlier one.

    `offered` are the days of the oldest and the newest lead. Both periods keep every other filter.
    """
    if choice == "nothing":
        return None
    days = (filters.since or offered[0], filters.until or offered[1])
    if days[1] < days[0]:
        return None
    whole = days[0] > offered[0]
    if not whole:
        days = _newest(days, choice)
    earlier = days_before(days) if choice == "previous" else days_a_year_before(days)
    if earlier[1] < offered[0] or earlier[1] >= days[0]:
        return None
    return Comparison(
        now=replace(filters, since=days[0], until=days[1]),
        before=replace(filters, since=earlier[0], until=earlier[1]),
        days=days,
        days_before=earlier,
        whole=whole,
    )


def partly_before_the_first_lead(compared: Comparison, offered: Days) -> bool:
    """Whether the earlier period begins before any lead came: then its counts are of fewer days."""
    return compared.days_before[0] < offered[0]


def maturity_caveat(young: int, young_before: int, all_leads: bool) -> str:
    """One sentence where young leads make the two periods unlike; empty where there are none."""
    if not young and not young_before:
        return ""
    parts = [
        f"{formatting.count(number)} in {which}"
        for number, which in ((young, "this period"), (young_before, "the one before"))
        if number
    ]
    where = " and ".join(parts)
    if all_leads:
        return f"Young leads that may yet convert are counted ({where}): rates of newer days look too low."
    return f"Young leads are left out of rates ({where}), and conversions cannot be compared in number yet."


def _newest(days: Days, choice: Choice) -> Days:
    """Of all days the newest ones, so that as many lie before them."""
    if choice == "year":
        return max(days[0], a_year_before(days[1]) + timedelta(days=1)), days[1]
    length = min(NEWEST_DAYS, day_count(days) // 2)
    return days[1] - timedelta(days=max(0, length - 1)), days[1]


def _range(days: Days) -> str:
    return f"{formatting.day(days[0])} to {formatting.day(days[1])}"
