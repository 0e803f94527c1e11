"""Figures of scores: how they are spread, what they foretell, what the best of them hold, and what a cut-off brings.

Pure functions from counts to a Plotly figure, as those of `app.charts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from app import charts, formatting, palette
from app.escaping import plotly_text
from lake_access.score_capacity import Capacity, CutOff
from lake_access.score_histograms import HIGHEST
from lake_access.score_measures import GainPoint, GainReading, ScoreBin

BIN_WIDTH = 5
ROW_PIXELS, AXIS_PIXELS = 92, 40
CURVE_PIXELS = 330
SCALE_PIXELS = 240


@dataclass(frozen=True)
class Distribution:
    """The leads of one kind of score, by score; its name as text."""

    name: str
    counts: Sequence[int]
    colour: str
    chosen: bool


def in_bins(counts: Sequence[int]) -> list[tuple[int, int, int]]:
    """Counts by score in bins of five, the last of six: first and last score, and leads."""
    firsts = range(0, HIGHEST, BIN_WIDTH)
    bins = [(first, HIGHEST if first + BIN_WIDTH >= HIGHEST else first + BIN_WIDTH - 1) for first in firsts]
    return [(first, last, sum(counts[first : last + 1])) for first, last in bins]


def distributions(rows: Sequence[Distribution]) -> go.Figure:
    """A histogram below another for each kind of score, as shares of its own leads; the chosen one stands out."""
    figure = go.Figure()
    axes: dict[str, Any] = {}
    titles = []
    for place, row in enumerate(rows):
        bins, total = in_bins(row.counts), sum(row.counts)
        name = "" if place == 0 else str(place + 1)
        figure.add_bar(
            x=[(first + last + 1) / 2 for first, last, _ in bins],
            y=[count / total if total else 0 for _, _, count in bins],
            width=[last - first + 1 - 0.5 for first, last, _ in bins],
            yaxis=f"y{name}",
            marker={"color": palette.translucent(row.colour, 0.95 if row.chosen else 0.5)},
            customdata=[_bin_hover(row, first, last, count, total) for first, last, count in bins],
            hovertemplate="%{customdata}<extra></extra>",
        )
        top = 1 - place / len(rows)
        axes[f"yaxis{name}"] = {
            **_axis(".0%"),
            "domain": [top - 0.84 / len(rows), top - 0.24 / len(rows)],
            "rangemode": "tozero",
            "nticks": 3,
        }
        weight = "<b>{}</b>" if row.chosen else "{}"
        label = weight.format(plotly_text(formatting.shortened(row.name, 40)))
        titles.append(_note(f"{label}  n {formatting.count(total)}", 0, top, anchor="top"))
    figure.update_layout(
        **_layout(max(ROW_PIXELS * len(rows) + AXIS_PIXELS, CURVE_PIXELS + AXIS_PIXELS)),
        **axes,
        xaxis={
            **_axis(""),
            "range": [0, HIGHEST + 1],
            "dtick": 20,
            "showgrid": False,
            "anchor": f"y{len(rows)}" if len(rows) > 1 else "y",
            "title": _title("Score"),
        },
        annotations=titles,
    )
    return figure


def reliability(bins: Sequence[ScoreBin], minimum_cell: int, is_probability: bool) -> go.Figure:
    """The observed rate of each bin against its mean score with 95% Wilson intervals, and its leads below.

    Where a score is a probability, the diagonal shows where foretold and observed are the same.
    """
    solid = [1 if part.leads >= minimum_cell else 0.35 for part in bins]
    places = [HIGHEST * part.forecast for part in bins]
    figure = go.Figure()
    if is_probability:
        figure.add_scatter(
            x=[0, HIGHEST], y=[0, 1], mode="lines", line={"color": palette.NEUTRAL, "dash": "dot"}, hoverinfo="skip"
        )
    hovers = [_reliability_hover(part, minimum_cell, is_probability) for part in bins]
    figure.add_scatter(
        x=places,
        y=[part.rate for part in bins],
        mode="lines+markers",
        line={"color": palette.CATEGORIES[0], "width": 1.5},
        marker={"size": 9, "color": [palette.translucent(palette.CATEGORIES[0], alpha) for alpha in solid]},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [part.high - part.rate for part in bins],
            "arrayminus": [part.rate - part.low for part in bins],
            "color": palette.NEUTRAL,
            "thickness": 1.5,
            "width": 3,
        },
        customdata=hovers,
        hovertemplate="%{customdata}<extra></extra>",
    )
    figure.add_bar(
        x=[(part.first + part.last) / 2 for part in bins],
        y=[part.leads for part in bins],
        width=[max(0.6, part.last - part.first + 0.6) for part in bins],
        yaxis="y2",
        marker={"color": palette.translucent(palette.NEUTRAL, 0.45)},
        customdata=hovers,
        hovertemplate="%{customdata}<extra></extra>",
    )
    relied = [part.high for part in bins if part.leads >= minimum_cell] or [part.high for part in bins]
    furthest = max([part.forecast for part in bins], default=1.0)
    top = min(
        1.05, 1.08 * max([*relied, *(part.rate for part in bins), furthest if is_probability else 0.0], default=1)
    )
    end = min(HIGHEST + 1.5, 1.08 * max([part.last + 1 for part in bins], default=HIGHEST))
    figure.update_layout(
        **_layout(CURVE_PIXELS + 40),
        xaxis={**_axis(""), "range": [-1, end], "showgrid": False, "anchor": "y2", "title": _title("Score")},
        yaxis={**_axis(".0%"), "range": [0, top], "domain": [0.36, 0.93]},
        yaxis2={**_axis("~s"), "domain": [0, 0.18], "nticks": 3, "rangemode": "tozero"},
        annotations=[_note("Observed conversion rate", 0, 1, anchor="top"), _note("Leads", 0, 0.28, anchor="top")],
    )
    return figure


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
    _add_mark(figure, reading.depth, reading.gain, reading.high - reading.gain, reading.gain - reading.low)
    figure.update_layout(
        **_layout(CURVE_PIXELS),
        xaxis={**_axis(".0%"), "range": [0, 1.02], "showgrid": False, "title": _title("Best leads, by score")},
        yaxis={**_axis(".0%"), "range": [0, 1.04], "domain": [0, 0.93]},
        annotations=[_note("Share of all conversions", 0, 1, anchor="top")],
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
    _add_mark(
        figure,
        reading.depth,
        reading.lift,
        reading.high / reading.depth - reading.lift,
        reading.lift - reading.low / reading.depth,
    )
    highest = max((_straight_gain(curve, depth) / depth for depth in depths if depth >= 0.02), default=1.0)
    figure.update_layout(
        **_layout(CURVE_PIXELS),
        xaxis={**_axis(".0%"), "range": [0, 1.02], "showgrid": False, "title": _title("Best leads, by score")},
        yaxis={**_axis(".1f"), "range": [0, 1.15 * max(highest, reading.high / reading.depth)], "domain": [0, 0.93]},
        annotations=[_note("Times as many as taken blindly", 0, 1, anchor="top")],
    )
    return figure


def band_scale(counts: Sequence[int], bands: Mapping[str, int], colours: Sequence[str]) -> go.Figure:
    """Leads by score, each in the colour of its band, with the thresholds and the bands' names above."""
    names, edges = list(bands), [*bands.values(), HIGHEST + 1]
    figure = go.Figure()
    for place, name in enumerate(names):
        scores = range(edges[place], edges[place + 1])
        figure.add_bar(
            x=list(scores),
            y=[counts[score] for score in scores],
            marker={"color": palette.translucent(colours[place], 0.8)},
            customdata=[f"Score {score}, {name}<br>{formatting.count(counts[score])} leads" for score in scores],
            hovertemplate="%{customdata}<extra></extra>",
        )
    figure.update_layout(
        **_layout(SCALE_PIXELS),
        bargap=0.15,
        xaxis={**_axis(""), "range": [-0.6, HIGHEST + 0.6], "dtick": 20, "showgrid": False, "title": _title("Score")},
        yaxis={**_axis("~s"), "rangemode": "tozero", "nticks": 4, "domain": [0, 0.86]},
        shapes=[
            {
                "type": "line",
                "x0": edge - 0.5,
                "x1": edge - 0.5,
                "yref": "paper",
                "y0": 0,
                "y1": 0.9,
                "line": {"color": palette.NEUTRAL, "width": 1.5, "dash": "dash"},
            }
            for edge in edges[1:-1]
        ],
        annotations=[
            {
                **_note(formatting.shortened(name, 14), (edges[place] + edges[place + 1] - 1) / 2, 1, anchor="top"),
                "xref": "x",
                "xanchor": "center",
            }
            for place, name in enumerate(names)
            if edges[place + 1] - edges[place] >= 5
        ],
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
        _add_mark(figure, cut.weekly, cut.expected, cut.high - cut.expected, cut.expected - cut.low)
    end = max([*calls, 1.0])
    figure.update_layout(
        **_layout(CURVE_PIXELS),
        xaxis={**_axis("~s"), "range": [0, 1.03 * end], "showgrid": False, "title": _title("Leads called a week")},
        yaxis={**_axis("~s"), "rangemode": "tozero", "nticks": 5, "domain": [0, 0.93]},
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
        annotations=[_note("Expected conversions a week", 0, 1, anchor="top")],
    )
    return figure


def _straight_gain(curve: Sequence[GainPoint], depth: float) -> float:
    after = next((point for point in curve if point.depth >= depth and point.leads), curve[-1])
    before = curve[curve.index(after) - 1]
    return before.gain + (depth - before.depth) / (after.depth - before.depth) * (after.gain - before.gain)


def _add_mark(figure: go.Figure, x: float, y: float, above: float, below: float) -> None:
    figure.add_scatter(
        x=[x],
        y=[y],
        mode="markers",
        marker={"size": 11, "color": palette.CATEGORIES[1], "symbol": "diamond"},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [above],
            "arrayminus": [below],
            "color": palette.CATEGORIES[1],
            "thickness": 2,
            "width": 4,
        },
        hoverinfo="skip",
    )


def _layout(height: int) -> dict[str, Any]:
    return {
        "height": height,
        "margin": {"l": 4, "r": 8, "t": 4, "b": 4},
        "showlegend": False,
        "hovermode": "closest",
        "dragmode": False,
        "hoverlabel": {"align": "left"},
        "barmode": "overlay",
    }


def _axis(tick_format: str) -> dict[str, Any]:
    return {
        "tickformat": tick_format,
        "zeroline": False,
        "fixedrange": True,
        "automargin": True,
        "tickangle": 0,
        "tickprefix": f'<span style="color:currentColor;fill-opacity:{charts.DIM}">',
        "ticksuffix": "</span>",
    }


def _title(text: str) -> dict[str, Any]:
    return {"text": _dim(text), "font": {"size": 12}, "standoff": 6}


def _dim(text: str) -> str:
    return f'<span style="color:currentColor;fill-opacity:{charts.DIM}">{text}</span>'


def _note(text: str, x: float, y: float, anchor: str) -> dict[str, Any]:
    """A line of words of ours, or of text made safe, in a figure's corner."""
    return {
        "text": _dim(text),
        "x": x,
        "xref": "paper",
        "xanchor": "left",
        "y": y,
        "yref": "paper",
        "yanchor": anchor,
        "showarrow": False,
        "font": {"size": 12},
    }


def _bin_hover(row: Distribution, first: int, last: int, count: int, total: int) -> str:
    share = formatting.percentage(count / total) if total else "–"
    name = plotly_text(formatting.shortened(row.name, 60))
    return f"<b>{name}</b><br>Score {first} to {last}<br>{formatting.count(count)} leads, {share}"


def _reliability_hover(part: ScoreBin, minimum_cell: int, is_probability: bool) -> str:
    lines = [
        f"<b>Score {part.first} to {part.last}</b>",
        f"{formatting.percentage(part.rate)} converted ({formatting.interval(part.low, part.high)})",
        f"{formatting.share(part.conversions, part.leads)} leads",
    ]
    if is_probability:
        lines.insert(1, f"{formatting.percentage(part.forecast)} foretold on average")
    if part.leads < minimum_cell:
        lines.append("Too few leads to rely on")
    return "<br>".join(lines)


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
        f"<b>Score {cut.score} and more</b><br>{cut.weekly:.1f} leads a week<br>{cut.expected:.1f} conversions "
        f"({cut.low:.1f} to {cut.high:.1f})<br>rate {formatting.percentage(cut.rate)}, "
        f"{formatting.share(cut.conversions, cut.mature)} mature leads"
    )
