"""The figures of the page Lake: pure functions from counts to a Plotly figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from app import palette
from app.escaping import plotly_text

HEIGHT = 260
# A lake that is young has its few days stand as bars at the right, and not as walls from edge to edge.
DAYS_LEAST = 14
# Of a day; without it Plotly makes bars as wide as the least gap between two days, be it a month or nothing.
BAR_MILLISECONDS = 0.8 * 24 * 60 * 60 * 1000


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
            width=BAR_MILLISECONDS,
            marker={"color": palette.CATEGORIES[number % len(palette.CATEGORIES)]},
            hovertemplate="%{x|%Y-%m-%d}<br>%{y:,} lines<extra>%{fullData.name}</extra>",
        )
    figure.update_layout(
        height=HEIGHT,
        barmode="stack",
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        # From its lower edge upwards: on a narrow screen it takes more lines, and would hide the tops of bars.
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.04, "x": 0},
        xaxis={
            "type": "date",
            "tickformat": "%-d %b\n%Y",
            "tickangle": 0,
            "nticks": 6,
            "range": _range(days),
            "automargin": True,
            "fixedrange": True,
        },
        yaxis={"title": {"text": "Lines"}, "automargin": True, "rangemode": "tozero", "fixedrange": True},
    )
    return figure


def _range(days: pd.DataFrame) -> list[str] | None:
    """From half a day before the first day to half a day after the last, `DAYS_LEAST` at least."""
    if days.empty:
        return None
    landed, half = pd.to_datetime(days["landed_on"]), pd.Timedelta(hours=12)
    first = min(landed.min(), landed.max() - pd.Timedelta(days=DAYS_LEAST - 1))
    return [(first - half).isoformat(), (landed.max() + half).isoformat()]
