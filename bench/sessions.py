"""Many browser sessions at once: each reads as a person does, and the server's memory is looked at before and after."""

from __future__ import annotations

import asyncio
import random
import statistics
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from urllib.parse import urlsplit

from playwright.async_api import Browser, Error

from bench.browsing import Reader, reading

SEED = 4
# Seconds that a reader looks at what was drawn.
LOOKS = (3.0, 6.0)
# Seconds from one reader's coming to the next one's: all are there long before the first has done.
BETWEEN_ARRIVALS = 2.0
LOCATIONS = 50


@dataclass
class SessionTimes:
    """So many sessions: what went wrong, seconds of every change and of every page opened, and the server's memory."""

    sessions: int
    problems: list[str] = field(default_factory=list)
    changes: list[float] = field(default_factory=list)
    openings: list[float] = field(default_factory=list)
    seconds: float = 0.0
    bytes_before: int = 0
    bytes_after: int = 0

    @property
    def bytes_a_session(self) -> float:
        """How much more memory the server holds for each session."""
        return (self.bytes_after - self.bytes_before) / self.sessions

    def quantile(self, share: float) -> float:
        """Seconds within which this share of the changes was drawn."""
        if len(self.changes) < 2:
            return self.changes[0] if self.changes else float("nan")
        return statistics.quantiles(self.changes, n=100, method="inclusive")[round(share * 100) - 1]


async def measure_sessions(browser: Browser, address: str, server: int, sessions: int, changes: int) -> SessionTimes:
    """Read with so many sessions at once, each with so many changes of a filter; all stay open until the last is done.

    `server` is the id of the server's process; its memory before is with one reader's pages in its caches.
    """
    times = SessionTimes(sessions, bytes_before=resident_bytes(server))
    begun = perf_counter()
    async with AsyncExitStack() as opened:
        readers = [await opened.enter_async_context(reading(browser)) for _ in range(sessions)]
        await asyncio.gather(*(_read(reader, address, number, changes, times) for number, reader in enumerate(readers)))
        times.seconds = perf_counter() - begun
        times.bytes_after = resident_bytes(server)
    return times


async def _read(reader: Reader, address: str, number: int, changes: int, times: SessionTimes) -> None:
    """Change filters on Conversion, then look at Overview and Scores under them."""
    drawn = random.Random(SEED + number)
    try:
        await asyncio.sleep(number * BETWEEN_ARRIVALS)
        times.openings.append(await reader.open(f"{address}/conversion"))
        await reader.open_more_filters()
        for place in drawn.sample(range(LOCATIONS), changes):
            await asyncio.sleep(drawn.uniform(*LOOKS))
            times.changes.append(await reader.choose("Location", f"Location {place:02d}"))
        for page in ("overview", "scores"):
            await asyncio.sleep(drawn.uniform(*LOOKS))
            times.openings.append(await reader.open(f"{address}/{page}?{urlsplit(reader.page.url).query}"))
    except (Error, RuntimeError) as wrong:
        times.problems.append(str(wrong).partition("\n")[0] or type(wrong).__name__)
    times.problems += reader.problems


def resident_bytes(process_id: int) -> int:
    """The memory that a process holds now."""
    (line,) = (
        line
        for line in Path(f"/proc/{process_id}/status").read_text(encoding="ascii").splitlines()
        if line.startswith("VmRSS:")
    )
    return int(line.split()[1]) << 10
