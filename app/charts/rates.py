"""Figures of rates: pure functions from rates to a Plotly figure; every rate comes with its n and its interval.

Fonts and the ramp of heat maps come from the theme, which follows light and dark by itself; text takes the page's own
colour. Categories stand at numbered places and are named by tick labels: Plotly would else read `2025-01` as a date
and `1` as a number.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from app import formatting, palette
from app.charts import time_axis
from app.escaping import plotly_text

CONFIG: dict[str, Any] = {"displayModeBar": False, "typesetMath": False}

BAR_PIXELS, AXIS_PIXELS, BARS_PIXELS_LEAST = 44, 30, 120
CELL_FONT = 13
CELL_PIXELS = 44
CELL_PIXELS_MOST = 160
CELL_WIDTH = 60
HEADS_PIXELS = 48
LINE_PIXELS = 300
NAME_LENGTH = 18
ROW_HEAD_LENGTH, COLUMN_HEAD_LENGTH = 11, 9  # of one line of a heat map's row or column name; there are two
ROOM_FOR_RATES = 56
RATES_TOLD = 12

DIM = 0.72
FAINT = 0.6


@dataclass(frozen=True)
class Rate:
    """A rate to draw: its name as text, its counts, its interval, its colour, and whether it rests on too few leads.

    A remark of ours is told where a reader points at it, in the place of that it is faint.
    """

    name: str
    leads: int
    conversions: int
    rate: float
    low: float
    high: float
    colour: str
    faint: bool
    remark: str = ""


def rate_bars(rates: Sequence[Rate]) -> go.Figure:
    """Horizontal bars with 95% intervals, the first on top, each with its two counts and its rate."""
    figure = go.Figure()
    for faint in (False, True):
        places = [place for place, rate in enumerate(rates) if rate.faint is faint]
        if places:
            _add_bars(figure, places, [rates[place] for place in places], faint)
    figure.update_layout(
        **plain_layout(height=bars_height(len(rates)), right=ROOM_FOR_RATES),
        bargap=0.45,
        barmode="overlay",
        xaxis=rate_axis(rates),
        yaxis=names_axis([_name_and_counts(rate) for rate in rates]),
        annotations=[
            {
                "text": _styled(formatting.percentage(rate.rate), FAINT if rate.faint else 1),
                "x": 1,
                "xref": "paper",
                "xanchor": "right",
                "xshift": ROOM_FOR_RATES - 8,
                "y": place,
                "showarrow": False,
                "font": {"size": 14},
            }
            for place, rate in enumerate(rates)
        ],
    )
    return figure


def bars_height(count: int) -> int:
    """How high so many bars are, in pixels."""
    return max(BAR_PIXELS * count + AXIS_PIXELS, BARS_PIXELS_LEAST)


def rate_over_time(rates: Sequence[Rate], beside: int = 0) -> go.Figure:
    """Rates over time with their 95% intervals, and under them how many leads each rests on.

    The rates' names are months, `2025-01`, weeks, `2025-W03`, or days, in order. The figure is at least as high as
    `beside`, in pixels.
    """
    periods = [rate.name for rate in rates]
    days = [formatting.first_day(period) for period in periods]
    figure = go.Figure()
    figure.add_scatter(**time_axis.line_between(periods, [rate.rate for rate in rates]))
    figure.add_scatter(
        x=days,
        y=[rate.rate for rate in rates],
        mode="markers",
        marker={
            "size": 8,
            "color": [palette.translucent(palette.LEADING, 0.35 if rate.faint else 1) for rate in rates],
        },
        error_y=_intervals(rates, palette.NEUTRAL, thickness=1.5),
        customdata=[_hover(formatting.month(rate.name), rate) for rate in rates],
        hovertemplate="%{customdata}<extra></extra>",
    )
    figure.add_bar(
        x=days,
        y=[rate.leads for rate in rates],
        width=time_axis.bar_width(periods),
        yaxis="y2",
        marker={"color": palette.translucent(palette.NEUTRAL, 0.45)},
        customdata=[f"{formatting.month(rate.name)}<br>{formatting.count(rate.leads)} leads" for rate in rates],
        hovertemplate="%{customdata}<extra></extra>",
    )
    axis = {"fixedrange": True, "zeroline": False, "automargin": True, **_DIM_TICKS}
    figure.update_layout(
        **plain_layout(height=max(LINE_PIXELS, beside)),
        xaxis={
            "type": "date",
            **time_axis.period_ticks(periods),
            "showgrid": False,
            "anchor": "y2",
            **axis,
        },
        yaxis={**rate_axis(rates, from_zero=False), "domain": [0.38, 0.92]},
        yaxis2={
            "domain": [0, 0.18],
            "nticks": 3,
            "rangemode": "tozero",
            "tickformat": "~s",
            **axis,
        },
        annotations=[panel_title("Conversion rate", 1), panel_title("Leads", 0.29)],
    )
    return figure


def rate_grid(
    rows: Sequence[str], columns: Sequence[str], cells: Mapping[tuple[int, int], Rate], beside: int = 0
) -> go.Figure:
    """A heat map of rates by row and column, each cell with its rate and n; cells of too few leads have no colour.

    `cells` maps (row, column) to a rate; a place without leads stays empty. Cells grow towards the height `beside`,
    in pixels.
    """
    solid = {place: rate for place, rate in cells.items() if not rate.faint}
    faint = {place: rate for place, rate in cells.items() if rate.faint}
    top = max((rate.rate for rate in solid.values()), default=0.0)
    figure = go.Figure()
    if solid:
        figure.add_heatmap(**_cells(rows, columns, solid), zmin=0, zmax=top or 1, textfont={"size": CELL_FONT})
    if faint:
        pale = palette.translucent(palette.NEUTRAL, 0.12)
        figure.add_heatmap(
            **_cells(rows, columns, faint),
            colorscale=[[0, pale], [1, pale]],
            textfont={"color": palette.FAINT_TEXT, "size": CELL_FONT},
        )
    _add_places_to_click(figure, cells)
    cell_height = max(CELL_PIXELS, min(CELL_PIXELS_MOST, (beside - HEADS_PIXELS) // max(1, len(rows))))
    figure.update_layout(
        **plain_layout(height=cell_height * len(rows) + HEADS_PIXELS),
        xaxis={
            **names_axis([_head(name, COLUMN_HEAD_LENGTH) for name in columns]),
            "range": [-0.5, len(columns) - 0.5],
            "side": "top",
            "tickangle": 0,
        },
        yaxis=names_axis([_head(name, ROW_HEAD_LENGTH) for name in rows]),
    )
    return figure


def grid_width(columns: int) -> int:
    """The least width in pixels at which a heat map of so many columns can be read."""
    return 80 + CELL_WIDTH * columns


def description(title: str, rates: Sequence[Rate]) -> str:
    """What a figure says, for readers who do not see it: plain text, a clause a rate, no longer than one listens to."""
    clauses = [
        f"{rate.name}: {formatting.percentage(rate.rate)}, {formatting.share(rate.conversions, rate.leads)}"
        for rate in rates[:RATES_TOLD]
    ]
    if len(rates) > RATES_TOLD:
        clauses.append(f"{len(rates) - RATES_TOLD} more are in the table")
    return f"{title}. {'; '.join(clauses)}."


_DIM_TICKS: Mapping[str, str] = {
    "tickprefix": f'<span style="color:currentColor;fill-opacity:{DIM}">',
    "ticksuffix": "</span>",
}


def dim_ticks() -> Mapping[str, str]:
    """What makes an axis' labels as dim as captions, in either theme."""
    return _DIM_TICKS


def plain_layout(height: int, right: int = 8) -> dict[str, Any]:
    """What `update_layout` of every figure is given: no legend, no dragging, hardly a margin."""
    return {
        # The figure is new: to set each property takes a quarter of the time in which Plotly merges what it is with it.
        "overwrite": True,
        "height": height,
        "margin": {"l": 4, "r": right, "t": 4, "b": 4},
        "showlegend": False,
        "hovermode": "closest",
        "dragmode": False,
        "hoverlabel": {"align": "left"},
    }


def rate_axis(rates: Sequence[Rate], from_zero: bool = True) -> dict[str, Any]:
    """An axis of rates in percent, with room for every interval that can be relied on."""
    top = _axis_end(rates)
    lowest = min((rate.low for rate in rates), default=0.0)
    return {
        "range": [0 if from_zero or lowest < top / 3 else 0.9 * lowest, top],
        "tickformat": "~%",
        "nticks": 4,
        "tickangle": 0,
        "zeroline": False,
        "fixedrange": True,
        "automargin": True,
        **_DIM_TICKS,
    }


def _axis_end(rates: Sequence[Rate]) -> float:
    """Room for every interval that can be relied on, and for the other rates, whose intervals may run out of it."""
    relied_on = [rate.high for rate in rates if not rate.faint]
    others = [rate.rate for rate in rates if rate.faint] if relied_on else [rate.high for rate in rates]
    return 1.05 * max([*relied_on, *others], default=1.0) or 1.0


def names_axis(names: Sequence[str]) -> dict[str, Any]:
    """An axis whose places are named by these labels, safe already, the first on top."""
    return {
        "tickvals": list(range(len(names))),
        "ticktext": list(names),
        "range": [len(names) - 0.5, -0.5],
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
        "automargin": True,
        "ticks": "",
        "ticklabelstandoff": 6,
        "tickfont": {"size": 13},
    }


def panel_title(text: str, top: float) -> dict[str, Any]:
    """A small heading within a figure, at this height of it; `text` is ours."""
    return {
        "text": _styled(text, DIM),
        "x": 0,
        "xref": "paper",
        "xanchor": "left",
        "y": top,
        "yref": "paper",
        "yanchor": "top",
        "showarrow": False,
        "font": {"size": 12},
    }


def _add_bars(figure: go.Figure, places: list[int], rates: list[Rate], faint: bool) -> None:
    figure.add_bar(
        x=[rate.rate for rate in rates],
        y=places,
        orientation="h",
        marker={"color": [palette.translucent(rate.colour, 0.2 if faint else 0.6) for rate in rates]},
        error_x=_intervals(rates, palette.INTERVAL_EDGE, thickness=4, faint=faint),
        customdata=[_hover(rate.name, rate) for rate in rates],
        hovertemplate="%{customdata}<extra></extra>",
    )
    figure.add_scatter(
        x=[rate.rate for rate in rates],
        y=places,
        mode="markers",
        marker={"size": 1, "opacity": 0},
        error_x=_intervals(rates, palette.INTERVAL, thickness=1.5, faint=faint),
        hoverinfo="skip",
    )


def _intervals(rates: Sequence[Rate], colour: str, thickness: float, faint: bool = False) -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [rate.high - rate.rate for rate in rates],
        "arrayminus": [rate.rate - rate.low for rate in rates],
        "color": palette.translucent(colour, 0.5) if faint else colour,
        "thickness": thickness,
        "width": 3,
    }


def _cells(rows: Sequence[str], columns: Sequence[str], cells: Mapping[tuple[int, int], Rate]) -> dict[str, Any]:
    rates = [[cells.get((row, column)) for column in range(len(columns))] for row in range(len(rows))]
    hovers = [[_hover(rate.name, rate) if rate else "" for rate in line] for line in rates]
    return {
        "x": list(range(len(columns))),
        "y": list(range(len(rows))),
        "z": [[rate.rate if rate else None for rate in line] for line in rates],
        "text": [[_cell_text(rate) if rate else "" for rate in line] for line in rates],
        "texttemplate": "%{text}",
        "customdata": hovers,
        "hovertemplate": "%{customdata}<extra></extra>",
        "hoverongaps": False,
        "showscale": False,
        "xgap": 3,
        "ygap": 3,
    }


def _add_places_to_click(figure: go.Figure, cells: Mapping[tuple[int, int], Rate]) -> None:
    """Marks that are not seen, one a cell in the order of `cells`: Plotly lets nobody select a heat map's cells."""
    unseen = {"marker": {"opacity": 0}}
    figure.add_scatter(
        x=[column for _, column in cells],
        y=[row for row, _ in cells],
        mode="markers",
        marker={"symbol": "square", "size": CELL_PIXELS - 6, "opacity": 0},
        selected=unseen,
        unselected=unseen,
        customdata=list(range(len(cells))),
        text=[_hover(rate.name, rate) for rate in cells.values()],
        hovertemplate="%{text}<extra></extra>",
    )


def _cell_text(rate: Rate) -> str:
    return f"{formatting.percentage(rate.rate)}<br>n {formatting.brief_count(rate.leads)}"


def _styled(text: str, opacity: float) -> str:
    """Text in the colour of the page around it, which changes with the theme; `text` is safe already."""
    return f'<span style="color:currentColor;fill-opacity:{opacity:g}">{text}</span>'


def page_coloured(text: str) -> str:
    """Text, safe already, in the colour of the page around the figure."""
    return _styled(text, 1)


def name_and_note(name: str, note: str) -> str:
    """A label of two lines: a name as text, and a smaller note of ours under it."""
    styled = _styled(plotly_text(formatting.shortened(name, NAME_LENGTH)), 1)
    return f'{styled}<br><span style="color:currentColor;fill-opacity:{DIM};font-size:0.85em">{note}</span>'


def _name_and_counts(rate: Rate) -> str:
    name = _styled(plotly_text(formatting.shortened(rate.name, NAME_LENGTH)), FAINT if rate.faint else 1)
    counts = formatting.share(rate.conversions, rate.leads)
    return f'{name}<br><span style="color:currentColor;fill-opacity:{DIM};font-size:0.85em">{counts}</span>'


def _head(name: str, length: int) -> str:
    """A name on at most two lines of so many characters."""
    lines = textwrap.wrap(name, length, max_lines=2, placeholder="…") or [""]
    if lines[-1] == "…":  # one long word: cut it instead
        lines = [formatting.shortened(name, length)]
    return "<br>".join(_styled(plotly_text(line), 1) for line in lines)


def _hover(name: str, rate: Rate) -> str:
    lines = [
        f"<b>{plotly_text(formatting.shortened(name, 80))}</b>",
        f"{formatting.percentage(rate.rate)} converted ({formatting.interval(rate.low, rate.high)})",
        f"{formatting.share(rate.conversions, rate.leads)} leads",
    ]
    if rate.remark:
        lines.append(rate.remark)
    elif rate.faint:
        lines.append("Too few leads to rely on")
    return "<br>".join(lines)
