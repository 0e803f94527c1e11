"""Periods by name, and what they are compared with."""

from __future__ import annotations

from datetime import date

import pytest

from app.comparison import comparison, maturity_caveat, partly_before_the_first_lead
from app.grain import usual_grain
from app.periods import Days, Preset, a_year_before, day_count, days_before, preset_days
from lake_access.conversion import ConversionFilters

OFFERED: Days = (date(2023, 2, 10), date(2025, 5, 20))


@pytest.mark.parametrize(
    ("preset", "days"),
    [
        ("all", OFFERED),
        ("30_days", (date(2025, 4, 21), date(2025, 5, 20))),
        ("90_days", (date(2025, 2, 20), date(2025, 5, 20))),
        ("quarter", (date(2025, 4, 1), date(2025, 5, 20))),
        ("12_months", (date(2024, 5, 21), date(2025, 5, 20))),
        ("chosen", OFFERED),
    ],
)
def test_a_period_ends_with_the_newest_lead(preset: Preset, days: Days) -> None:
    assert preset_days(preset, OFFERED) == days


def test_a_period_begins_no_earlier_than_the_first_lead() -> None:
    young: Days = (date(2025, 5, 1), date(2025, 5, 20))
    assert {preset_days(preset, young) for preset in ("30_days", "90_days", "quarter", "12_months")} == {young}


def test_the_period_before_is_as_long_and_ends_the_day_before() -> None:
    days: Days = (date(2025, 3, 1), date(2025, 3, 31))
    assert days_before(days) == (date(2025, 1, 29), date(2025, 2, 28))
    assert day_count(days_before(days)) == day_count(days) == 31


def test_the_leap_day_a_year_before_is_the_28th() -> None:
    assert a_year_before(date(2024, 2, 29)) == date(2023, 2, 28)
    assert a_year_before(date(2025, 2, 28)) == date(2024, 2, 28)


def test_a_comparison_keeps_every_other_filter() -> None:
    filters = ConversionFilters(since=date(2025, 4, 1), until=date(2025, 4, 30), sources=("web",), contacted=True)
    found = comparison(filters, OFFERED, "year")
    assert found is not None
    assert found.whole
    assert found.before == ConversionFilters(
        since=date(2024, 4, 1), until=date(2024, 4, 30), sources=("web",), contacted=True
    )
    assert found.label == "compared with 2024-04-01 to 2024-04-30"


def test_with_all_days_the_newest_90_are_compared_with_the_90_before() -> None:
    found = comparison(ConversionFilters(), OFFERED, "previous")
    assert found is not None
    assert not found.whole
    assert found.days == (date(2025, 2, 20), date(2025, 5, 20))
    assert day_count(found.days_before) == 90
    assert found.label == "2025-02-20 to 2025-05-20 compared with 2024-11-22 to 2025-02-19"


def test_with_few_days_half_is_compared_with_half() -> None:
    found = comparison(ConversionFilters(), (date(2025, 5, 1), date(2025, 5, 7)), "previous")
    assert found is not None
    assert (found.days, found.days_before) == (
        (date(2025, 5, 5), date(2025, 5, 7)),
        (date(2025, 5, 2), date(2025, 5, 4)),
    )


def test_a_period_before_the_first_lead_is_not_compared_with() -> None:
    early = ConversionFilters(since=date(2023, 3, 1), until=date(2023, 3, 31))
    assert comparison(early, OFFERED, "year") is None
    assert comparison(early, OFFERED, "nothing") is None
    assert comparison(ConversionFilters(), (date(2025, 5, 1), date(2025, 5, 1)), "previous") is None
    partly = comparison(early, OFFERED, "previous")
    assert partly is not None
    assert partly_before_the_first_lead(partly, OFFERED)


def test_ends_that_cross_are_not_compared() -> None:
    assert comparison(ConversionFilters(since=date(2025, 5, 2), until=date(2025, 5, 1)), OFFERED, "previous") is None


def test_young_leads_are_said_to_make_periods_unlike() -> None:
    assert maturity_caveat(0, 0, all_leads=False) == ""
    assert "1,200 in this period and 3 in the one before" in maturity_caveat(1200, 3, all_leads=False)
    assert "look too low" in maturity_caveat(5, 0, all_leads=True)


@pytest.mark.parametrize(("length", "grain"), [(30, "day"), (90, "week"), (365, "month")])
def test_the_usual_grain_draws_some_dozen_points(length: int, grain: str) -> None:
    assert usual_grain((date(2024, 1, 1), date.fromordinal(date(2024, 1, 1).toordinal() + length - 1))) == grain
