"""The part of the document on pages."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from bench.browsing import STILL_MILLISECONDS
from bench.cells import WIDTH, digits, megabytes, spread, table
from bench.goals import name_of
from bench.measuring import spread as spread_of
from bench.pages import PageTimes
from bench.sessions import BETWEEN_ARRIVALS, LOOKS

_PAGES = f"""\
So many leads, as under questions, with the scores that models gave them; the dashboard is served as `leadlake up` does
it, and Chromium reads it on the same machine. A change is the click on an option of a filter until the frame after the
last change of a chart, once the script has ended and no chart has moved for {STILL_MILLISECONDS} ms. No two changes
come to the same filters, so that none is answered from a cache. The floor is a page of one filter and as many charts,
each with one bar, changed and opened in turn with the pages: what Streamlit, Plotly and Chromium take with nothing to
do. A page opened: a new tab of a browser that has read it before, up to its last chart. Imports: all that the page's
file and the server's entry import, in a new process.
"""
_SESSIONS = f"""\
Every session is a browser context of its own, in one Chromium that shares the cores with the server; one comes every
{BETWEEN_ARRIVALS:g} seconds, and all stay. It opens Conversion with nothing in its browser's cache, changes filters,
turns to Overview and to Scores under them, and looks at each for {LOOKS[0]:g} to {LOOKS[1]:g} seconds. Memory is that
of the server's process, before the first and while all are open; its caches are in it. The server's processor time is
in seconds, of all that its process did in the meantime.
"""


def pages_section(pages: Sequence[PageTimes]) -> list[str]:
    """What was measured of pages."""
    return [
        "## Pages\n\n",
        _PAGES,
        "\n",
        table(["leads", "what", "how often", "seconds"], _waits(pages)),
        *(f"Imports, in seconds: {_imports(one)}\n\n" for one in pages[:1]),
        "Sessions at once:\n\n",
        table(_SESSIONS_HEADER, [_session_cells(one) for one in pages]),
        _SESSIONS,
        "\n",
    ]


def _waits(pages: Sequence[PageTimes]) -> list[list[str]]:
    rows = []
    for one in pages:
        told = [(f"Conversion, a filter changed: {kind}", seconds) for kind, seconds in one.changes.items() if seconds]
        told += [("the floor, a filter changed", one.floor)]
        told += [(f"{page.capitalize()} opened", seconds) for page, seconds in one.paints.items()]
        told += [("the floor opened", one.least_paint)]
        rows += [[name_of(one.leads), what, str(len(seconds)), spread(spread_of(seconds))] for what, seconds in told]
    return rows


def _imports(one: PageTimes) -> str:
    told = [
        f"{page.removeprefix('pages/').removesuffix('.py')} {digits(of.median)}" for page, of in one.imports.items()
    ]
    return "\n".join(textwrap.wrap(", ".join(told) + ".", WIDTH - len("Imports, in seconds: ")))


_SESSIONS_HEADER = [
    "leads",
    "sessions",
    "errors",
    "changes",
    "median, seconds",
    "p95",
    "pages turned, seconds",
    "first page opened, seconds",
    "in all",
    "server's processor time",
    "memory before",
    "after",
    "a session",
]


def _session_cells(one: PageTimes) -> list[str]:
    of = one.sessions
    return [
        name_of(one.leads),
        str(of.sessions),
        str(len(of.problems)),
        str(len(of.changes)),
        digits(of.quantile(0.5)),
        digits(of.quantile(0.95)),
        spread(spread_of(of.turns)),
        spread(spread_of(of.openings)),
        f"{of.seconds:.0f}",
        f"{of.server_seconds:.0f}",
        megabytes(of.bytes_before),
        megabytes(of.bytes_after),
        megabytes(round(of.bytes_a_session)),
    ]
