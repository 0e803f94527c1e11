"""The figures of the page Lake: pure functions from counts to a Plotly figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from app import palette
from app.escaping import plotly_text

HEIGHT = 260


def landed_lines(days: pd.DataFrame, labels: Mapping[str, str], streams: Sequence[str]) -> go.Figure:
    """Lines that landed by day, a bar of each day split by stream.

    `days` has the columns `landed_on`, `stream`, `lines_read`; streams are stacked in their declared order.
    """
    figure = go.Figure()
    for number, stream in enumerate(streams):
        of_stream = days[days["stream"] == stream]
        if of_stream.empty:
            continue
        figure.add_bar(
            name=plotly_text(labels.get(stream, stream)),
            x=of_stream["landed_on"],
            y=of_stream["lines_read"],
            marker={"color": palette.CATEGORIES[number % len(palette.CATEGORIES)]},
            hovertemplate="%{x|%Y-%m-%d}<br>%{y:,} lines<extra>%{fullData.name}</extra>",
        )
    figure.update_layout(
        height=HEIGHT,
        barmode="stack",
        bargap=0.2,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "y": 1.12, "x": 0},
        xaxis={"type": "date", "tickformat": "%Y-%m-%d", "nticks": 8, "automargin": True, "fixedrange": True},
        yaxis={"title": {"text": "Lines"}, "automargin": True, "rangemode": "tozero", "fixedrange": True},
    )
    return figure
