"""Figures of what the best leads hold, and of what calling so many of them a week brings."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from app import formatting, palette
from app.charts.parts import CURVE_PIXELS, add_mark, axis, axis_title, layout, note
from lake_access.score_capacity import Capacity, CutOff
from lake_access.score_measures import GainPoint, GainReading


def gain(curve: Sequence[GainPoint], reading: GainReading) -> go.Figure:
    """Which share of the conversions the best leads hold, with the reading marked, against leads taken blindly."""
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": palette.NEUTRAL, "dash": "dot"}, hoverinfo="skip"
    )
    figure.add_scatter(
        x=[point.depth for point in curve],
        y=[point.gain for point in curve],
        mode="lines",
        line={"color": palette.CATEGORIES[0], "width": 2.5},
        fill="tozeroy",
        fillcolor=palette.translucent(palette.CATEGORIES[0], 0.12),
        customdata=[_gain_hover(point) for point in curve],
        hovertemplate="%{customdata}<extra></extra>",
    )
    figure.add_scatter(
        x=[reading.depth, reading.depth, 0],
        y=[0, reading.gain, reading.gain],
        mode="lines",
        line={"color": palette.CATEGORIES[1], "width": 1.5},
        hoverinfo="skip",
    )
    add_mark(figure, reading.depth, reading.gain, reading.high - reading.gain, reading.gain - reading.low)
    figure.update_layout(
        overwrite=True,
        **layout(CURVE_PIXELS),
        xaxis={**axis(".0%"), "range": [0, 1.02], "showgrid": False, "title": axis_title("Best leads, by score")},
        yaxis={**axis(".0%"), "range": [0, 1.04], "domain": [0, 0.93]},
        annotations=[note("Share of all conversions", 0, 1, anchor="top")],
    )
    return figure


def lift(curve: Sequence[GainPoint], reading: GainReading) -> go.Figure:
    """How many times as many conversions the best leads hold as leads taken blindly would."""
    points = [point for point in curve if point.leads]
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1], y=[1, 1], mode="lines", line={"color": palette.NEUTRAL, "dash": "dot"}, hoverinfo="skip"
    )
    # Between two points the gain is straight, and the lift is not: it is drawn through steps of a hundredth.
    depths = sorted({point.depth for point in points} | {step / 100 for step in range(1, 101)})
    figure.add_scatter(
        x=depths,
        y=[_straight_gain(curve, depth) / depth for depth in depths],
        mode="lines",
        line={"color": palette.CATEGORIES[0], "width": 2.5},
        hovertemplate="Best %{x:.0%}: %{y:.2f} times<extra></extra>",
    )
    add_mark(
        figure,
        reading.depth,
        reading.lift,
        reading.high / reading.depth - reading.lift,
        reading.lift - reading.low / reading.depth,
    )
    highest = max((_straight_gain(curve, depth) / depth for depth in depths if depth >= 0.02), default=1.0)
    figure.update_layout(
        overwrite=True,
        **layout(CURVE_PIXELS),
        xaxis={**axis(".0%"), "range": [0, 1.02], "showgrid": False, "title": axis_title("Best leads, by score")},
        yaxis={**axis(".1f"), "range": [0, 1.15 * max(highest, reading.high / reading.depth)], "domain": [0, 0.93]},
        annotations=[note("Times as many as taken blindly", 0, 1, anchor="top")],
    )
    return figure


def capacity_curve(cuts: Sequence[CutOff], chosen: Capacity) -> go.Figure:
    """Expected conversions of a mean week against the leads called in it, with 95% intervals and the chosen cut-off."""
    calls = [cut.weekly for cut in cuts]
    figure = go.Figure()
    figure.add_scatter(
        x=[*calls, *reversed(calls)],
        y=[*(cut.high for cut in cuts), *(cut.low for cut in reversed(cuts))],
        fill="toself",
        mode="lines",
        line={"width": 0},
        fillcolor=palette.translucent(palette.NEUTRAL, 0.25),
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=calls,
        y=[cut.expected for cut in cuts],
        mode="lines+markers",
        line={"color": palette.CATEGORIES[0], "width": 2},
        marker={"size": 4},
        customdata=[_cut_hover(cut) for cut in cuts],
        hovertemplate="%{customdata}<extra></extra>",
    )
    if chosen.fitting is not None:
        cut = chosen.fitting
        add_mark(figure, cut.weekly, cut.expected, cut.high - cut.expected, cut.expected - cut.low)
    end = max([*calls, 1.0])
    figure.update_layout(
        overwrite=True,
        **layout(CURVE_PIXELS),
        xaxis={**axis("~s"), "range": [0, 1.03 * end], "showgrid": False, "title": axis_title("Leads called a week")},
        yaxis={**axis("~s"), "rangemode": "tozero", "nticks": 5, "domain": [0, 0.93]},
        shapes=[
            {
                "type": "line",
                "x0": chosen.calls,
                "x1": chosen.calls,
                "yref": "paper",
                "y0": 0,
                "y1": 0.93,
                "line": {"color": palette.CATEGORIES[1], "width": 1.5, "dash": "dash"},
            }
        ]
        if chosen.calls <= end
        else [],
        annotations=[note("Expected conversions a week", 0, 1, anchor="top")],
    )
    return figure


def _straight_gain(curve: Sequence[GainPoint], depth: float) -> float:
    after = next((point for point in curve if point.depth >= depth and point.leads), curve[-1])
    before = curve[curve.index(after) - 1]
    return before.gain + (depth - before.depth) / (after.depth - before.depth) * (after.gain - before.gain)


def _gain_hover(point: GainPoint) -> str:
    if not point.leads:
        return ""
    return (
        f"<b>Score {point.score} and more</b><br>{formatting.percentage(point.depth)} of the leads "
        f"({formatting.count(point.leads)})<br>{formatting.percentage(point.gain)} of the conversions "
        f"({formatting.count(point.conversions)})"
    )


def _cut_hover(cut: CutOff) -> str:
    return (
        f"<b>Score {cut.score} and more</b><br>{formatting.figure(cut.weekly, 1)} leads a week<br>"
        f"{formatting.figure(cut.expected, 1)} conversions ({formatting.figures(cut.low, cut.high, 1)})<br>"
        f"rate {formatting.percentage(cut.rate)}, {formatting.share(cut.conversions, cut.mature)} mature leads"
    )
