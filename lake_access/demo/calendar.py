"""When things happen in the demo's year: the rhythm of days and hours, roadshow stops, webinar sessions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from lake_access.demo.events import FloatArray, IntArray
from lake_access.demo.plan import DAY, HOUR, YEAR_DAYS, DemoPlan

NEVER: Final = np.iinfo(np.int64).max // 2

# Monday first. 1970-01-01, day 0 of the epoch, was a Thursday.
WEEKDAY_WEIGHT: Final = np.array([1.15, 1.25, 1.2, 1.1, 0.9, 0.45, 0.5])
MONTH_WEIGHT: Final = np.array([0.95, 1.0, 1.15, 1.1, 1.05, 0.95, 0.75, 0.65, 1.15, 1.2, 1.15, 0.8])
HOUR_WEIGHT: Final = np.array(
    [2, 1, 1, 1, 1, 2, 4, 7, 10, 11, 11, 10, 12, 11, 10, 10, 9, 8, 8, 9, 10, 9, 6, 4], dtype=np.float64
)
WEDNESDAY: Final = 2
FRIDAY: Final = 4
WEBINAR_WEEKDAYS: Final = (1, 3)  # Tuesday and Thursday
WEBINAR_HOUR: Final = 14
ROADSHOW_OPENS: Final = 9 * HOUR
ROADSHOW_CLOSES: Final = 17 * HOUR
OFFICE_OPENS: Final = 8 * HOUR
OFFICE_CLOSES: Final = 17 * HOUR


@dataclass(frozen=True)
class Calendar:
    """The year's dates, all in seconds since 1970: days with their weight, roadshow stops by city, webinar sessions."""

    midnight: IntArray
    day_weight: FloatArray
    stop: IntArray
    stop_city: IntArray
    session: IntArray

    def nearest_stop(self, at: IntArray) -> IntArray:
        """The index of the stop nearest to each moment."""
        after = np.clip(np.searchsorted(self.stop, at), 1, len(self.stop) - 1)
        return np.where(at - self.stop[after - 1] < self.stop[after] - at, after - 1, after)

    def next_stop_in(self, city: IntArray, at: IntArray) -> IntArray:
        """The next roadshow day in each row's city, or NEVER."""
        following = np.full(len(at), NEVER)
        for one in np.unique(city):
            stops = np.append(self.stop[self.stop_city == one], NEVER)
            rows = city == one
            following[rows] = stops[np.searchsorted(stops, at[rows])]
        return following

    def session_after(self, at: IntArray, ahead: IntArray) -> IntArray:
        """The start of the webinar after each moment, or as many sessions later as `ahead` says."""
        place: IntArray = np.searchsorted(self.session, at, side="right") + ahead
        session: IntArray = self.session[np.minimum(place, len(self.session) - 1)]
        return session


def weekday(at: IntArray) -> IntArray:
    """The day of the week in UTC, Monday 0."""
    return (at // DAY + 3) % 7


def draw_calendar(plan: DemoPlan, city_weight: FloatArray, rng: np.random.Generator) -> Calendar:
    """Draw the year's dates: a roadshow in two cities every other week, webinars on two afternoons a week.

    Sessions go on for a month after the plan's end, for leads may register for one that is still to come.
    """
    midnight = plan.first_midnight + np.arange(YEAR_DAYS + 35, dtype=np.int64) * DAY
    month = midnight.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64) % 12
    day_weight = (WEEKDAY_WEIGHT[weekday(midnight)] * MONTH_WEIGHT[month])[:YEAR_DAYS]

    wednesdays = midnight[weekday(midnight) == WEDNESDAY]
    stop = np.sort(np.concatenate([wednesdays[::2], wednesdays[::2] + DAY]))
    stop = stop[stop + ROADSHOW_CLOSES + DAY // 4 <= plan.last_second]
    cities = len(city_weight)
    stop_city = rng.choice(cities, size=len(stop), p=city_weight / city_weight.sum())
    # A tour never stays: its second day is in another city than the one before.
    stays = np.flatnonzero(stop_city[1:] == stop_city[:-1]) + 1
    stop_city[stays] = (stop_city[stays] + 1) % cities

    session = midnight[np.isin(weekday(midnight), WEBINAR_WEEKDAYS)] + WEBINAR_HOUR * HOUR
    return Calendar(midnight[:YEAR_DAYS], day_weight, stop, stop_city, session)


def draw_moments(calendar: Calendar, plan: DemoPlan, count: int, rng: np.random.Generator) -> IntArray:
    """Draw so many moments of the year, by season, weekday and hour, none after the plan's end."""
    day = rng.choice(YEAR_DAYS, size=count, p=calendar.day_weight / calendar.day_weight.sum())
    at = calendar.midnight[day] + _time_of_day(count, rng)
    # The last day may be cut short: what would lie after it happened a week earlier.
    return np.where(at > plan.last_second, at - 7 * DAY, at)


def draw_later(at: IntArray, days: IntArray, rng: np.random.Generator) -> IntArray:
    """Draw a moment so many days and one more after each; of those at weekends half wait for Monday.

    An hour lies between at the least, so that what an episode does is over before the next one.
    """
    day = (at + HOUR) // DAY + 1 + days
    day_of_week = weekday(day * DAY)
    waits = (day_of_week > FRIDAY) & (rng.random(len(at)) < 0.5)
    return (day + np.where(waits, 7 - day_of_week, 0)) * DAY + _time_of_day(len(at), rng)


def _time_of_day(count: int, rng: np.random.Generator) -> IntArray:
    hour = rng.choice(24, size=count, p=HOUR_WEIGHT / HOUR_WEIGHT.sum())
    return hour * HOUR + rng.integers(0, HOUR, size=count)


def working_hours(at: IntArray) -> IntArray:
    """Move each moment forward into Monday to Friday, 8 to 17 h UTC; those already within stay where they are."""
    day, second = at // DAY, at % DAY
    late = second >= OFFICE_CLOSES
    # What waited for the morning is worked off in its first two hours.
    second = np.where(late | (second < OFFICE_OPENS), OFFICE_OPENS + second % (2 * HOUR), second)
    day = day + late
    day_of_week = weekday(day * DAY)
    return (day + np.where(day_of_week > FRIDAY, 7 - day_of_week, 0)) * DAY + second
