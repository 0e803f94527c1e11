"""The figure of a rule's checks: its value over time, the threshold, and which checks were too much."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from app import formatting, palette
from app.charts import parts as chart_parts
from monitoring.alerts.metrics import Unit, in_unit
from monitoring.alerts.records import Check

HEIGHT = 220
TOO_MUCH = palette.CATEGORIES[7]


def checks_figure(checks: Sequence[Check], unit: Unit, threshold: float | None) -> go.Figure:
    """The values of a rule's checks in their order; checks without a value leave a gap."""
    figure = go.Figure()
    moments = [check.at for check in checks]
    figure.add_scatter(
        x=moments,
        y=[check.value for check in checks],
        mode="lines+markers",
        line={"color": palette.LEADING, "width": 2},
        marker={"size": [9 if check.breached else 5 for check in checks], "color": _colours(checks)},
        customdata=[[_value(check, unit), _verdict(check), formatting.moment(check.at)] for check in checks],
        hovertemplate="%{customdata[2]}<br>%{customdata[0]}<br>%{customdata[1]}<extra></extra>",
    )
    if threshold is not None and moments:
        figure.add_scatter(
            x=[moments[0], moments[-1]],
            y=[threshold, threshold],
            mode="lines",
            line={"color": palette.NEUTRAL, "width": 1, "dash": "dash"},
            hoverinfo="skip",
        )
    figure.update_layout(
        **chart_parts.layout(HEIGHT),
        xaxis={**chart_parts.axis(""), "type": "date", "nticks": 6},
        yaxis={**chart_parts.axis("~%" if unit == "share" else ""), "rangemode": "tozero"},
    )
    return figure


def _colours(checks: Sequence[Check]) -> list[str]:
    return [TOO_MUCH if check.breached else palette.LEADING for check in checks]


def _value(check: Check, unit: Unit) -> str:
    """The value; a share in three digits, however small it is."""
    if unit == "share" and check.value is not None:
        return formatting.close_percentage(check.value)
    return in_unit(check.value, unit)


def _verdict(check: Check) -> str:
    return {True: "too much", False: "as it should be", None: "nothing to judge"}[check.breached]
