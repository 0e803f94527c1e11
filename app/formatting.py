"""How numbers, rates, days and moments are written: once, here, the same on every page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime

from lake_access import wording

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def count(number: int) -> str:
    """Thousands apart: `26,144`."""
    return f"{number:,}"


def brief_count(number: int) -> str:
    """A count for a narrow place, in three or so digits from 100,000 up: `26,144`, `346k`, `1.2M`."""
    if number < 100_000:
        return count(number)
    return f"{number / 1e3:.0f}k" if number < 999_500 else f"{number / 1e6:.1f}M"


def share(part: int, whole: int) -> str:
    """A rate's two counts: `3,853 of 26,144`."""
    return f"{count(part)} of {count(whole)}"


def percentage(rate: float) -> str:
    """A rate of 0 to 1 with one digit after the point, under one percent with as many as show it: `14.7%`, `0.42%`."""
    return wording.percentage(rate)


def close_percentage(rate: float) -> str:
    """A rate of 0 to 1 in three digits, also where it is small: `0.0104%`, `12.3%`."""
    return f"{100 * rate:.3g}%"


def whole_percentage(rate: float) -> str:
    """A rate of 0 to 1 that is chosen rather than measured, as a threshold or a tenth is: `5%`."""
    return f"{rate:.0%}"


def interval(low: float, high: float) -> str:
    """Both ends of an interval: `14.3% to 15.2%`."""
    return f"{percentage(low)} to {percentage(high)}"


def signed_points(change: float) -> str:
    """A difference of two rates in percentage points: `+1.2 points`."""
    return f"{signed(100 * change, 1)} points"


def signed_share(ratio: float) -> str:
    """How much more or less a ratio to before is: `+12.3%` of 1.123."""
    return f"{signed(100 * (ratio - 1), 1)}%"


def score(mean: float) -> str:
    """A mean score, with one digit after the point: `54.3`."""
    return f"{mean:.1f}"


def signed_score(change: float) -> str:
    """A difference of two mean scores: `+2.3`."""
    return signed(change, 1)


def span(seconds: float) -> str:
    """A span in the largest unit of which there are at least two: `12.4 days`, `3.5 hours`, `60 min`."""
    for unit, length in (("days", 86_400), ("hours", 3_600)):
        if abs(seconds) >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds / 60:.0f} min"


def spans(low: float, high: float) -> str:
    """Both ends of a range of spans, the unit once where they share it: `14.7 to 38.4 days`."""
    first, last = span(low), span(high)
    number, _, unit = first.partition(" ")
    return f"{number} to {last}" if last.endswith(f" {unit}") else f"{first} to {last}"


def signed_span(seconds: float) -> str:
    """A difference of two spans: `+1.5 days`."""
    return span(seconds) if seconds < 0 else f"+{span(seconds)}"


def signed_count(number: float) -> str:
    """A difference of two counts, none without a sign: `+1,204`, `0`."""
    return signed(number, 0)


def points(change: float, digits: int = 2) -> str:
    """A difference in percentage points where a heading has the unit: `+1.20`, `0.00`."""
    return signed(change, digits)


def figure(value: float, digits: int) -> str:
    """A figure with so many digits after the point; one that rounds to nothing has no sign: `0.646`, `1,234.0`."""
    return f"{round(value, digits) + 0.0:,.{digits}f}"


def figures(low: float, high: float, digits: int) -> str:
    """Both ends of an interval of figures: `0.602 to 0.686`."""
    return f"{figure(low, digits)} to {figure(high, digits)}"


def brief_figure(value: float) -> str:
    """A figure of any size in four digits, without zeros that say nothing: `0.05`, `12.5`, `1.2e+06`."""
    return f"{value:.4g}"


def plain(value: float) -> str:
    """A number of whatever kind: at most four digits after the point, no zeros at its end: `0.05`, `1,234.5`, `2`."""
    if value and abs(value) < 0.001:
        return f"{value:.3g}"
    return figure(value, 4).rstrip("0").rstrip(".")


def amount(value: float) -> str:
    """A value that an event brought: two digits after the point, more where it is under one: `1,250.00`, `0.0125`."""
    return f"{value:,.6f}".rstrip("0").rstrip(".") if abs(value) < 1 else figure(value, 2)


def counted(number: int, one: str, several: str = "") -> str:
    """So many of something, `several` where its plural is not just an s: `1 row`, `1,204 rows`."""
    return wording.counted(number, one, several)


def file_size(size: float) -> str:
    """A size of so many bytes in the unit in which it can be told from others: `3.2 KB`, `46.1 MB`."""
    return wording.file_size(size)


def query_time(seconds: float) -> str:
    """How long a query took: `0.03 s`, `12 s`."""
    return f"{seconds:.2f} s" if seconds < 9.995 else f"{seconds:.0f} s"


def signed(value: float, digits: int) -> str:
    """A difference with its sign and so many digits; one that rounds to nothing has no sign: `+1.20`, `0.00`."""
    rounded = round(value, digits)
    return f"{rounded + 0.0:+,.{digits}f}" if rounded else f"{0:.{digits}f}"


def day(value: date) -> str:
    """A day as ISO 8601 writes it: `2025-06-30`."""
    return value.isoformat()


def moment(value: datetime) -> str:
    """A moment in UTC, to the minute: `2025-06-30 12:05 UTC`. One without a zone is refused with ValueError."""
    if value.tzinfo is None:
        raise ValueError(f"a moment without a zone cannot be shown: {value!r}")
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def snapshot(number: int) -> str:
    """A snapshot's number of some 19 digits by its last six, which tell it from others: `…655210`."""
    digits = str(number)
    return digits if len(digits) <= 8 else f"…{digits[-6:]}"


def age(since: datetime, now: datetime) -> str:
    """How long ago, in the largest unit that gives at least two: `26 hours`, `3 years`; at least `a minute`."""
    minutes = max(0, int((now - since).total_seconds() // 60))
    for unit, length in (("year", 525_960), ("month", 43_830), ("day", 1_440), ("hour", 60)):
        if minutes >= 2 * length:
            return f"{minutes // length} {unit}s"
    return f"{minutes} minutes" if minutes >= 2 else "a minute"


def duration(seconds: float) -> str:
    """A length of time in its two largest units: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`, `4 d 3 h`."""
    if seconds < 9.95:
        return f"{max(0.0, seconds):.1f} s"
    whole = round(seconds)
    for unit, length, smaller, part in (("d", 86_400, "h", 3_600), ("h", 3_600, "min", 60), ("min", 60, "s", 1)):
        if whole >= length:
            rest = whole % length // part
            return f"{whole // length} {unit} {rest} {smaller}" if rest else f"{whole // length} {unit}"
    return f"{whole} s"


def month(value: str) -> str:
    """`2025-01` as `Jan 2025`; anything else as it is."""
    year, _, number = value.partition("-")
    if year.isdigit() and number.isdigit() and 1 <= int(number) <= len(MONTHS):
        return f"{MONTHS[int(number) - 1]} {year}"
    return value


def first_day(value: str) -> str:
    """The first day of a month such as `2025-01` or of an ISO week such as `2025-W03`; anything else as it is."""
    year, _, part = value.partition("-")
    if part.startswith("W"):
        return date.fromisocalendar(int(year), int(part[1:]), 1).isoformat()
    return f"{value}-01" if len(part) == 2 else value


def shortened(text: str, length: int) -> str:
    """At most `length` characters, the last an ellipsis where something was cut; line breaks become spaces."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1].rstrip()}…"


def sentence(words: str) -> str:
    """The same words with a capital at their head, the rest as it is: `Within chance`."""
    return words[:1].upper() + words[1:]


def distinct_labels(names: Iterable[str], labels: Mapping[str, str]) -> dict[str, str]:
    """Each name's label, or the name itself where it has none or its label could be taken for another name."""
    wished = {name: labels.get(name, name) for name in names}
    uses = Counter(wished.values())
    return {
        name: name if uses[label] > 1 or (label != name and label in wished) else label
        for name, label in wished.items()
    }
