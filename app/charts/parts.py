"""Parts that the figures of scores share: layout, axes, notes, and the mark of what is read off a curve."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from app import palette
from app.charts import rates as rate_charts

CURVE_PIXELS = 330


def layout(height: int) -> dict[str, Any]:
    """What all these figures share: no legend, no dragging, a margin for the labels."""
    return {
        "height": height,
        "margin": {"l": 4, "r": 8, "t": 4, "b": 4},
        "showlegend": False,
        "hovermode": "closest",
        "dragmode": False,
        "hoverlabel": {"align": "left"},
        "barmode": "overlay",
    }


def axis(tick_format: str) -> dict[str, Any]:
    """An axis whose labels take the colour of the page around them."""
    return {
        "tickformat": tick_format,
        "zeroline": False,
        "fixedrange": True,
        "automargin": True,
        "tickangle": 0,
        "tickprefix": f'<span style="color:currentColor;fill-opacity:{rate_charts.DIM}">',
        "ticksuffix": "</span>",
    }


def axis_title(text: str) -> dict[str, Any]:
    """Words of ours below an axis."""
    return {"text": dim(text), "font": {"size": 12}, "standoff": 6}


def dim(text: str) -> str:
    """Words of ours, or text made safe, in the dimmed colour of the page."""
    return f'<span style="color:currentColor;fill-opacity:{rate_charts.DIM}">{text}</span>'


def note(text: str, x: float, y: float, anchor: str) -> dict[str, Any]:
    """A line of words of ours, or of text made safe, in a figure's corner."""
    return {
        "text": dim(text),
        "x": x,
        "xref": "paper",
        "xanchor": "left",
        "y": y,
        "yref": "paper",
        "yanchor": anchor,
        "showarrow": False,
        "font": {"size": 12},
    }


def add_mark(figure: go.Figure, x: float, y: float, above: float, below: float) -> None:
    """A diamond with its 95% interval: what is read off a curve."""
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
