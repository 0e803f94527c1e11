"""The trend of leads and their conversion rate: solid where leads are mature, hatched where they may yet convert."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from app import formatting, palette
from app.charts.rates import LINE_PIXELS, Rate, dim_ticks, panel_title, plain_layout, rate_axis
from app.charts.time_axis import bar_width, line_between, period_ticks

SOLID, OPEN, PALE = 1.0, 0.0, 0.45


@dataclass(frozen=True)
class TrendPoint:
    """A period: its leads, how many are young, and the rate over those that count; None where none counts."""

    period: str
    leads: int
    young: int
    rate: Rate | None


def trend(points: Sequence[TrendPoint], height: int = LINE_PIXELS) -> go.Figure:
    """The conversion rate with its 95% interval above the leads of each period.

    Periods are months, `2025-01`, ISO weeks, `2025-W03`, or days, in their order. Young leads are hatched on top of the
    mature ones, and a rate of a period that has some is an open ring: it will yet change.
    """
    figure = go.Figure()
    rated = [point for point in points if point.rate is not None]
    rates = [point.rate for point in rated if point.rate is not None]
    if rated:
        figure.add_scatter(**line_between([point.period for point in rated], [rate.rate for rate in rates]))
        figure.add_scatter(**_rates(rated))
    for trace in _bars(points):
        figure.add_bar(**trace)
    axis = {"fixedrange": True, "zeroline": False, "automargin": True, **dim_ticks()}
    figure.update_layout(
        **plain_layout(height=height),
        barmode="stack",
        xaxis={
            "type": "date",
            "nticks": 6,
            **period_ticks([point.period for point in points]),
            "showgrid": False,
            "anchor": "y2",
            **axis,
        },
        yaxis={**rate_axis(rates, from_zero=False), "domain": [0.42, 0.92]},
        yaxis2={"domain": [0, 0.26], "nticks": 3, "rangemode": "tozero", "tickformat": "~s", **axis},
        annotations=[panel_title("Conversion rate", 1), panel_title(_leads_title(points), 0.37)],
    )
    return figure


def trend_description(points: Sequence[TrendPoint]) -> str:
    """What the figure says, for readers who do not see it."""
    if not points:
        return "Leads and conversion rate over time: nothing to draw."
    first, last = points[0], points[-1]
    leads = sum(point.leads for point in points)
    parts = [f"{formatting.count(leads)} leads from {_name(first)} to {_name(last)}"]
    rated = [point for point in points if point.rate is not None]
    if rated and rated[-1].rate is not None:
        parts.append(f"latest conversion rate {formatting.percentage(rated[-1].rate.rate)}, {_name(rated[-1])}")
    young = sum(point.young for point in points)
    if young:
        parts.append(f"{formatting.count(young)} leads are young and hatched")
    return f"Leads and conversion rate over time. {'; '.join(parts)}."


def _rates(points: Sequence[TrendPoint]) -> dict[str, Any]:
    rates = [point.rate for point in points if point.rate is not None]
    fill = [SOLID if not point.young else OPEN for point in points]
    return {
        "x": [formatting.first_day(point.period) for point in points],
        "y": [rate.rate for rate in rates],
        "mode": "markers",
        "marker": {
            "size": 9 if len(points) <= 40 else 5,
            "symbol": ["circle" if solid else "circle-open" for solid in fill],
            "color": [palette.translucent(palette.LEADING, PALE if rate.faint else SOLID) for rate in rates],
            "line": {"width": 1.5, "color": palette.LEADING},
        },
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [rate.high - rate.rate for rate in rates],
            "arrayminus": [rate.rate - rate.low for rate in rates],
            "color": palette.translucent(palette.NEUTRAL, 0.8),
            "thickness": 1.5 if len(points) <= 40 else 0.75,
            "width": 3 if len(points) <= 40 else 0,
        },
        "customdata": [_hover(point) for point in points],
        "hovertemplate": "%{customdata}<extra></extra>",
    }


def _bars(points: Sequence[TrendPoint]) -> list[dict[str, Any]]:
    shared: dict[str, Any] = {
        "x": [formatting.first_day(point.period) for point in points],
        "width": bar_width([point.period for point in points]),
        "yaxis": "y2",
        "customdata": [_hover(point) for point in points],
        "hovertemplate": "%{customdata}<extra></extra>",
    }
    mature = {
        **shared,
        "y": [point.leads - point.young for point in points],
        "marker": {"color": palette.translucent(palette.NEUTRAL, 0.55)},
    }
    if not any(point.young for point in points):
        return [mature]
    young = {
        **shared,
        "y": [point.young for point in points],
        "marker": {
            "color": palette.translucent(palette.NEUTRAL, 0.15),
            "line": {"color": palette.translucent(palette.NEUTRAL, 0.55), "width": 0.5},
            "pattern": {"shape": "/", "fgcolor": palette.NEUTRAL, "size": 5, "solidity": 0.25},
        },
    }
    return [mature, young]


def _leads_title(points: Sequence[TrendPoint]) -> str:
    return "Leads, hatched: young" if any(point.young for point in points) else "Leads"


def _name(point: TrendPoint) -> str:
    return formatting.month(point.period)


def _hover(point: TrendPoint) -> str:
    lines = [f"<b>{_name(point)}</b>"]
    if point.rate is not None:
        rate = point.rate
        lines.append(
            f"{formatting.percentage(rate.rate)} converted ({formatting.interval(rate.low, rate.high)}), "
            f"{formatting.share(rate.conversions, rate.leads)}"
        )
    lines.append(f"{formatting.count(point.leads)} leads came")
    if point.young:
        lines.append(f"{formatting.count(point.young)} of them are young and may yet convert")
    return "<br>".join(lines)
