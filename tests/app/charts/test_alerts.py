"""Small shares can be told apart in the figure of a rule's checks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.charts.alerts import checks_figure
from monitoring.alerts.records import Check

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def test_small_shares_are_told_apart_by_the_axis_and_where_one_points() -> None:
    values = (0.0000968, 0.000104, None)
    checks = [
        Check(NOW + timedelta(hours=place), value, None if value is None else value > 0.0001, "")
        for place, value in enumerate(values)
    ]
    figure = checks_figure(checks, "share", 0.0001)

    # d3's own number of digits without zeros at their end: `0.005%`, `0.01%`.
    assert figure.layout.yaxis.tickformat == "~%"
    assert [told[0] for told in figure.data[0].customdata] == ["0.00968%", "0.0104%", "no value"]
    assert [told[1] for told in figure.data[0].customdata] == ["as it should be", "too much", "nothing to judge"]


def test_other_units_are_written_as_sentences_have_them() -> None:
    figure = checks_figure([Check(NOW, 26.25, False, "")], "hours", 36)
    assert figure.data[0].customdata[0][0] == "26.2 hours"
