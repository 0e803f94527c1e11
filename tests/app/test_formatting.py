from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from app import formatting


def test_counts_have_their_thousands_apart() -> None:
    assert formatting.count(26144) == "26,144"
    assert formatting.share(3853, 26144) == "3,853 of 26,144"


@pytest.mark.parametrize(
    ("number", "written"),
    [(0, "0"), (99_999, "99,999"), (100_000, "100k"), (999_499, "999k"), (999_500, "1.0M"), (12_345_678, "12.3M")],
)
def test_counts_for_narrow_places_stay_short(number: int, written: str) -> None:
    assert formatting.brief_count(number) == written
    assert len(written) <= 6


@pytest.mark.parametrize(
    ("rate", "written"),
    [(0.0, "0.0%"), (0.0042, "0.42%"), (0.0099, "0.99%"), (0.00996, "1.0%"), (0.14738, "14.7%"), (1.0, "100.0%")],
)
def test_small_rates_get_a_second_digit(rate: float, written: str) -> None:
    assert formatting.percentage(rate) == written


def test_an_interval_says_both_ends() -> None:
    assert formatting.interval(0.1431, 0.1517) == "14.3% to 15.2%"


def test_moments_are_told_in_utc() -> None:
    berlin = timezone(timedelta(hours=2))
    assert formatting.moment(datetime(2025, 6, 30, 14, 5, 59, tzinfo=berlin)) == "2025-06-30 12:05 UTC"
    assert formatting.day(date(2025, 6, 3)) == "2025-06-03"


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        formatting.moment(datetime(2025, 6, 30))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("passed", "written"),
    [
        (timedelta(seconds=-5), "a minute"),
        (timedelta(seconds=65), "a minute"),
        (timedelta(minutes=119), "119 minutes"),
        (timedelta(hours=26), "26 hours"),
        (timedelta(days=12), "12 days"),
        (timedelta(days=100), "3 months"),
        (timedelta(days=365 * 16), "15 years"),
    ],
)
def test_age_is_told_in_the_largest_unit_that_gives_two(passed: timedelta, written: str) -> None:
    now = datetime(2025, 6, 30, tzinfo=UTC)
    assert formatting.age(now - passed, now) == written


@pytest.mark.parametrize(
    ("value", "day"),
    [("2025-02", "2025-02-01"), ("2025-W01", "2024-12-30"), ("2025-02-03", "2025-02-03"), ("unknown", "unknown")],
)
def test_months_and_weeks_begin_on_a_day(value: str, day: str) -> None:
    assert formatting.first_day(value) == day


def test_months_are_named_and_anything_else_is_left() -> None:
    assert formatting.month("2025-01") == "Jan 2025"
    assert formatting.month("2025-13") == "2025-13"
    assert formatting.month("unknown") == "unknown"


def test_long_text_is_cut_with_an_ellipsis() -> None:
    assert formatting.shortened("Frankfurt am Main", 17) == "Frankfurt am Main"
    assert formatting.shortened("Frankfurt am Main", 11) == "Frankfurt…"
    assert formatting.shortened("two\nlines", 20) == "two lines"


def test_two_sources_never_share_a_label() -> None:
    labels = {"roadshow": "Roadshow", "webinar": "Webinar", "c": "a"}
    found = ["roadshow", "Roadshow", "webinar", "a", "c"]
    assert formatting.distinct_labels(found, labels) == {
        "roadshow": "roadshow",
        "Roadshow": "Roadshow",
        "webinar": "Webinar",
        "a": "a",
        "c": "c",
    }


def test_changes_carry_their_sign_and_no_minus_zero() -> None:
    assert (formatting.signed_points(0.0123), formatting.signed_points(-0.2)) == ("+1.2 points", "-20.0 points")
    assert (formatting.signed_points(-0.0001), formatting.signed_share(1.0)) == ("0.0 points", "0.0%")
    assert (formatting.signed_share(1.123), formatting.signed_share(0.5)) == ("+12.3%", "-50.0%")
    assert [formatting.signed(part, 2) for part in (0.004, -0.004, 1.234, -1.2)] == ["0.00", "0.00", "+1.23", "-1.20"]
    assert (formatting.score(54.25), formatting.signed_score(-4.84)) == ("54.2", "-4.8")


def test_spans_take_the_unit_of_which_there_are_two() -> None:
    assert [formatting.span(span) for span in (60, 3600, 7200, 100_000, 172_800)] == [
        "1 min",
        "60 min",
        "2.0 hours",
        "27.8 hours",
        "2.0 days",
    ]
    assert formatting.signed_span(-200_000) == "-2.3 days"
    assert formatting.signed_span(200_000) == "+2.3 days"
    assert formatting.spans(1_270_000, 3_317_000) == "14.7 to 38.4 days"
    assert formatting.spans(3_600, 172_800) == "60 min to 2.0 days"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0.0 s"),
        (0.44, "0.4 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (185, "3 min 5 s"),
        (7_800, "2 h 10 min"),
        (3_600, "1 h"),
        (356_400, "4 d 3 h"),
    ],
)
def test_a_length_of_time_is_told_in_its_two_largest_units(seconds: float, text: str) -> None:
    assert formatting.duration(seconds) == text


def test_figures_of_tables_and_sentences() -> None:
    assert (formatting.figure(0.6461, 3), formatting.figure(-0.0004, 3), formatting.figure(1234.5, 1)) == (
        "0.646",
        "0.000",
        "1,234.5",
    )
    assert formatting.figures(0.602, 0.6856, 2) == "0.60 to 0.69"
    assert (formatting.points(-0.004), formatting.points(1.2), formatting.points(-0.0006, 3)) == (
        "0.00",
        "+1.20",
        "-0.001",
    )
    assert (formatting.whole_percentage(0.05), formatting.brief_figure(12.345)) == ("5%", "12.35")


@pytest.mark.parametrize(
    ("value", "written"),
    [(2.0, "2"), (0.25, "0.25"), (1234.5, "1,234.5"), (0.0, "0"), (-0.00001, "-1e-05"), (100.0, "100")],
)
def test_numbers_of_whatever_kind_have_no_zeros_at_their_end(value: float, written: str) -> None:
    assert formatting.plain(value) == written


def test_values_that_events_bring_keep_what_small_ones_say() -> None:
    assert (formatting.amount(1250.0), formatting.amount(0.0125), formatting.amount(0.0)) == ("1,250.00", "0.0125", "0")


def test_differences_of_counts_have_their_sign() -> None:
    assert [formatting.signed_count(each) for each in (1204, -5, 0)] == ["+1,204", "-5", "0"]


def test_small_sizes_are_not_nothing() -> None:
    assert [formatting.file_size(size) for size in (6_140_000, 12_100)] == ["6.1 MB", "12.1 KB"]


def test_the_time_of_a_query_has_two_digits_while_it_is_short() -> None:
    assert [formatting.query_time(each) for each in (0.034, 9.994, 9.996, 61.2)] == ["0.03 s", "9.99 s", "10 s", "61 s"]
