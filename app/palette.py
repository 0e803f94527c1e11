"""The one palette: a source keeps its colour on every page, in light and in dark.

Every colour has a contrast of at least 3 : 1 to both backgrounds of .streamlit/config.toml, and any two keep a distance
for readers with protanopia, deuteranopia or tritanopia too. A name stands beside every colour all the same.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence

CATEGORIES = ("#0f7896", "#c38700", "#a587d2", "#69690f", "#a54b69", "#8769d2", "#5a9696", "#d25a5a")
NEUTRAL = "#6b8299"
LEADING = CATEGORIES[0]  # of the one line that a figure is about
INTERVAL, INTERVAL_EDGE = "#33434f", "#dfe8ed"  # a dark line with a pale edge, to be seen on any bar and background
FAINT_TEXT = "#74828e"


def source_colours(declared: Sequence[str], found: Iterable[str]) -> dict[str, str]:
    """A colour for each source: the declared ones in their order, then each other one at a place that its name gives.

    A filter changes no colour, as long as `found` are all the sources of the lake. Colours repeat once all are taken.
    """
    colours: dict[str, str] = {}
    for name in declared:
        colours[name] = _first_free(colours, len(colours))
    for name in sorted(set(found) - set(declared)):
        colours[name] = _first_free(colours, zlib.crc32(name.encode()))
    return colours


def translucent(colour: str, opacity: float) -> str:
    """A hexadecimal colour as `rgba(…)`, for marks that let the background through."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"


def _first_free(taken: dict[str, str], start: int) -> str:
    ring = [CATEGORIES[(start + step) % len(CATEGORIES)] for step in range(len(CATEGORIES))]
    return next((colour for colour in ring if colour not in taken.values()), ring[0])
