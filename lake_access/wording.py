"""How shares, numbers of things and sizes are written in sentences: once, here, for findings, alerts and pages."""

from __future__ import annotations

import math
from collections.abc import Sequence

# Less than this is the end of an interval that rounding left beside nothing, not a share of anything counted.
NOTHING = 1e-7


def percentage(rate: float) -> str:
    """A rate with one digit after the point, under one percent with as many as show it: `14.7%`, `0.42%`, `0.003%`."""
    size = abs(rate)
    if not 0 < size < 0.00995:
        return f"{rate:.1%}"
    digits = 2 if size < NOTHING else max(2, math.ceil(-math.log10(100 * size)))
    return f"{rate:.{digits}%}"


def counted(number: int, one: str, several: str = "") -> str:
    """So many of something, `several` where its plural is not just an s: `1 row`, `1,204 rows`."""
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"


def file_size(size: float) -> str:
    """A size of so many bytes in thousands, millions or milliards of them: `312 bytes`, `3.2 KB`, `46.1 MB`."""
    if size < 1_000:
        return counted(round(size), "byte")
    for unit, length in (("KB", 1e3), ("MB", 1e6)):
        if size < 999.95 * length:
            return f"{size / length:,.1f} {unit}"
    return f"{size / 1e9:,.1f} GB"


def first_of(told: Sequence[str], shown: int, one: str, several: str = "") -> str:
    """The first of them, and how many more there are: `a; b; c; and 2 more reasons`."""
    rest = len(told) - shown
    more = [f"and {counted(rest, f'more {one}', several and f'more {several}')}"] if rest > 0 else []
    return "; ".join([*told[:shown], *more])
