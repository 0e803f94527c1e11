"""Points of a run at which something may happen to it: each call and return of the lake's functions, told by name."""

from __future__ import annotations

import os
import random
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

from lake_access.queries import load_query

OURS = "lake_access."
OURS_AND_THE_CATALOG = (OURS, "pyiceberg.catalog.")
Packages = str | tuple[str, ...]


@dataclass(frozen=True)
class Crossing:
    """The n-th time (from 0) that a run comes by a point."""

    point: str
    occurrence: int

    def watched(self, happen: Callable[[], None]) -> Callable[[str], None]:
        """A watcher that lets it happen here, once."""
        waiting = iter(range(self.occurrence + 1))

        def watch(point: str) -> None:
            if point == self.point and next(waiting, None) == self.occurrence:
                watching = sys.getprofile()
                sys.setprofile(None)
                happen()
                sys.setprofile(watching)

        return watch


@contextmanager
def crossing(watch: Callable[[str], None], packages: Packages = OURS) -> Iterator[None]:
    """Call `watch` with the name of each point that this thread comes by in modules of these packages."""
    names: dict[CodeType, str | None] = {}
    # A query is read from its file once a process: each run comes by that point as the first one does.
    load_query.cache_clear()

    def profile(frame: FrameType, event: str, argument: Any) -> None:
        code = frame.f_code
        if code not in names:
            name = f"{frame.f_globals.get('__name__')}.{code.co_qualname}"
            names[code] = name if name.startswith(packages) else None
        named = names[code]
        if named is not None:
            # Of a function written in C, the frame is its caller's.
            called = f" > {getattr(argument, '__name__', '?')}" if event.startswith("c_") else ""
            watch(f"{event} {named}{called}")

    sys.setprofile(profile)
    try:
        yield
    finally:
        sys.setprofile(None)


def record(run: Callable[[], object], packages: Packages = OURS) -> Counter[str]:
    """How often a run comes by each point."""
    points: Counter[str] = Counter()
    with crossing(lambda point: points.update([point]), packages):
        run()
    return points


def draw(points: Mapping[str, int], seed: int) -> Crossing:
    """A crossing for a seed: each point as likely as any other, however often a run comes by it."""
    rng = random.Random(seed)
    point = rng.choice(sorted(points))
    return Crossing(point, rng.randrange(points[point]))


def die() -> None:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)
