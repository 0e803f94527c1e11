"""Figures of models: calibration, lift, importances, and two versions beside each other; pure functions of values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app import formatting, palette
from app.charts.rates import Rate
from app.escaping import plotly_text
from training.comparison.outcome import BandCell, CalibrationBin, ScoreCount

FIRST, SECOND = palette.CATEGORIES[1], palette.CATEGORIES[0]
HEIGHT = 300
BAR_PIXELS = 30
NAME_LENGTH = 26
VALUE_LENGTH = 14
DIM = 0.72


@dataclass(frozen=True)
class Curve:
    """A version's calibration: its name, its colour, and its bins."""

    name: str
    colour: str
    bins: Sequence[CalibrationBin]


def calibration_curves(curves: Sequence[Curve]) -> go.Figure:
    """Observed over predicted conversion with 95% Wilson intervals; on the diagonal a model is right."""
    top = 1.05 * max(
        (max(each.predicted, each.observed.rate or 0) for curve in curves for each in curve.bins), default=1.0
    )
    figure = go.Figure()
    figure.add_scatter(
        x=[0, top], y=[0, top], mode="lines", line={"color": palette.NEUTRAL, "dash": "dot", "width": 1.5},
        hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    for curve in curves:
        told = [each for each in curve.bins if each.observed.rate is not None]
        figure.add_scatter(
            name=plotly_text(curve.name),
            x=[each.predicted for each in told],
            y=[each.observed.rate for each in told],
            mode="lines+markers",
            line={"color": curve.colour, "width": 1.5},
            marker={"color": curve.colour, "size": 8},
            error_y=_intervals(told, palette.translucent(curve.colour, 0.5)),
            customdata=[_bin_hover(curve.name, each) for each in told],
            hovertemplate="%{customdata}<extra></extra>",
        )
    axis = {**_axis(), "range": [0, top], "tickformat": ".0%", "nticks": 5}
    figure.update_layout(
        **_layout(HEIGHT, legend=len(curves) > 1),
        xaxis={**axis, "title": _title("Predicted")},
        yaxis={**axis, "title": _title("Observed")},
    )
    return figure


def score_distributions(scores: Sequence[ScoreCount], names: tuple[str, str]) -> go.Figure:
    """How many leads have which scores under both versions; scores that nobody has at either end are left out."""
    shown = _without_empty_ends(scores)
    figure = go.Figure()
    for name, colour, counts in (
        (names[0], FIRST, [bar.first for bar in shown]),
        (names[1], SECOND, [bar.second for bar in shown]),
    ):
        figure.add_bar(
            name=plotly_text(name),
            x=list(range(len(shown))),
            y=counts,
            marker={"color": palette.translucent(colour, 0.75)},
            customdata=[
                f"<b>{plotly_text(name)}</b><br>Score {bar.lowest} to {bar.highest}: {formatting.count(count)} leads"
                for bar, count in zip(shown, counts, strict=True)
            ],
            hovertemplate="%{customdata}<extra></extra>",
        )
    figure.update_layout(
        **_layout(HEIGHT, legend=True),
        barmode="group",
        bargap=0.25,
        xaxis={
            **_axis(),
            "tickvals": list(range(len(shown))),
            "ticktext": [str(bar.lowest) for bar in shown],
            "tickangle": 0,
            "showgrid": False,
            "title": _title("Score, from"),
        },
        yaxis={**_axis(), "nticks": 4, "title": _title("Leads")},
    )
    return figure


def lift_bars(lift: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Of all conversions, what the highest tenths of the leads gather; the dots say what chance would."""
    figure = go.Figure()
    figure.add_bar(
        x=[row["share"] for row in lift],
        y=[row["capture"] for row in lift],
        marker={"color": palette.translucent(SECOND, 0.6)},
        customdata=[
            f"The highest {formatting.whole_percentage(row['share'])} of the leads<br>"
            f"gather {formatting.percentage(row['capture'])} of the conversions,<br>"
            f"{formatting.figure(row['lift'], 2)} times what chance would"
            for row in lift
        ],
        hovertemplate="%{customdata}<extra></extra>",
    )
    figure.add_scatter(
        x=[row["share"] for row in lift],
        y=[row["share"] for row in lift],
        mode="lines+markers",
        line={"color": palette.NEUTRAL, "dash": "dot", "width": 1.5},
        marker={"size": 4},
        hoverinfo="skip",
    )
    figure.update_layout(
        **_layout(HEIGHT, legend=False),
        bargap=0.3,
        xaxis={**_axis(), "tickformat": ".0%", "dtick": 0.2, "showgrid": False, "title": _title("Highest leads")},
        yaxis={**_axis(), "tickformat": ".0%", "range": [0, 1.02], "nticks": 5, "title": _title("Conversions")},
    )
    return figure


def importance_bars(importances: Sequence[Mapping[str, Any]], most: int = 10) -> go.Figure:
    """The features that matter most, by what average precision loses without each; lines are the spread."""
    shown = list(importances[:most])
    figure = go.Figure()
    figure.add_bar(
        x=[each["loss"] for each in shown],
        y=list(range(len(shown))),
        orientation="h",
        marker={"color": palette.translucent(SECOND, 0.6)},
        error_x={
            "type": "data",
            "array": [each["spread"] for each in shown],
            "color": palette.NEUTRAL,
            "thickness": 1.5,
            "width": 3,
        },
        customdata=[
            f"<b>{plotly_text(each['feature'])}</b><br>{formatting.figure(each['loss'], 4)} of average precision, "
            f"± {formatting.figure(each['spread'], 4)}"
            for each in shown
        ],
        hovertemplate="%{customdata}<extra></extra>",
    )
    names = [plotly_text(formatting.shortened(each["feature"], NAME_LENGTH)) for each in shown]
    figure.update_layout(
        **_layout(max(HEIGHT, BAR_PIXELS * len(shown) + 40), legend=False),
        bargap=0.4,
        xaxis={**_axis(), "nticks": 4, "tickangle": 0, "title": _title("Average precision lost without it")},
        yaxis={
            **_axis(),
            "tickvals": list(range(len(shown))),
            "ticktext": names,
            "range": [len(shown) - 0.5, -0.5],
            "showgrid": False,
        },
    )
    return figure


def factor_bars(factors: pd.DataFrame) -> go.Figure:
    """The features that move a score, from the most up to the most down, with the lead's values.

    `factors` has `feature`, `value` and `contribution`, a part in the log-odds.
    """
    figure = go.Figure()
    told = list(zip(factors["feature"], factors["value"], factors["contribution"], strict=True))
    figure.add_bar(
        x=[part for _, _, part in told],
        y=list(range(len(told))),
        orientation="h",
        marker={"color": [palette.translucent(SECOND if part > 0 else FIRST, 0.6) for _, _, part in told]},
        text=[formatting.signed(part, 2) for _, _, part in told],
        textposition="outside",
        cliponaxis=False,
        customdata=[
            f"<b>{plotly_text(feature)}</b> = {plotly_text(formatting.shortened(value, 60))}"
            f"<br>{formatting.signed(part, 3)} log-odds"
            for feature, value, part in told
        ],
        hovertemplate="%{customdata}<extra></extra>",
    )
    names = [
        plotly_text(f"{formatting.shortened(feature, NAME_LENGTH)} = {formatting.shortened(value, VALUE_LENGTH)}")
        for feature, value, _ in told
    ]
    furthest = max((abs(part) for _, _, part in told), default=1.0) * 1.25
    figure.update_layout(
        **_layout(max(HEIGHT, BAR_PIXELS * len(told) + 40), legend=False),
        bargap=0.4,
        xaxis={
            **_axis(),
            "range": [-furthest, furthest],
            "nticks": 5,
            "tickangle": 0,
            "zeroline": True,
            "zerolinecolor": palette.NEUTRAL,
            "title": _title("Part in the log-odds: down to the left, up to the right"),
        },
        yaxis={
            **_axis(),
            "tickvals": list(range(len(told))),
            "ticktext": names,
            "range": [len(told) - 0.5, -0.5],
            "showgrid": False,
        },
    )
    return figure


def matrix_cells(matrix: Sequence[BandCell], bands: Sequence[str], minimum_cell: int) -> dict[tuple[int, int], Rate]:
    """A band × band matrix as `app.charts.rate_grid` takes it, pairs without leads left out."""
    return {
        (bands.index(cell.first_band), bands.index(cell.second_band)): Rate(
            f"{cell.first_band} → {cell.second_band}",
            cell.counted.leads,
            cell.counted.conversions,
            cell.counted.rate,
            cell.counted.low,
            cell.counted.high,
            SECOND,
            cell.counted.leads < minimum_cell,
        )
        for cell in matrix
        if cell.counted.rate is not None
    }


def _without_empty_ends(scores: Sequence[ScoreCount]) -> Sequence[ScoreCount]:
    held = [place for place, bar in enumerate(scores) if bar.first or bar.second]
    return scores[held[0] : held[-1] + 1] if held else scores


def _bin_hover(name: str, each: CalibrationBin) -> str:
    observed = each.observed
    return (
        f"<b>{plotly_text(name)}</b><br>Predicted {formatting.percentage(each.predicted)}<br>Observed "
        f"{formatting.percentage(observed.rate or 0)} ({formatting.interval(observed.low, observed.high)})<br>"
        f"{formatting.share(observed.conversions, observed.leads)} leads"
    )


def _intervals(bins: Sequence[CalibrationBin], colour: str) -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [each.observed.high - (each.observed.rate or 0) for each in bins],
        "arrayminus": [(each.observed.rate or 0) - each.observed.low for each in bins],
        "color": colour,
        "thickness": 1.5,
        "width": 0,
    }


def _layout(height: int, *, legend: bool) -> dict[str, Any]:
    return {
        "height": height,
        "margin": {"l": 4, "r": 8, "t": 28 if legend else 4, "b": 4},
        "showlegend": legend,
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": 1.02,
            "yanchor": "bottom",
            "itemclick": False,
            "itemdoubleclick": False,
        },
        "hovermode": "closest",
        "dragmode": False,
        "hoverlabel": {"align": "left"},
    }


def _axis() -> dict[str, Any]:
    return {
        "zeroline": False,
        "fixedrange": True,
        "automargin": True,
        "tickprefix": f'<span style="color:currentColor;fill-opacity:{DIM}">',
        "ticksuffix": "</span>",
    }


def _title(text: str) -> dict[str, Any]:
    return {
        "text": f'<span style="color:currentColor;fill-opacity:{DIM}">{text}</span>',
        "font": {"size": 12},
        "standoff": 6,
    }
