"""How the columns of tables are written: as `app.formatting` writes numbers and moments elsewhere.

What a pattern of the grid can say, a column's configuration says; the rest is written cell by cell, and still sorts as
the numbers that it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

import pandas as pd
import streamlit as st

from app import formatting

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

Writer = Callable[[Any], str]
Width = int | Literal["small", "medium", "large"] | None
ABSENT: Final = "–"
# A Styler writes cell by cell in Python, and Streamlit takes none of more than some 260,000 cells.
MOST_CELLS: Final = 20_000
_COUNT, _SIGNED_COUNT = "%,d", "%+,d"
_DAY, _MOMENT, _SECOND = "YYYY-MM-DD", "YYYY-MM-DD HH:mm", "YYYY-MM-DD HH:mm:ss"


def count(label: str | None = None, *, width: Width = None) -> Any:
    """Whole numbers, as `formatting.count` writes them: `26,144`."""
    return st.column_config.NumberColumn(label, format=_COUNT, width=width)


def signed_count(label: str | None = None, *, help: str | None = None) -> Any:  # noqa: A002  (Streamlit's word)
    """Differences of whole numbers, with their sign: `+1,204`."""
    return st.column_config.NumberColumn(label, format=_SIGNED_COUNT, help=help)


def figure(digits: int, label: str | None = None, *, width: Width = None) -> Any:
    """Numbers of at least 0 with so many digits after the point, as `formatting.figure` writes them: `0.646`."""
    return st.column_config.NumberColumn(label, format=f"%,.{digits}f", width=width)


def day(label: str | None = None, *, pinned: bool | None = None) -> Any:
    """Days, as `formatting.day` writes them."""
    return st.column_config.DateColumn(label, format=_DAY, pinned=pinned)


def percent(label: str | None = None, *, help: str | None = None) -> Any:  # noqa: A002  (Streamlit's word)
    """Rates of 0 to 1, in percent: where a table is too long for writers, and so in the reader's own notation."""
    return st.column_config.NumberColumn(label, format="percent", step=0.0001, help=help)


def moment(label: str, *, seconds: bool = False) -> Any:
    """Moments in UTC, as `formatting.moment` writes them; the label says the zone, or the page does."""
    return st.column_config.DatetimeColumn(label, format=_SECOND if seconds else _MOMENT, timezone="UTC")


def written(frame: pd.DataFrame, writers: Mapping[Any, Writer] | None) -> pd.DataFrame | Styler:
    """The frame with the cells of these columns in the words of their writers; the cells stay numbers.

    A frame of more than `MOST_CELLS` is shown as it is.
    """
    ours = {name: write for name, write in (writers or {}).items() if name in frame.columns}
    if not ours or frame.size > MOST_CELLS:
        return frame
    # Styler would write every other fraction with six digits.
    ways: dict[Any, Any] = {**dict.fromkeys(frame.select_dtypes("float").columns, formatting.plain), **ours}
    return frame.reset_index(drop=True).style.format(ways, na_rep=ABSENT)
