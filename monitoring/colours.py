"""The colours that pages and the pictures in letters share, and which source has which.

They are chosen in app/palette.py's sense: a contrast of at least 3 : 1 to white and to the dark background, and apart
for readers with protanopia, deuteranopia or tritanopia too.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence

CATEGORIES = ("#0f7896", "#c38700", "#a587d2", "#69690f", "#a54b69", "#8769d2", "#5a9696", "#d25a5a")
NEUTRAL = "#6b8299"


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


def _first_free(taken: dict[str, str], start: int) -> str:
    ring = [CATEGORIES[(start + step) % len(CATEGORIES)] for step in range(len(CATEGORIES))]
    return next((colour for colour in ring if colour not in taken.values()), ring[0])
