"""Pages as their readers wait for them: in Chromium, over a lake of many leads, beside the least that a page can be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser

from bench.browsing import Reader, chromium, reading
from bench.imports import PAGES, measure_imports
from bench.lead_lake import make_lead_lake
from bench.measuring import Spread, alone, spread
from bench.sessions import SessionTimes, measure_sessions
from tests.browser.dashboard import Served, serving

FLOOR_PAGE = "bench/floor_page.py"
# What a reader filters by between two "Clear filters": one dimension, which a rollup answers, or two together, which
# only the leads can; no two changes come to the same filters, so that no answer is in a cache.
BY_ROLLUP, BY_LEADS = "by a rollup", "by the leads"
ROUNDS: tuple[tuple[tuple[str, str, str], ...], ...] = (
    (
        ("Location", "Location 03", BY_ROLLUP),
        ("Location", "Location 17", BY_ROLLUP),
        ("Location", "Location 29", BY_ROLLUP),
        ("Device", "Device 02", BY_LEADS),
    ),
    (
        ("Device", "Device 07", BY_ROLLUP),
        ("Device", "Device 04", BY_ROLLUP),
        ("Campaign", "Campaign 11", BY_LEADS),
    ),
    (
        ("Source", "Webinar", BY_ROLLUP),
        ("Source", "Online", BY_ROLLUP),
        ("Score band", "hot", BY_ROLLUP),
        ("Location", "Location 08", BY_ROLLUP),
        ("Campaign", "Campaign 05", BY_LEADS),
    ),
    (
        ("Campaign", "Campaign 01", BY_ROLLUP),
        ("Campaign", "Campaign 09", BY_ROLLUP),
        ("Campaign", "Campaign 13", BY_ROLLUP),
        ("Location", "Location 12", BY_LEADS),
    ),
)


@dataclass(frozen=True)
class Effort:
    """How often each figure of pages is taken: rounds of changes, first paints, imports, sessions and their changes."""

    rounds: int = len(ROUNDS)
    paints: int = 5
    imports: int = 3
    pages: tuple[str, ...] = PAGES
    sessions: int = 20
    changes: int = 5


QUICK = Effort(rounds=1, paints=1, imports=1, pages=("pages/overview.py", "pages/conversion.py"), sessions=3, changes=1)


@dataclass(frozen=True)
class PageTimes:
    """What was measured of pages over so many leads, in seconds."""

    leads: int
    changes: dict[str, tuple[float, ...]]
    floor: tuple[float, ...]
    paints: dict[str, tuple[float, ...]]
    least_paint: tuple[float, ...]
    imports: dict[str, Spread]
    sessions: SessionTimes

    @property
    def slowest_import(self) -> float:
        """The median seconds of the page that takes the longest to import."""
        return max(of.median for of in self.imports.values())

    @property
    def all_changes(self) -> Spread:
        """Every change of a filter, whatever answered it."""
        return spread(seconds for kind in self.changes.values() for seconds in kind)


def measure_pages(folder: Path, leads: int, effort: Effort, tell: Callable[[str], None]) -> PageTimes:
    """Make the lake, serve it, and read it."""
    alone(make_lead_lake, folder / "home", leads, with_scores=True)
    tell("reading its pages")
    return measure_on(folder / "home", folder / "floor", leads, effort, tell)


def measure_on(home: Path, floor_home: Path, leads: int, effort: Effort, tell: Callable[[str], None]) -> PageTimes:
    """The same over a lake that is there."""
    imports = measure_imports(effort.pages, effort.imports)
    floor_home.mkdir(exist_ok=True)
    with serving(home) as served, serving(floor_home, FLOOR_PAGE) as floor:
        return asyncio.run(_measure(served, floor, leads, effort, imports, tell))


async def _measure(
    served: Served,
    floor: Served,
    leads: int,
    effort: Effort,
    imports: dict[str, Spread],
    tell: Callable[[str], None],
) -> PageTimes:
    async with chromium() as browser:
        changes, least = await _change_filters(browser, served.address, floor.address, effort.rounds)
        paints, least_paint = await _open_pages(browser, served.address, floor.address, effort.paints)
        tell(f"reading them in {effort.sessions} sessions at once")
        sessions = await measure_sessions(browser, served.address, served.process_id, effort.sessions, effort.changes)
    for problem in sorted(set(sessions.problems)):
        tell(f"a session: {problem}")
    return PageTimes(leads, changes, least, paints, least_paint, imports, sessions)


async def _change_filters(
    browser: Browser, address: str, floor: str, rounds: int
) -> tuple[dict[str, tuple[float, ...]], tuple[float, ...]]:
    """Seconds of changes on Conversion, by what answered them, and of as many on the floor, in turn."""
    changes: dict[str, list[float]] = {BY_ROLLUP: [], BY_LEADS: []}
    least: list[float] = []
    async with reading(browser) as reader, reading(browser) as other:
        await reader.open(f"{address}/conversion")
        await other.open(floor)
        for steps in ROUNDS[:rounds]:
            await reader.open_more_filters()
            for label, option, answered in steps:
                changes[answered].append(await reader.choose(label, option))
                least.append(await other.choose("Location", f"Location {len(least):02d}"))
            await reader.clear_filters()
        _without_problems(reader, other)
    return {kind: tuple(seconds) for kind, seconds in changes.items()}, tuple(least)


async def _open_pages(
    browser: Browser, address: str, floor: str, paints: int
) -> tuple[dict[str, tuple[float, ...]], tuple[float, ...]]:
    """Seconds until the last chart of a page is drawn in a new tab, by page, and of the floor, in turn.

    The server and the browser are warm.
    """
    found: dict[str, list[float]] = {"overview": [], "conversion": [], "scores": []}
    least: list[float] = []
    async with reading(browser) as reader, reading(browser) as other:
        await other.open(floor)
        for page in found:
            await reader.open(f"{address}/{page}")
        for _ in range(paints):
            least.append(await other.open(floor))
            for page, seconds in found.items():
                seconds.append(await reader.open(f"{address}/{page}"))
        _without_problems(reader, other)
    return {page: tuple(seconds) for page, seconds in found.items()}, tuple(least)


def _without_problems(*readers: Reader) -> None:
    problems = [problem for reader in readers for problem in reader.problems]
    if problems:
        raise RuntimeError(f"a page went wrong: {problems[0]}")
