"""The figure of one lead: its scores over time, and under them what happened to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import plotly.graph_objects as go

from app import formatting, palette
from app.charts import rates as rate_charts
from app.escaping import plotly_text
from lake_access.lead_history import Kind, LeadEvent, LeadHistory, LeadScore

TIMELINE_PIXELS, LANES_PIXELS = 380, 170  # with scores, and where there is none to draw
# Ticks less than a day apart say the hour, those less than a minute apart the second too; milliseconds.
_MINUTE, _DAY = 60_000, 86_400_000
TICK_FORMATS: tuple[dict[str, Any], ...] = (
    {"dtickrange": [None, _MINUTE - 1], "value": "%H:%M:%S\n%-d %b %Y"},
    {"dtickrange": [_MINUTE, _DAY - 1], "value": "%H:%M\n%-d %b %Y"},
    {"dtickrange": [_DAY, None], "value": "%-d %b\n%Y"},
)
SHORTEST_SPAN = timedelta(hours=2)  # of the axis of time
NAME_LENGTH = 24
# The lanes of what happened, from top to bottom, each with a sign and a colour of its own.
LANES: Mapping[Kind, tuple[str, str, str]] = {
    "touch": ("Touch", "circle", palette.CATEGORIES[0]),
    "sales": ("Sales", "square", palette.CATEGORIES[1]),
    "outcome": ("Outcome", "star", palette.CATEGORIES[7]),
}


def timeline(history: LeadHistory) -> go.Figure:
    """The rules' score as steps, each model version's scores as marks, and the events in lanes below.

    A lead without any score has the lanes alone.
    """
    figure = go.Figure()
    told = _scored_by_rules(history)
    scored = bool(told or history.scores)
    if told:
        figure.add_scatter(
            x=[event.occurred_at for event in told],
            y=[event.rule_score for event in told],
            mode="lines+markers",  # a line within one moment is none
            name="Rules",
            line={"shape": "hv", "color": palette.NEUTRAL, "width": 2},
            marker={"size": 6},
            customdata=[_event_hover(event) for event in told],
            hovertemplate="%{customdata}<extra></extra>",
        )
    for place, version in enumerate(dict.fromkeys((score.version, score.mode) for score in history.scores)):
        scores = [score for score in history.scores if (score.version, score.mode) == version]
        figure.add_scatter(
            x=[score.scored_at for score in scores],
            y=[score.score for score in scores],
            mode="lines+markers",
            name=_version_name(*version),
            line={"color": palette.CATEGORIES[place % len(palette.CATEGORIES)], "width": 1, "dash": "dot"},
            marker={"size": 10, "symbol": ("diamond", "triangle-up", "cross", "x")[place % 4]},
            customdata=[_score_hover(score) for score in scores],
            hovertemplate="%{customdata}<extra></extra>",
        )
    _add_lanes(figure, history)
    axis: dict[str, Any] = {
        "zeroline": False,
        "fixedrange": True,
        "automargin": True,
        "tickangle": 0,
        "tickprefix": f'<span style="color:currentColor;fill-opacity:{rate_charts.DIM}">',
        "ticksuffix": "</span>",
    }
    lanes = [name for name, _, _ in LANES.values()]
    figure.update_layout(
        height=TIMELINE_PIXELS if scored else LANES_PIXELS,
        margin={"l": 4, "r": 8, "t": 4, "b": 4},
        showlegend=True,
        legend={
            "orientation": "h",
            "x": 0,
            "y": 1.0,
            "yanchor": "bottom",
            "itemclick": False,
            "itemdoubleclick": False,
        },
        hovermode="closest",
        dragmode=False,
        hoverlabel={"align": "left"},
        xaxis={
            **axis,
            "type": "date",
            "showgrid": False,
            "anchor": "y2",
            "nticks": 7,
            "tickformatstops": TICK_FORMATS,
            "range": _least_range(history),
        },
        yaxis={**axis, "range": [-4, 104], "domain": [0.38, 1], "dtick": 25, "visible": scored},
        yaxis2={
            **axis,
            "domain": [0, 0.26 if scored else 1],
            "range": [len(lanes) - 0.5, -0.5],
            "tickvals": list(range(len(lanes))),
            "ticktext": lanes,
        },
    )
    return figure


def timeline_note(history: LeadHistory) -> str:
    """What of it is drawn."""
    told = _scored_by_rules(history)
    parts = []
    if told:
        parts.append(f"{'Dots and line' if len(told) > 1 else 'Dot'}: the score by the rules after each event.")
    if history.scores:
        parts.append("Larger marks: scores by model versions.")
    if not parts:
        parts.append("This lead has no score to draw: what happened to it.")
    return " ".join([*parts, "UTC."])


def _scored_by_rules(history: LeadHistory) -> list[LeadEvent]:
    return [event for event in history.events if event.rule_score is not None]


def _least_range(history: LeadHistory) -> list[datetime] | None:
    """The ends of the axis where all happened at nearly the same time; None where Plotly finds them well by itself."""
    moments = [event.occurred_at for event in history.events] + [score.scored_at for score in history.scores]
    if not moments or max(moments) - min(moments) >= SHORTEST_SPAN:
        return None
    middle = min(moments) + (max(moments) - min(moments)) / 2
    return [middle - SHORTEST_SPAN / 2, middle + SHORTEST_SPAN / 2]


def _add_lanes(figure: go.Figure, history: LeadHistory) -> None:
    for lane, (kind, (name, symbol, colour)) in enumerate(LANES.items()):
        events = [event for event in history.events if event.kind == kind]
        if events:
            figure.add_scatter(
                x=[event.occurred_at for event in events],
                y=[lane] * len(events),
                yaxis="y2",
                mode="markers",
                name=name,
                showlegend=False,
                marker={"size": 10, "symbol": symbol, "color": palette.translucent(colour, 0.75)},
                customdata=[_event_hover(event) for event in events],
                hovertemplate="%{customdata}<extra></extra>",
            )


def _version_name(version: str, mode: str) -> str:
    name = f"Version {plotly_text(formatting.shortened(version, NAME_LENGTH))}"
    return name if mode == "online" else f"{name}, {plotly_text(mode)}"


def _event_hover(event: LeadEvent) -> str:
    lines = [f"<b>{plotly_text(formatting.shortened(event.event_type, 40))}</b>", _at(event.occurred_at)]
    if event.points is not None:
        lines.append(f"{event.points:+d} points by the rules, then {event.rule_score}")
    return "<br>".join(lines)


def _score_hover(score: LeadScore) -> str:
    version = plotly_text(formatting.shortened(score.version, 40))
    return f"<b>{score.score}</b> by version {version}<br>{_at(score.scored_at)}"


def _at(moment: datetime) -> str:
    return formatting.moment(moment)
