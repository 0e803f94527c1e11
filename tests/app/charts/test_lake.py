"""The figures of the page Lake, as data."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from app.charts.lake import BAR_MILLISECONDS, DAYS_LEAST, landed_lines

DAYS = pd.DataFrame(
    {
        "landed_on": [date(2026, 11, 27), date(2026, 11, 28), date(2026, 11, 28)],
        "stream": ["webinar", "webinar", "online"],
        "lines_read": [3, 4, 5],
    }
)


def test_streams_are_stacked_in_their_order_with_their_lines() -> None:
    figure = landed_lines(DAYS, {"online": "On <b>line</b>"}, ["online", "webinar", "roadshow"])
    assert [(bar.name, list(bar.y)) for bar in figure.data] == [
        ("On &lt;b&gt;line&lt;/b&gt;", [5]),
        ("webinar", [3, 4]),
    ]
    assert figure.layout.barmode == "stack"


def test_few_days_stand_at_the_right_of_two_weeks() -> None:
    first, last = map(pd.Timestamp, landed_lines(DAYS, {}, ["online", "webinar"]).layout.xaxis.range)
    assert last == pd.Timestamp("2026-11-28T12:00")
    assert last - first == pd.Timedelta(days=DAYS_LEAST)


@pytest.mark.parametrize("days", [[28], [1, 28]])
def test_a_bar_is_a_day_wide_however_far_the_next_one_is(days: list[int]) -> None:
    landed = [date(2026, 11, day) for day in days]
    (bar,) = landed_lines(pd.DataFrame({"landed_on": landed, "stream": "online", "lines_read": 1}), {}, ["online"]).data
    assert bar.width == BAR_MILLISECONDS == pytest.approx(0.8 * pd.Timedelta(days=1).total_seconds() * 1000)


def test_many_days_are_all_there() -> None:
    days = pd.DataFrame({"landed_on": [date(2026, 1, 1), date(2026, 11, 28)], "stream": "online", "lines_read": 1})
    first, _ = map(pd.Timestamp, landed_lines(days, {}, ["online"]).layout.xaxis.range)
    assert first == pd.Timestamp("2025-12-31T12:00")


def test_a_lake_in_which_nothing_landed_has_an_empty_figure() -> None:
    assert not landed_lines(DAYS.iloc[:0], {}, ["online"]).data
