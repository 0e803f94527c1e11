"""Figures of drift: two distributions, weeks, moved scores, expected against actual; pure functions of values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import plotly.graph_objects as go

from app import formatting, palette
from app.charts.parts import axis, axis_title, dim, layout
from app.charts.time_axis import monday_ticks
from app.escaping import plotly_text
from lake_access.drift.distributions import Distribution
from monitoring.late_outcomes import Cohort

REFERENCE, CURRENT = palette.NEUTRAL, palette.LEADING
HEIGHT = 300
CELL_PIXELS = 46
LABEL_LENGTH = 14
MOST_UPRIGHT, FEW_LABELS = 20, 4
LEGEND = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "itemclick": False, "itemdoubleclick": False}


@dataclass(frozen=True)
class Line:
    """A line over weeks: its name (it may come from the lake), and its value in each, None where there is none."""

    name: str
    values: Mapping[date, float | None]
    estimated: bool = False  # drawn dotted


def distributions(found: Distribution) -> go.Figure:
    """Shares of the rows that have a value, reference and current over each other."""
    figure = go.Figure()
    places = list(range(len(found.bars)))
    for name, colour, place in (("Reference", REFERENCE, 0), ("Current", CURRENT, 1)):
        counts = [(bar.reference, bar.current)[place] for bar in found.bars]
        whole = max(1, found.present[place])
        figure.add_bar(
            name=name,
            x=places,
            y=[count / whole for count in counts],
            marker={"color": palette.translucent(colour, 0.75)},
            customdata=[
                f"<b>{plotly_text(_span(found, each))}</b><br>{name}: {formatting.percentage(count / whole)}"
                f"<br>{formatting.share(count, whole)} rows"
                for each, count in enumerate(counts)
            ],
            hovertemplate="%{customdata}<extra></extra>",
        )
    numbers = bool(found.bars) and found.bars[0].high is not None
    step = max(1, len(places) // 6) if numbers or len(places) > MOST_UPRIGHT else 1
    figure.update_layout(
        **{**layout(HEIGHT), "showlegend": True, "barmode": "group", "margin": _margin()},
        legend=LEGEND,
        bargap=0.15 if numbers else 0.3,
        bargroupgap=0,
        xaxis={
            **axis(""),
            "tickvals": places[::step],
            "ticktext": [plotly_text(formatting.shortened(bar.label, LABEL_LENGTH)) for bar in found.bars[::step]],
            "tickangle": 0 if numbers or len(places) <= FEW_LABELS else -40,
            "showgrid": False,
        },
        yaxis={**axis(".0%"), "nticks": 5, "rangemode": "tozero", "title": axis_title("Share of rows")},
    )
    return figure


def week_lines(
    lines: Sequence[Line],
    title: str,
    *,
    tick_format: str = ".2f",
    champions: Mapping[date, str] | None = None,
    from_zero: bool = True,
) -> go.Figure:
    """A line a name over weeks; a dotted one where another version became champion."""
    figure = go.Figure()
    for place, line in enumerate(lines):
        told = {week: value for week, value in line.values.items() if value is not None}
        figure.add_scatter(
            name=plotly_text(formatting.shortened(line.name, 28)),
            x=list(told),
            y=list(told.values()),
            mode="lines+markers",
            line={
                "color": palette.NEUTRAL if line.estimated else palette.CATEGORIES[place % len(palette.CATEGORIES)],
                "width": 2,
                "dash": "dot" if line.estimated else "solid",
            },
            marker={"size": 7, "symbol": "circle-open" if line.estimated else "circle"},
            customdata=[
                f"<b>{plotly_text(line.name)}</b><br>Week of {formatting.day(week)}: {value:{tick_format}}"
                for week, value in told.items()
            ],
            hovertemplate="%{customdata}<extra></extra>",
        )
    shapes, notes = _champion_marks(champions or {})
    weeks = [week for line in lines for week, value in line.values.items() if value is not None]
    figure.update_layout(
        **{**layout(HEIGHT), "showlegend": True, "margin": _margin()},
        legend=LEGEND,
        shapes=shapes,
        annotations=notes,
        xaxis={**axis("%-d %b\n%Y"), **monday_ticks(weeks), "showgrid": False},
        yaxis={
            **axis(tick_format),
            "nticks": 5,
            "rangemode": "tozero" if from_zero else "normal",
            "title": axis_title(title),
        },
    )
    return figure


def shift_matrix(bands: Sequence[str], matrix: Sequence[Sequence[int]], names: tuple[str, str]) -> go.Figure:
    """How many leads went from which band under the reference version to which under the current one."""
    heads = [plotly_text(formatting.shortened(band, LABEL_LENGTH)) for band in bands]
    totals = [max(1, sum(row)) for row in matrix]
    shares = [[cell / total for cell in row] for row, total in zip(matrix, totals, strict=True)]
    figure = go.Figure()
    figure.add_heatmap(
        x=list(range(len(bands))),
        y=list(range(len(bands))),
        z=shares,
        zmin=0,
        zmax=1,
        showscale=False,
        xgap=2,
        ygap=2,
        text=[[formatting.count(cell) for cell in row] for row in matrix],
        texttemplate="%{text}",
        customdata=[
            [
                f"<b>{heads[ours]} → {heads[theirs]}</b><br>{formatting.share(cell, totals[ours])} leads of this band"
                for theirs, cell in enumerate(row)
            ]
            for ours, row in enumerate(matrix)
        ],
        hovertemplate="%{customdata}<extra></extra>",
    )
    ticks = {"tickvals": list(range(len(bands))), "ticktext": heads, "showgrid": False}
    first, second = (plotly_text(name) for name in names)
    figure.update_layout(
        **layout(max(200, CELL_PIXELS * len(bands) + 70)),
        xaxis={**axis(""), **ticks, "title": axis_title(f"Under {second}")},
        yaxis={**axis(""), **ticks, "autorange": "reversed", "title": axis_title(f"Under {first}")},
    )
    return figure


def expected_against_actual(cohorts: Sequence[Cohort]) -> go.Figure:
    """Conversions of each week's mature leads: what the scores foretold with chance's range, and what came."""
    told = [each for each in cohorts if each.mature]
    weeks = [each.week for each in told]
    figure = go.Figure()
    figure.add_scatter(
        name="Expected",
        x=weeks,
        y=[each.expected.value for each in told],
        mode="lines+markers",
        line={"color": REFERENCE, "width": 2, "dash": "dot"},
        marker={"size": 6},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [each.expected.high - each.expected.value for each in told],
            "arrayminus": [each.expected.value - each.expected.low for each in told],
            "color": palette.translucent(REFERENCE, 0.6),
            "thickness": 2,
            "width": 0,
        },
        hoverinfo="skip",
    )
    figure.add_scatter(
        name="Came",
        x=weeks,
        y=[each.conversions for each in told],
        mode="markers",
        marker={
            "size": 10,
            "color": [CURRENT if each.as_expected else palette.CATEGORIES[1] for each in told],
            "symbol": ["circle" if each.as_expected else "diamond" for each in told],
        },
        customdata=[_cohort_hover(each) for each in told],
        hovertemplate="%{customdata}<extra></extra>",
    )
    figure.update_layout(
        **{**layout(HEIGHT), "showlegend": True, "margin": _margin()},
        legend=LEGEND,
        xaxis={**axis("%-d %b\n%Y"), **monday_ticks(weeks), "showgrid": False},
        yaxis={**axis(",.0f"), "nticks": 5, "rangemode": "tozero", "title": axis_title("Conversions")},
    )
    return figure


def _cohort_hover(each: Cohort) -> str:
    between = formatting.figures(each.expected.low, each.expected.high, 1)
    return (
        f"<b>Week of {formatting.day(each.week)}</b><br>{formatting.count(each.conversions)} of "
        f"{formatting.count(each.mature)} mature leads converted<br>"
        f"expected {formatting.figure(each.expected.value, 1)} ({between})<br>"
        f"{'as expected' if each.as_expected else 'not what chance would make of it'}"
    )


def _champion_marks(champions: Mapping[date, str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    line = {"color": palette.NEUTRAL, "width": 1.5, "dash": "dot"}
    shapes = [
        {"type": "line", "x0": day, "x1": day, "y0": 0, "y1": 1, "yref": "paper", "line": line} for day in champions
    ]
    notes = [
        {
            "text": dim(f"Champion {plotly_text(formatting.shortened(version, 8))}"),
            "x": day,
            "y": 1,
            "yref": "paper",
            "xanchor": "right",
            "yanchor": "top",
            "showarrow": False,
            "font": {"size": 11},
        }
        for day, version in champions.items()
    ]
    return shapes, notes


def _span(found: Distribution, place: int) -> str:
    bar = found.bars[place]
    if bar.low is None or bar.high is None:
        return bar.label
    if place == 0:
        return f"below {formatting.brief_figure(bar.high)}"
    low = formatting.brief_figure(bar.low)
    return f"{low} and more" if place == len(found.bars) - 1 else f"{low} to {formatting.brief_figure(bar.high)}"


def _margin() -> dict[str, int]:
    return {"l": 4, "r": 8, "t": 28, "b": 4}
