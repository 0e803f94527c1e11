"""The digest's charts as pictures (PNG): matplotlib draws them without a screen and without any global state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from lake_access.conversion import ConversionRow
from lake_access.intervals import wilson_interval
from monitoring.colours import CATEGORIES, NEUTRAL
from monitoring.digest.figures import ColumnMove, WeekOfLeads

LEADING = CATEGORIES[0]
_TEXT, _GRID = "#1d2433", "#d8dde6"
_WIDTH, _DPI, _MOST_COLUMNS = 6.4, 150, 12


def weeks_picture(weeks: Sequence[WeekOfLeads]) -> bytes:
    """Leads by week, and the conversion rate of weeks whose leads are all mature, with its 95% interval."""
    figure, (above, below) = _figure(4.2, 2)
    days = [week.week for week in weeks]
    above.bar(days, [week.leads for week in weeks], width=5, color=NEUTRAL)
    above.set_ylabel("leads")
    mature = [week for week in weeks if week.mature]
    if mature:
        rates = [100 * week.conversions / week.mature for week in mature]
        bounds = [wilson_interval(week.conversions, week.mature) for week in mature]
        whole = [week.week for week in mature]
        below.fill_between(
            whole, [100 * low for low, _ in bounds], [100 * high for _, high in bounds], color=LEADING, alpha=0.2, lw=0
        )
        below.plot(whole, rates, color=LEADING, marker="o", markersize=3)
        below.set_ylim(bottom=0)
    below.set_ylabel("conversion, %")
    below.set_xlim(above.get_xlim())
    above.tick_params(labelbottom=False)
    below.tick_params(axis="x", rotation=30)
    return _png(figure)


def sources_picture(rows: Sequence[ConversionRow], labels: Mapping[str, str], colours: Mapping[str, str]) -> bytes:
    """Conversion by source, with 95% intervals and how many leads each is over."""
    figure, (axes,) = _figure(0.9 + 0.42 * max(len(rows), 1), 1)
    shown = list(rows)[::-1]
    for place, row in enumerate(shown):
        source = row.keys["source"]
        axes.barh(place, 100 * row.rate, color=colours.get(source, NEUTRAL), height=0.6)
        axes.plot([100 * row.low, 100 * row.high], [place, place], color=_TEXT, lw=1.2)
    names = [f"{_plain(labels.get(row.keys['source'], row.keys['source']))}  (n = {row.leads:,})" for row in shown]
    axes.set_yticks(range(len(shown)), names)
    axes.set_xlabel("conversion, %")
    axes.set_xlim(left=0)
    axes.grid(axis="y", visible=False)
    return _png(figure)


def drift_picture(moves: Sequence[ColumnMove]) -> bytes:
    """How far the columns that moved most did, by their population stability index."""
    shown = list(moves)[:_MOST_COLUMNS][::-1]
    figure, (axes,) = _figure(0.9 + 0.3 * max(len(shown), 1), 1)
    colours = [LEADING if move.drifted else NEUTRAL for move in shown]
    axes.barh(range(len(shown)), [move.psi for move in shown], color=colours, height=0.6)
    names = [f"{_plain(move.column)}{' *' if move.beyond_chance else ''}" for move in shown]
    axes.set_yticks(range(len(shown)), names)
    axes.set_xlabel("PSI (blue: drifted; *: beyond chance)")
    axes.grid(axis="y", visible=False)
    return _png(figure)


def _figure(height: float, rows: int) -> tuple[Figure, list[Any]]:
    figure = Figure(figsize=(_WIDTH, height), dpi=_DPI, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    axes = [figure.add_subplot(rows, 1, place + 1) for place in range(rows)]
    for one in axes:
        one.spines[["top", "right"]].set_visible(False)
        one.spines[["left", "bottom"]].set_color(_GRID)
        one.tick_params(colors=_TEXT, labelsize=8)
        one.yaxis.label.set_fontsize(8)
        one.xaxis.label.set_fontsize(8)
        one.grid(visible=True, color=_GRID, lw=0.6)
        one.set_axisbelow(True)
    return figure, axes


def _plain(text: str, length: int = 28) -> str:
    """A name as matplotlib draws it as it is: it would take what stands between dollars for mathematics."""
    line = " ".join(text.split())
    shortened = line if len(line) <= length else f"{line[: length - 1]}…"
    return shortened.replace("$", r"\$")


def _png(figure: Figure) -> bytes:
    written = BytesIO()
    figure.savefig(written, format="png", metadata={"Software": None})
    return written.getvalue()
