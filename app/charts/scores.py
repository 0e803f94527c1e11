"""Figures of scores: how they are spread, what they foretell, and how bands part them.

Pure functions from counts to a Plotly figure, as those of `app.charts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from app import formatting, palette
from app.charts.parts import CURVE_PIXELS, axis, axis_title, layout, note
from app.escaping import plotly_text
from lake_access.score_histograms import HIGHEST
from lake_access.score_measures import ScoreBin

BIN_WIDTH = 5
ROW_PIXELS, AXIS_PIXELS = 92, 40
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
            **axis(".0%"),
            "domain": [top - 0.84 / len(rows), top - 0.24 / len(rows)],
            "rangemode": "tozero",
            "nticks": 3,
        }
        weight = "<b>{}</b>" if row.chosen else "{}"
        label = weight.format(plotly_text(formatting.shortened(row.name, 40)))
        titles.append(note(f"{label}  n {formatting.count(total)}", 0, top, anchor="top"))
    figure.update_layout(
        overwrite=True,
        **layout(max(ROW_PIXELS * len(rows) + AXIS_PIXELS, CURVE_PIXELS + AXIS_PIXELS)),
        **axes,
        xaxis={
            **axis(""),
            "range": [0, HIGHEST + 1],
            "dtick": 20,
            "showgrid": False,
            "anchor": f"y{len(rows)}" if len(rows) > 1 else "y",
            "title": axis_title("Score"),
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
        overwrite=True,
        **layout(CURVE_PIXELS + 40),
        xaxis={**axis(""), "range": [-1, end], "showgrid": False, "anchor": "y2", "title": axis_title("Score")},
        yaxis={**axis(".0%"), "range": [0, top], "domain": [0.36, 0.93]},
        yaxis2={**axis("~s"), "domain": [0, 0.18], "nticks": 3, "rangemode": "tozero"},
        annotations=[note("Observed conversion rate", 0, 1, anchor="top"), note("Leads", 0, 0.28, anchor="top")],
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
        overwrite=True,
        **layout(SCALE_PIXELS),
        bargap=0.15,
        xaxis={
            **axis(""),
            "range": [-0.6, HIGHEST + 0.6],
            "dtick": 20,
            "showgrid": False,
            "title": axis_title("Score"),
        },
        yaxis={**axis("~s"), "rangemode": "tozero", "nticks": 4, "domain": [0, 0.86]},
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
                **note(formatting.shortened(name, 14), (edges[place] + edges[place + 1] - 1) / 2, 1, anchor="top"),
                "xref": "x",
                "xanchor": "center",
            }
            for place, name in enumerate(names)
            if edges[place + 1] - edges[place] >= 5
        ],
    )
    return figure


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
