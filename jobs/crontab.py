"""Times by the expressions of crontab: minute, hour, day of the month, month, day of the week; in UTC."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from lake_access.errors import RefusedError

MONTH_NAMES = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
# Sunday is 0, and 7 too.
DAY_NAMES = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
SHORTHANDS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
}
# The 29th of February comes at most eight years after another.
LONGEST_WAIT = timedelta(days=8 * 366 + 1)


@dataclass(frozen=True)
class _Field:
    name: str
    first: int
    last: int
    names: dict[str, int]


FIELDS = (
    _Field("minute", 0, 59, {}),
    _Field("hour", 0, 23, {}),
    _Field("day of the month", 1, 31, {}),
    _Field("month", 1, 12, MONTH_NAMES),
    _Field("day of the week", 0, 7, DAY_NAMES),
)


@dataclass(frozen=True)
class Crontab:
    """What an expression means; with `either_day` one of the two kinds of day is enough, as cron has it."""

    expression: str
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool


def parse_crontab(expression: str) -> Crontab:
    """Read an expression of five fields, or one of @hourly, @daily, @weekly, @monthly and @yearly.

    Raises:
        RefusedError: it is no such expression, or means a day that never comes; the message names the field.
    """
    written = " ".join(expression.split())
    fields = SHORTHANDS.get(written, written).split(" ")
    if len(fields) != len(FIELDS):
        names = ", ".join(field.name for field in FIELDS)
        raise RefusedError(
            f"The schedule {written!r:.80} has {len(fields) if written else 0} fields; it takes five: {names}. "
            "`0 3 * * 1` is every Monday at 03:00."
        )
    minutes, hours, days, months, weekdays = (_values(field, text) for field, text in zip(FIELDS, fields, strict=True))
    crontab = Crontab(
        written,
        minutes,
        hours,
        days,
        months,
        frozenset(day % 7 for day in weekdays),
        either_day=not fields[2].startswith("*") and not fields[4].startswith("*"),
    )
    if not crontab.either_day and min(days) > max(calendar.monthrange(2024, month)[1] for month in months):
        raise RefusedError(f"The schedule {written!r} never comes: none of its months has a day {min(days)}.")
    return crontab


def in_words(crontab: Crontab) -> str | None:
    """A common expression in words, `every Monday at 05:00 UTC`; None of another, which only its own form tells."""
    if len(crontab.months) < 12 or crontab.either_day:
        return None
    which = _days_in_words(crontab)
    if which == "every day" and len(crontab.hours) == 24:
        return _minutes_in_words(crontab.minutes)
    if which is None or len(crontab.hours) > 1 or len(crontab.minutes) > 1:
        return None
    (hour,), (minute,) = crontab.hours, crontab.minutes
    return f"{which} at {hour:02d}:{minute:02d} UTC"


def _days_in_words(crontab: Crontab) -> str | None:
    all_days, weekdays = len(crontab.days) == 31, sorted(crontab.weekdays)
    if all_days and len(weekdays) == 7:
        return "every day"
    if all_days and weekdays == [1, 2, 3, 4, 5]:
        return "Monday to Friday"
    if all_days and len(weekdays) == 1:
        return f"every {calendar.day_name[(weekdays[0] - 1) % 7]}"
    if len(crontab.days) == 1 and len(weekdays) == 7:
        return f"on day {min(crontab.days)} of a month"
    return None


def _minutes_in_words(minutes: frozenset[int]) -> str | None:
    """Of a schedule that comes in every hour: `every hour, at minute 5`, `every 15 minutes`."""
    if len(minutes) == 60:
        return "every minute"
    if len(minutes) == 1:
        return "every hour" if 0 in minutes else f"every hour, at minute {min(minutes)}"
    step = 60 // len(minutes)
    return f"every {step} minutes" if sorted(minutes) == list(range(0, 60, step)) else None


def next_time(crontab: Crontab, after: datetime) -> datetime:
    """The first minute after this moment that the expression means, in UTC."""
    begin = after.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
    day = begin.date()
    while day - begin.date() <= LONGEST_WAIT:
        if _means(crontab, day):
            for hour in sorted(crontab.hours):
                for minute in sorted(crontab.minutes):
                    moment = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
                    if moment >= begin:
                        return moment
        day += timedelta(days=1)
    raise RefusedError(f"The schedule {crontab.expression!r} never comes.")


def _means(crontab: Crontab, day: date) -> bool:
    if day.month not in crontab.months:
        return False
    by_month, by_week = day.day in crontab.days, day.isoweekday() % 7 in crontab.weekdays
    return by_month or by_week if crontab.either_day else by_month and by_week


def _values(field: _Field, text: str) -> frozenset[int]:
    return frozenset(value for part in text.split(",") for value in _part(field, part))


def _part(field: _Field, part: str) -> range:
    """`*`, `5`, `2-6`, `*/15`, `2-20/3`."""
    spread, slash, by = part.partition("/")
    step = _number(by) if slash else 1
    if not step:
        raise _refusal(field, part, "a step is a whole number of at least 1, as in */15")
    if spread == "*":
        return range(field.first, field.last + 1, step)
    first, dash, last = spread.partition("-")
    begin = _value(field, first, part)
    end = _value(field, last, part) if dash else field.last if slash else begin
    if end < begin:
        raise _refusal(field, part, "a range goes from the lower to the higher")
    return range(begin, end + 1, step)


def _value(field: _Field, text: str, part: str) -> int:
    number = field.names.get(text.lower(), _number(text))
    if number is None or not field.first <= number <= field.last:
        names = f", or {', '.join(field.names)}" if field.names else ""
        raise _refusal(field, part, f"it goes from {field.first} to {field.last}{names}")
    return number


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else None


def _refusal(field: _Field, part: str, why: str) -> RefusedError:
    return RefusedError(f"The {field.name} of a schedule cannot be {part!r:.40}: {why}.")
