"""The one palette: a source keeps its colour on every page, in light and in dark.

Every colour has a contrast of at least 3 : 1 to both backgrounds of .streamlit/config.toml, and any two keep a distance
for readers with protanopia, deuteranopia or tritanopia too. A name stands beside every colour all the same.
"""

from __future__ import annotations

from monitoring.colours import CATEGORIES, NEUTRAL, source_colours

__all__ = [
    "CATEGORIES",
    "FAINT_TEXT",
    "INTERVAL",
    "INTERVAL_EDGE",
    "LEADING",
    "NEUTRAL",
    "source_colours",
    "translucent",
]

LEADING = CATEGORIES[0]  # of the one line that a figure is about
INTERVAL, INTERVAL_EDGE = "#33434f", "#dfe8ed"  # a dark line with a pale edge, to be seen on any bar and background
FAINT_TEXT = "#74828e"


def translucent(colour: str, opacity: float) -> str:
    """A hexadecimal colour as `rgba(…)`, for marks that let the background through."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"
