"""Many browser sessions at once, each of which reads as a person does, and what they take of the server.

All browsers are on the machine of the server: to open its first page takes a browser some six seconds of processor
time, ten times what it takes the server. So they come one after another, and look at what they see before they ask for
more.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from playwright.async_api import Browser, Error

from bench.browsing import Reader, reading

SEED = 4
# Seconds that a reader looks at what was drawn.
LOOKS = (20.0, 40.0)
# Seconds from one reader's coming to the next one's: the last has come before the first has done, and none leaves.
BETWEEN_ARRIVALS = 10.0
LOCATIONS = 50


@dataclass
class SessionTimes:
    """So many sessions: what went wrong, seconds of all that was waited for, and what the server took.

    `changes` are of filters, `turns` to another page of the sidebar, `openings` of a session's first page.

    `server_seconds` are of its processor time, `seconds` those in which all that was done.
    """

    sessions: int
    problems: list[str] = field(default_factory=list)
    changes: list[float] = field(default_factory=list)
    turns: list[float] = field(default_factory=list)
    openings: list[float] = field(default_factory=list)
    seconds: float = 0.0
    server_seconds: float = 0.0
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
    begun, used = perf_counter(), processor_seconds(server)
    async with AsyncExitStack() as opened:
        readers = [await opened.enter_async_context(reading(browser)) for _ in range(sessions)]
        await asyncio.gather(*(_read(reader, address, number, changes, times) for number, reader in enumerate(readers)))
        times.seconds = perf_counter() - begun
        times.server_seconds = processor_seconds(server) - used
        times.bytes_after = resident_bytes(server)
    return times


async def _read(reader: Reader, address: str, number: int, changes: int, times: SessionTimes) -> None:
    """Open Conversion, change its filters, then look at Overview and Scores under them."""
    drawn = random.Random(SEED + number)
    try:
        await asyncio.sleep(number * BETWEEN_ARRIVALS)
        times.openings.append(await reader.open(f"{address}/conversion"))
        await reader.open_more_filters()
        for place in drawn.sample(range(LOCATIONS), changes):
            await asyncio.sleep(drawn.uniform(*LOOKS))
            times.changes.append(await reader.choose("Location", f"Location {place:02d}"))
        for page in ("Overview", "Scores"):
            await asyncio.sleep(drawn.uniform(*LOOKS))
            times.turns.append(await reader.turn_to(page))
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


def processor_seconds(process_id: int) -> float:
    """The processor time that a process has used so far, of all its threads."""
    told = Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")
