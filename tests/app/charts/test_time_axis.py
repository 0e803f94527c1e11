"""Lines break where periods are missing, bars are as wide as a period, and weeks are named by their Mondays."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.charts import time_axis

DAY = time_axis.DAY_MILLISECONDS


@pytest.mark.parametrize(
    ("periods", "days", "values"),
    [
        (("2008-12", "2009-01"), ["2008-12-01", "2009-01-01"], [1, 2]),
        (("2008-12", "2009-03"), ["2008-12-01", "2009-01-01", "2009-03-01"], [1, None, 2]),
        (("2024-W52", "2025-W01"), ["2024-12-23", "2024-12-30"], [1, 2]),
        (("2024-W52", "2025-W02"), ["2024-12-23", "2024-12-30", "2025-01-06"], [1, None, 2]),
        (("2025-02-28", "2025-03-01"), ["2025-02-28", "2025-03-01"], [1, 2]),
        (("2025-02-28", "2025-03-02"), ["2025-02-28", "2025-03-01", "2025-03-02"], [1, None, 2]),
    ],
)
def test_a_line_breaks_where_a_period_is_missing(
    periods: tuple[str, ...], days: list[str], values: list[float | None]
) -> None:
    assert time_axis.broken_line(periods, [1, 2]) == (days, values)


def test_bars_are_as_wide_as_a_period_however_far_apart_they_stand() -> None:
    assert time_axis.bar_width(["2025-W02", "2025-W04"]) == pytest.approx(0.8 * 7 * DAY)
    assert time_axis.bar_width(["2025-01-01", "2025-01-05"]) == pytest.approx(0.8 * DAY)
    assert time_axis.bar_width(["2025-01", "2025-03"]) == pytest.approx(0.8 * 28 * DAY)


@pytest.mark.parametrize("count", [1, 2, 6, 7, 40, 300])
def test_weeks_are_named_by_their_mondays_and_not_by_more_than_fit(count: int) -> None:
    weeks = [date(2025, 1, 6) + timedelta(weeks=place) for place in range(count)]
    ticks = time_axis.monday_ticks(weeks[::-1])

    assert date.fromisoformat(ticks["tick0"]).isoweekday() == 1
    assert ticks["dtick"] % (7 * DAY) == 0
    assert 7 * (count - 1) * DAY // ticks["dtick"] < time_axis.MOST_TICKS


def test_each_of_few_months_is_named_and_of_a_long_span_plotly_chooses() -> None:
    assert time_axis.period_ticks(["2025-01", "2025-06"])["dtick"] == "M1"
    assert time_axis.period_ticks(["2020-01", "2025-06"])["dtick"] is None
    assert time_axis.period_ticks(["2025-01-01", "2025-01-03"])["dtick"] == DAY
