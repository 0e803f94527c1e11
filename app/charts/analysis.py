"""Figures of what lies behind a rate: the funnel, the cohorts, the steps of a change; pure functions to figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from app import formatting, palette
from app.charts import rates as rate_charts
from app.charts.rates import Rate
from app.escaping import plotly_text

STEP_PIXELS = 64
WATERFALL_PIXELS = 340
UP, DOWN = palette.CATEGORIES[0], palette.CATEGORIES[7]
_BEFORE_OPACITY = 0.25


@dataclass(frozen=True)
class FunnelBar:
    """A step: its name, how many came to it, how many did before (None: nothing to compare), and what is said of it."""

    name: str
    count: int
    count_before: int | None
    label: str
    hover: str


@dataclass(frozen=True)
class Level:
    """An end of a waterfall: a rate with its interval."""

    name: str
    rate: float
    low: float
    high: float


@dataclass(frozen=True)
class Part:
    """A step of a waterfall, in percentage points as it is shown."""

    name: str
    points: float


def funnel_bars(steps: Sequence[FunnelBar]) -> go.Figure:
    """A bar a step as a share of the first one, the step's share of the one before beside it; below it the one before.

    The share of a period before is of its own first step.
    """
    figure = go.Figure()
    whole = steps[0].count or 1
    figure.add_bar(
        x=[step.count / whole for step in steps],
        y=list(range(len(steps))),
        width=0.46,
        orientation="h",
        marker={"color": palette.translucent(palette.LEADING, 0.75)},
        customdata=[step.hover for step in steps],
        hovertemplate="%{customdata}<extra></extra>",
    )
    before = [step.count_before for step in steps]
    if before[0]:
        figure.add_bar(
            x=[(count or 0) / before[0] for count in before],
            y=[place + 0.33 for place in range(len(steps))],
            width=0.12,
            orientation="h",
            marker={"color": palette.translucent(palette.NEUTRAL, 0.8)},
            customdata=[f"Period before: {formatting.share(count or 0, before[0])}" for count in before],
            hovertemplate="%{customdata}<extra></extra>",
        )
    figure.update_layout(
        **rate_charts.plain_layout(height=STEP_PIXELS * len(steps) + rate_charts.AXIS_PIXELS, right=150),
        barmode="overlay",
        xaxis={
            "range": [0, 1],
            "tickformat": ".0%",
            "nticks": 5,
            "fixedrange": True,
            "zeroline": False,
            **rate_charts.dim_ticks(),
        },
        yaxis=rate_charts.names_axis(
            [rate_charts.name_and_note(step.name, formatting.count(step.count)) for step in steps]
        ),
        annotations=[
            {
                "text": rate_charts.page_coloured(plotly_text(step.label).replace("\n", "<br>")),
                "x": 1,
                "xref": "paper",
                "xanchor": "left",
                "xshift": 8,
                "y": place,
                "align": "left",
                "showarrow": False,
                "font": {"size": 13},
            }
            for place, step in enumerate(steps)
        ],
    )
    return figure


def cohort_grid(
    months: Sequence[str],
    ages: Sequence[str],
    whole: Mapping[tuple[int, int], Rate],
    part: Mapping[tuple[int, int], Rate],
) -> go.Figure:
    """A heat map of rates by month and age; cells of which some leads are too young are hatched, others stay empty."""
    figure = rate_charts.rate_grid(months, ages, {**whole, **part})
    figure.add_bar(
        x=[column for _, column in part],
        y=[0.94] * len(part),
        base=[row - 0.47 for row, _ in part],
        width=0.96,
        marker={
            "color": "rgba(0,0,0,0)",
            "line": {"width": 0},
            "pattern": {
                "shape": "/",
                "size": 10,
                "solidity": 0.12,
                "fgcolor": palette.translucent(palette.NEUTRAL, 0.55),
                "fillmode": "overlay",
            },
        },
        hoverinfo="skip",
    )
    return figure


def waterfall(before: Level, parts: Sequence[Part], now: Level) -> go.Figure:
    """From one rate to another by the parts of the change; both rates as dots with their 95% intervals.

    The axis need not begin at zero, so that no end is drawn as a bar.
    """
    heights = [100 * before.rate]
    for part in parts:
        heights.append(heights[-1] + part.points)
    places = list(range(1, len(parts) + 1))
    figure = go.Figure()
    figure.add_bar(
        x=places,
        y=[part.points for part in parts],
        base=heights[:-1],
        width=0.55,
        marker={"color": [UP if part.points >= 0 else DOWN for part in parts]},
        customdata=[f"{part.name}: {signed(part.points)} points" for part in parts],
        hovertemplate="%{customdata}<extra></extra>",
    )
    for place, height in enumerate(heights):
        figure.add_scatter(
            x=[place + (0.06 if place == 0 else 0.28), place + 1 - (0.06 if place == len(parts) else 0.28)],
            y=[height, height],
            mode="lines",
            line={"color": palette.NEUTRAL, "width": 1, "dash": "dot"},
            hoverinfo="skip",
        )
    ends = ((0, before), (len(parts) + 1, now))
    figure.add_scatter(
        x=[place for place, _ in ends],
        y=[100 * end.rate for _, end in ends],
        mode="markers",
        marker={"size": 11, "color": palette.NEUTRAL},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [100 * (end.high - end.rate) for _, end in ends],
            "arrayminus": [100 * (end.rate - end.low) for _, end in ends],
            "color": palette.NEUTRAL,
            "thickness": 1.5,
            "width": 5,
        },
        customdata=[
            f"{end.name}: {formatting.percentage(end.rate)} ({formatting.interval(end.low, end.high)})"
            for _, end in ends
        ],
        hovertemplate="%{customdata}<extra></extra>",
    )
    tops = [*heights, 100 * before.high, 100 * now.high]
    bottoms = [*heights, 100 * before.low, 100 * now.low]
    room = 0.18 * (max(tops) - min(bottoms)) or 1.0
    names = [before.name, *(part.name for part in parts), now.name]
    figure.update_layout(
        **rate_charts.plain_layout(height=WATERFALL_PIXELS),
        barmode="overlay",
        xaxis={
            "tickvals": list(range(len(names))),
            "ticktext": [rate_charts.page_coloured(plotly_text(name).replace(" ", "<br>", 1)) for name in names],
            "range": [-0.5, len(names) - 0.5],
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
            "automargin": True,
            "tickangle": 0,
        },
        yaxis={
            "range": [max(0.0, min(bottoms) - room), max(tops) + room],
            "ticksuffix": "%</span>",
            "tickprefix": rate_charts.dim_ticks()["tickprefix"],
            "nticks": 6,
            "zeroline": False,
            "fixedrange": True,
            "automargin": True,
        },
        annotations=[
            *(
                _over(place, max(heights[place - 1 : place + 1]), f"{signed(part.points)}<br>points")
                for place, part in zip(places, parts, strict=True)
            ),
            *(_over(place, 100 * end.high, formatting.percentage(end.rate)) for place, end in ends),
        ],
    )
    return figure


def signed(points: float) -> str:
    """Percentage points with two digits and their sign: `+0.31`."""
    return formatting.signed(points, 2)


def _over(place: int, height: float, text: str) -> dict[str, object]:
    return {
        "text": rate_charts.page_coloured(text),
        "x": place,
        "y": height,
        "yanchor": "bottom",
        "yshift": 3,
        "showarrow": False,
        "font": {"size": 13},
    }
