"""Crontab expressions: which minutes they mean, held against Huey's own matching, and what is wrong with others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from huey import crontab as huey_crontab
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.crontab import in_words, next_time, parse_crontab
from lake_access.errors import RefusedError

MOMENT = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)  # a Friday


@pytest.mark.parametrize(
    ("expression", "comes"),
    [
        ("* * * * *", "2026-01-02 12:01"),
        ("0 * * * *", "2026-01-02 13:00"),
        ("0 12 * * *", "2026-01-03 12:00"),
        ("*/15 * * * *", "2026-01-02 12:15"),
        ("10-30/10 8 * * *", "2026-01-03 08:10"),
        ("0 3 * * 1", "2026-01-05 03:00"),
        ("0 3 * * mon", "2026-01-05 03:00"),
        ("0 3 * * 7", "2026-01-04 03:00"),
        ("0 3 * * 0", "2026-01-04 03:00"),
        ("0 3 1 * *", "2026-02-01 03:00"),
        ("0 0 1 jan *", "2027-01-01 00:00"),
        ("0 0 29 2 *", "2028-02-29 00:00"),
        ("0 0 13 * 5", "2026-01-09 00:00"),  # either day, as cron has it
        ("0 0 */10 * *", "2026-01-11 00:00"),
        ("@weekly", "2026-01-04 00:00"),
        ("  5   4 * * * ", "2026-01-03 04:05"),
    ],
)
def test_the_next_time_is_the_first_minute_that_is_meant(expression: str, comes: str) -> None:
    assert f"{next_time(parse_crontab(expression), MOMENT):%Y-%m-%d %H:%M}" == comes


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("", "has 0 fields; it takes five"),
        ("0 3 * *", "has 4 fields; it takes five: minute, hour, day of the month, month, day of the week"),
        ("60 * * * *", "The minute of a schedule cannot be '60': it goes from 0 to 59"),
        ("0 24 * * *", "The hour of a schedule cannot be '24'"),
        ("0 0 0 * *", "The day of the month of a schedule cannot be '0': it goes from 1 to 31"),
        ("0 0 * 13 *", "The month of a schedule cannot be '13': it goes from 1 to 12, or jan, feb"),
        ("0 0 * * 8", "The day of the week of a schedule cannot be '8'"),
        ("*/0 * * * *", "a step is a whole number of at least 1"),
        ("*/x * * * *", "a step is a whole number"),
        ("30-10 * * * *", "a range goes from the lower to the higher"),
        ("1,,2 * * * *", "The minute of a schedule cannot be ''"),
        ("-1 * * * *", "The minute"),
        ("0 0 31 2 *", "never comes: none of its months has a day 31"),
        ("@often", "has 1 fields"),
        ("²  * * * *", "The minute"),
    ],
)
def test_what_is_wrong_is_said_with_its_field(expression: str, sentence: str) -> None:
    with pytest.raises(RefusedError) as refusal:
        parse_crontab(expression)

    assert sentence in str(refusal.value)


FIELDS = {"minute": (0, 59), "hour": (0, 23), "day": (1, 31)}


@st.composite
def fields(draw: st.DrawFn, first: int, last: int) -> str:
    low = draw(st.integers(first, last))
    high = draw(st.integers(low, last))
    return draw(st.sampled_from(["*", str(low), f"{low}-{high}", f"{low},{high}", f"*/{draw(st.integers(1, 20))}"]))


@given(fields(0, 59), fields(0, 23), fields(1, 28), st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)))  # noqa: DTZ001
@settings(max_examples=60, deadline=None)
def test_the_next_time_is_the_first_that_hueys_own_crontab_matches(
    minute: str, hour: str, day: str, moment: datetime
) -> None:
    matches = huey_crontab(minute=minute, hour=hour, day=day, strict=True)

    comes = next_time(parse_crontab(f"{minute} {hour} {day} * *"), moment.replace(tzinfo=UTC))

    assert matches(comes)
    before = comes - timedelta(minutes=1)
    looked = 0
    while before > moment.replace(tzinfo=UTC) and looked < 3_000:
        assert not matches(before)
        before, looked = before - timedelta(minutes=1), looked + 1


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("* * * * *", "every minute"),
        ("*/15 * * * *", "every 15 minutes"),
        ("0,30 * * * *", "every 30 minutes"),
        ("@hourly", "every hour"),
        ("5 * * * *", "every hour, at minute 5"),
        ("30 2 * * *", "every day at 02:30 UTC"),
        ("0 5 * * 1", "every Monday at 05:00 UTC"),
        ("0 5 * * sun", "every Sunday at 05:00 UTC"),
        ("0 5 * * 7", "every Sunday at 05:00 UTC"),
        ("15 8 * * mon-fri", "Monday to Friday at 08:15 UTC"),
        ("@monthly", "on day 1 of a month at 00:00 UTC"),
    ],
)
def test_common_expressions_are_said_in_words(expression: str, words: str) -> None:
    assert in_words(parse_crontab(expression)) == words


@pytest.mark.parametrize(
    "expression",
    [
        "5,15 * * * *",
        "*/7 * * * *",
        "0 5 1 * 1",
        "0 5 * 3 *",
        "0 5,17 * * *",
        "*/5 8 * * *",
        "*/5 * * * 1",
        "0 5 * * 1,3",
    ],
)
def test_others_have_no_words(expression: str) -> None:
    assert in_words(parse_crontab(expression)) is None
