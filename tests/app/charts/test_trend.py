"""The trend draws what it is given: mature leads solid, young ones hatched, rates with their intervals."""

from __future__ import annotations

from app.charts.rates import Rate
from app.charts.time_axis import DAY_MILLISECONDS, bar_width
from app.charts.trend import TrendPoint, trend, trend_description


def rated(conversions: int, leads: int, faint: bool = False) -> Rate:
    return Rate("2025-01", leads, conversions, conversions / leads, 0.1, 0.4, "#6b8299", faint)


POINTS = (
    TrendPoint("2025-01", 100, 0, rated(20, 100)),
    TrendPoint("2025-02", 120, 50, rated(14, 70)),
    TrendPoint("2025-03", 90, 90, None),
)


def test_young_leads_stand_hatched_on_the_mature_ones() -> None:
    line, marks, mature, young = trend(POINTS).data
    assert list(mature.y) == [100, 70, 0]
    assert list(young.y) == [0, 50, 90]
    assert young.marker.pattern.shape == "/"
    assert trend(POINTS).layout.barmode == "stack"
    assert list(line.x) == list(marks.x) == ["2025-01-01", "2025-02-01"]


def test_a_rate_of_a_period_with_young_leads_is_an_open_ring() -> None:
    line = trend(POINTS).data[1]
    assert list(line.marker.symbol) == ["circle", "circle-open"]
    assert list(line.y) == [0.2, 0.2]
    assert list(line.error_y.array) == [0.2, 0.2]


def test_the_line_breaks_over_months_without_leads_and_a_mark_keeps_its_place() -> None:
    apart = (POINTS[0], TrendPoint("2025-04", 80, 0, rated(8, 80)))
    line, marks, leads = trend(apart).data
    assert list(line.x) == ["2025-01-01", "2025-02-01", "2025-04-01"]
    assert list(line.y) == [0.2, None, 0.1]
    assert (line.mode, line.hoverinfo) == ("lines", "skip")
    assert (marks.mode, list(marks.x)) == ("markers", ["2025-01-01", "2025-04-01"])
    assert leads.width == bar_width(["2025-01"])


def test_weeks_are_named_by_their_mondays_and_each_bar_is_a_week_wide() -> None:
    weeks = tuple(TrendPoint(f"2025-W{number:02d}", 10, 0, rated(2, 10)) for number in range(2, 30, 2))
    figure = trend(weeks)
    assert figure.layout.xaxis.tick0 == "2025-01-06"
    assert figure.layout.xaxis.dtick % (7 * DAY_MILLISECONDS) == 0
    assert figure.data[2].width <= 7 * DAY_MILLISECONDS


def test_without_young_leads_nothing_is_hatched_or_said_to_be() -> None:
    figure = trend(POINTS[:1])
    assert len(figure.data) == 3
    assert not any("hatched" in annotation.text for annotation in figure.layout.annotations)
    assert any("hatched" in annotation.text for annotation in trend(POINTS).layout.annotations)


def test_a_trend_without_any_rate_or_any_lead_is_drawn() -> None:
    assert len(trend(POINTS[2:]).data) == 2
    assert trend(()).data is not None


def test_the_trend_is_told_in_words() -> None:
    told = trend_description(POINTS)
    assert "310 leads from Jan 2025 to Mar 2025" in told
    assert "140 leads are young" in told
    assert trend_description(()).endswith("nothing to draw.")
