"""What the page Explore draws of a result: a frame that can be shown, and which of its columns make a chart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pyarrow as pa

from app import formatting, palette
from app.escaping import plotly_text
from lake_access.errors import QueryRefusedError
from lake_access.export import flat

Kind = Literal["Bars", "Line", "Points"]
KINDS: Final[tuple[Kind, ...]] = ("Bars", "Line", "Points")
MOST_MARKS: Final = 2_000
NAME_LENGTH: Final = 40
HEIGHT: Final = 380

KINDS_OF_TYPES: Final[Mapping[str, str]] = {
    "VARCHAR": "text",
    "BIGINT": "whole number",
    "INTEGER": "whole number",
    "HUGEINT": "whole number",
    "DOUBLE": "number",
    "BOOLEAN": "true or false",
    "DATE": "day",
    "TIMESTAMP WITH TIME ZONE": "moment",
    "UUID": "id",
}

EXAMPLES: Final[tuple[tuple[str, str], ...]] = (
    (
        "Conversion by source and band of mature leads",
        """SELECT source, band, sum(leads) AS leads, sum(conversions) AS conversions,
       round(sum(conversions) / sum(leads), 4) AS rate
FROM marts.leads_by_source
WHERE mature
GROUP BY source, band
ORDER BY source, rate DESC""",
    ),
    (
        "New leads a week by source",
        """SELECT date_trunc('week', created_on)::DATE AS week, source, sum(leads) AS leads
FROM marts.leads_by_source
GROUP BY ALL
ORDER BY week, source""",
    ),
    (
        "How long it takes to convert, by source",
        """SELECT source, count(*) AS customers,
       median(date_diff('day', created_at, converted_at)) AS median_days,
       quantile_cont(date_diff('day', created_at, converted_at), 0.9) AS days_of_nine_in_ten
FROM curated.leads
WHERE converted
GROUP BY source
ORDER BY median_days""",
    ),
    (
        "Score and outcome by model version",
        """SELECT model_version, width_bucket AS tenth, count(*) AS leads,
       round(avg(converted::INTEGER), 4) AS rate
FROM (
    SELECT model_version, converted, least(model_score // 10, 9) AS width_bucket
    FROM curated.leads
    WHERE mature AND model_score IS NOT NULL
)
GROUP BY ALL
ORDER BY model_version, tenth""",
    ),
    (
        "Hot leads that sales has not contacted",
        """SELECT lead_id, source, location, final_score, created_at
FROM curated.leads
WHERE final_score >= 70 AND sales_actions = 0 AND NOT converted
ORDER BY final_score DESC, created_at DESC""",
    ),
    (
        "Why lines were refused",
        """SELECT stream, reason, count(*) AS lines, max(seen_at) AS last_seen
FROM curated.quarantine
GROUP BY ALL
ORDER BY lines DESC""",
    ),
    (
        "Touches before a conversion",
        """SELECT touches, count(*) AS leads, count(*) FILTER (converted) AS conversions
FROM (
    SELECT lead_id, any_value(l.converted) AS converted, count(*) AS touches
    FROM curated.events AS e
    JOIN curated.leads AS l USING (lead_id)
    WHERE e.stream IN ('roadshow', 'webinar', 'online') AND l.mature
    GROUP BY lead_id
)
GROUP BY touches
ORDER BY touches""",
    ),
)


def kind_of_type(name: str) -> str:
    """What a column of this type of DuckDB holds, in a word or two; the type itself where it has no word here."""
    return KINDS_OF_TYPES.get(name, name.lower())


@dataclass(frozen=True)
class Axes:
    """Which columns can be drawn: those across, those up (numbers), and a first choice of both."""

    across: tuple[str, ...]
    up: tuple[str, ...]
    first_across: str
    first_up: str
    kind: Kind


def shown(table: pa.Table) -> pd.DataFrame:
    """The result as a table on screen shows it: ids and nested values as text, decimals as numbers.

    Raises:
        QueryRefusedError: a day or a moment in it is none that can be shown.
    """
    columns = [
        column.cast(pa.float64()) if pa.types.is_decimal(column.type) else column for column in table.itercolumns()
    ]
    try:
        frame: pd.DataFrame = flat(pa.table(columns, names=_distinct(table.column_names))).to_pandas()
    except (ValueError, OverflowError) as exc:
        raise QueryRefusedError(
            "the result holds a day or a moment that a table cannot show, as infinity; cast that column to VARCHAR."
        ) from exc
    return frame


def axes_of(frame: pd.DataFrame) -> Axes | None:
    """What could be drawn of a result; None where it has no number, or a single column."""
    numbers = [name for name in frame.columns if _is_number(frame[name])]
    if not numbers or len(frame.columns) < 2 or frame.empty:
        return None
    others = [name for name in frame.columns if name not in numbers]
    across = others[0] if others else numbers[0]
    up = next(name for name in reversed(numbers) if name != across)
    is_time = pd.api.types.is_datetime64_any_dtype(frame[across]) or _holds_days(frame[across])
    kind: Kind = "Line" if is_time else "Bars" if others else "Points"
    return Axes(tuple(frame.columns), tuple(numbers), across, up, kind)


def figure(frame: pd.DataFrame, across: str, up: str, kind: Kind, by: str | None = None) -> go.Figure:
    """The first rows of a result as bars, a line or points; `by` tells series apart by another column's values."""
    drawn = frame.head(MOST_MARKS)
    groups = [("", drawn)] if by is None else _series(drawn, by)
    result = go.Figure()
    for number, (name, part) in enumerate(groups):
        colour = palette.NEUTRAL if by is None else palette.CATEGORIES[number % len(palette.CATEGORIES)]
        places = [_place(value) for value in part[across]]
        named = {"name": plotly_text(name[:NAME_LENGTH]), "x": places, "y": part[up]}
        hover = {"hovertemplate": "%{x}<br>%{y:,}<extra>%{fullData.name}</extra>"}
        if kind == "Bars":
            result.add_bar(**named, **hover, marker={"color": colour})
        else:
            mode = "lines+markers" if kind == "Line" else "markers"
            result.add_scatter(**named, **hover, mode=mode, marker={"color": colour, "size": 6}, line={"color": colour})
    text_axis = not (_is_number(frame[across]) or pd.api.types.is_datetime64_any_dtype(frame[across]))
    result.update_layout(
        height=HEIGHT,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        showlegend=by is not None,
        legend={"orientation": "h", "y": 1.08, "x": 0},
        xaxis={
            "title": {"text": plotly_text(across[:NAME_LENGTH])},
            "automargin": True,
            **({"type": "category"} if text_axis and not _holds_days(frame[across]) else {}),
        },
        yaxis={"title": {"text": plotly_text(up[:NAME_LENGTH])}, "automargin": True, "rangemode": "tozero"},
    )
    return result


def _series(frame: pd.DataFrame, by: str) -> list[tuple[str, pd.DataFrame]]:
    """The rows by a column's values, those with the most rows first; no more than there are colours."""
    common = frame[by].astype(str).value_counts().index[: len(palette.CATEGORIES)]
    return [(str(name), frame[frame[by].astype(str) == name]) for name in common]


def sentence(rows: int, truncated: bool, seconds: float, limit: int) -> str:
    """How much of a result is on screen, and how long it took."""
    took = formatting.query_time(seconds)
    if truncated:
        return f"The first {formatting.count(limit)} rows are shown, there are more; a download has them. {took}."
    return f"{formatting.count(rows)} {'row' if rows == 1 else 'rows'}, all of them. {took}."


def _distinct(names: list[str]) -> list[str]:
    """The names, each once: a result may have two columns of one name."""
    seen: dict[str, int] = {}
    distinct = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        distinct.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return distinct


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _holds_days(column: pd.Series) -> bool:
    first = next((value for value in column if value is not None), None)
    return isinstance(first, date)


def _place(value: object) -> object:
    """A value as Plotly takes it; what it has no form for, as bytes and spans of time, is text."""
    if value is None or isinstance(value, (bool, int, float, date, np.generic)):
        return value
    return plotly_text(str(value)[:NAME_LENGTH])
