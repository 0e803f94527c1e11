"""What the demo's year is asked to hold, and the drift that is planted in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lake_access.errors import RefusedError

MINUTE: Final = 60
HOUR: Final = 3_600
DAY: Final = 86_400
YEAR_DAYS: Final = 365

# Planted drift: days before the last moment of the plan.
SOURCE_MIX_SHIFT_DAYS: Final = 90  # the roadshow brings fewer leads from here on, online more
LONGER_WEBINARS_DAYS: Final = 60  # webinars run longer from here on
NEW_DEVICE_DAYS: Final = 45  # a new device model is on sale from here on
NEW_DEVICE_RAMP_DAYS: Final = 7  # how long it takes to reach its share

# Who scored when: the second model version takes over while the first still scores a share of the leads.
SECOND_MODEL_DAYS: Final = 120
OVERLAP_DAYS: Final = 28
OVERLAP_SHARE: Final = 0.5


@dataclass(frozen=True, kw_only=True)
class DemoPlan:
    """What to make: how many leads, from which seed, in the 365 calendar days that end with `until`.

    Raises RefusedError for a plan without leads, with a negative seed, or with an `until` that names no time zone.
    """

    until: datetime
    leads: int = 50_000
    seed: int = 7

    def __post_init__(self) -> None:
        if self.leads < 1:
            raise RefusedError(f"A demo of {self.leads} leads cannot be made: ask for 1 or more.")
        if self.seed < 0:
            raise RefusedError(f"The demo's seed is {self.seed}: give 0 or a positive whole number.")
        if self.until.tzinfo is None:
            raise RefusedError(f"The demo's last moment {self.until.isoformat()} has no time zone: give it one.")

    @property
    def last_second(self) -> int:
        """The last moment that an event may have, in whole seconds since 1970 (UTC)."""
        return int(self.until.timestamp())

    @property
    def first_midnight(self) -> int:
        """The midnight (UTC) at which the year begins, in seconds since 1970."""
        return (self.last_second // DAY - YEAR_DAYS + 1) * DAY

    def days_before_end(self, days: float) -> int:
        """The moment so many days before `until`, in seconds since 1970."""
        return self.last_second - int(days * DAY)
