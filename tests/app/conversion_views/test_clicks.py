from __future__ import annotations

from datetime import date

import pytest

from app.conversion_view import TIMES
from app.conversion_views.clicks import days_of, on_click
from lake_access.conversion import Dimension


@pytest.mark.parametrize(
    ("dimension", "value", "days"),
    [
        ("month", "2024-02", (date(2024, 2, 1), date(2024, 2, 29))),
        ("month", "2025-12", (date(2025, 12, 1), date(2025, 12, 31))),
        ("week", "2025-W01", (date(2024, 12, 30), date(2025, 1, 5))),
        ("day", "2025-03-04", (date(2025, 3, 4), date(2025, 3, 4))),
    ],
)
def test_a_click_on_a_time_means_its_days(dimension: Dimension, value: str, days: tuple[date, date]) -> None:
    assert dimension in TIMES
    assert days_of(dimension, value) == days


def test_a_mark_that_no_filter_is_of_cannot_be_clicked() -> None:
    assert on_click("by_scored", [{"scored": "yes"}], "y") == "ignore"
    assert on_click("by_source", [{"source": "online"}], "y") != "ignore"
