"""The figures of scores and of a lead draw the numbers they are given, and text as text."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from app.charts import gain as gain_charts
from app.charts import leads as lead_charts
from app.charts import scores as score_charts
from app.charts.scores import Distribution
from lake_access.lead_history import LeadEvent, LeadHistory, LeadScore
from lake_access.score_capacity import capacity, cut_offs
from lake_access.score_histograms import RULES, SCORES, Arrivals, ScoreHistogram
from lake_access.score_measures import gain_at, gain_curve, reliability

HOSTILE = "<b>bold</b>"
NONE = (0,) * len(SCORES)
HISTOGRAM = ScoreHistogram(RULES, tuple(10 for _ in SCORES), tuple(score // 20 for score in SCORES), NONE, NONE)


def test_each_distribution_is_shares_of_its_own_leads() -> None:
    figure = score_charts.distributions(
        [
            Distribution("Rules", HISTOGRAM.mature, "#0f7896", chosen=True),
            Distribution(HOSTILE, [0] * 100 + [7], "#c38700", chosen=False),
            Distribution("empty", NONE, "#c38700", chosen=False),
        ]
    )

    assert [sum(bars.y) for bars in figure.data] == pytest.approx([1, 1, 0])
    assert figure.data[0].y[0] == pytest.approx(50 / 1010)
    assert "&lt;b&gt;" in figure.layout.annotations[1].text
    assert "<b>bold" not in figure.to_json()


def test_the_curve_shows_each_bins_rate_and_the_diagonal_only_of_probabilities() -> None:
    bins = reliability(HISTOGRAM, "equal_width")

    points = score_charts.reliability(bins, 30, is_probability=False)
    forecasts = score_charts.reliability(bins, 30, is_probability=True)

    assert list(points.data[0].y) == [part.rate for part in bins]
    assert list(points.data[0].error_y.array) == [part.high - part.rate for part in bins]
    assert len(forecasts.data) == len(points.data) + 1
    assert "foretold" in forecasts.data[1].customdata[0]


def test_gain_and_lift_pass_through_the_reading() -> None:
    curve = gain_curve(HISTOGRAM)
    reading = gain_at(curve, 0.2)
    assert reading is not None

    gain, lift = gain_charts.gain(curve, reading), gain_charts.lift(curve, reading)

    assert (gain.data[-1].x[0], gain.data[-1].y[0]) == (0.2, reading.gain)
    drawn = dict(zip(lift.data[1].x, lift.data[1].y, strict=True))
    assert drawn[0.2] == pytest.approx(reading.lift)
    assert drawn[1.0] == pytest.approx(1)


def test_every_score_is_drawn_in_the_colour_of_its_band() -> None:
    figure = score_charts.band_scale(HISTOGRAM.mature, {"cold": 0, "warm": 40, "hot": 70}, ["#0f7896"] * 3)

    assert [(bars.x[0], bars.x[-1]) for bars in figure.data] == [(0, 39), (40, 69), (70, 100)]
    assert [line.x0 for line in figure.layout.shapes] == [39.5, 69.5]


def test_the_capacity_curve_marks_the_cut_off() -> None:
    arrivals = Arrivals(RULES, (date(2025, 9, 1),), (tuple(1 for _ in SCORES),), "", {})
    answer = capacity(HISTOGRAM, arrivals, 10)
    assert answer is not None
    assert answer.fitting is not None

    figure = gain_charts.capacity_curve(cut_offs(HISTOGRAM, arrivals), answer)

    assert list(figure.data[1].x) == list(range(1, 102))
    assert (figure.data[2].x[0], figure.data[2].y[0]) == (10, answer.fitting.expected)
    assert figure.layout.shapes[0].x0 == 10


def test_a_leads_timeline_has_its_scores_and_its_events() -> None:
    at = datetime(2025, 3, 1, tzinfo=UTC)
    event = LeadEvent("1", at, at, "touch", "webinar", HOSTILE, {}, 4, 0, "2025-01", 4)
    score = LeadScore(HOSTILE, 55, at, "online", {})
    history = LeadHistory({}, (event,), 1, (score,), (), {})

    figure = lead_charts.timeline(history)

    assert [list(trace.y) for trace in figure.data] == [[4], [55], [0]]
    assert "<b>bold" not in figure.to_json().replace("\\u003c", "<").replace("<b><b>", "<b>")
    assert "&lt;b&gt;bold" in figure.data[1].name


@pytest.mark.parametrize("after", [timedelta(0), timedelta(seconds=5), timedelta(minutes=90)])
def test_what_happened_at_nearly_the_same_time_has_an_axis_of_two_hours_with_the_hours_on_it(after: timedelta) -> None:
    at = datetime(2008, 7, 23, 12, tzinfo=UTC)
    events = tuple(LeadEvent("1", when, when, "touch", "x", "call", {}, 4, 0, "1", 4) for when in (at, at + after))

    axis = lead_charts.timeline(LeadHistory({}, events, 2, (), (), {})).layout.xaxis

    assert axis.range[1] - axis.range[0] == timedelta(hours=2)
    assert axis.range[0] < at
    assert at + after < axis.range[1]
    hours = [stop.value for stop in axis.tickformatstops if stop.dtickrange[0] == 60_000]
    assert hours == ["%H:%M\n%-d %b %Y"]


def test_a_lead_without_a_score_has_no_empty_panel_and_no_word_of_a_line() -> None:
    at = datetime(2008, 7, 23, tzinfo=UTC)
    touch = LeadEvent("1", at, at, "touch", "x", "call", {}, None, None, None, None)
    bare = LeadHistory({}, (touch,), 1, (), (), {})
    score = LeadScore("2", 55, at, "online", {})
    rated = LeadEvent("1", at, at, "touch", "x", "call", {}, 4, 0, "1", 4)

    figure = lead_charts.timeline(bare)
    assert not figure.layout.yaxis.visible
    assert tuple(figure.layout.yaxis2.domain) == (0, 1)
    assert figure.layout.height < lead_charts.TIMELINE_PIXELS

    notes = [
        lead_charts.timeline_note(LeadHistory({}, events, len(events), scores, (), {}))
        for events, scores in (((touch,), ()), ((touch,), (score,)), ((rated,), (score,)), ((rated, rated), ()))
    ]
    assert notes == [
        "This lead has no score to draw: what happened to it. UTC.",
        "Larger marks: scores by model versions. UTC.",
        "Dot: the score by the rules after each event. Larger marks: scores by model versions. UTC.",
        "Dots and line: the score by the rules after each event. UTC.",
    ]
    assert lead_charts.timeline(LeadHistory({}, (rated,), 1, (), (), {})).data[0].mode == "lines+markers"
