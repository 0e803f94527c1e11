"""How a figure is taken: in a process of its own, several times, with the most memory that the process held."""

from __future__ import annotations

import multiprocessing
import platform
import resource
import statistics
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Generic, ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")


@dataclass(frozen=True)
class Measured(Generic[T]):
    """What a function returned, and the most memory in bytes that its process held."""

    value: T
    peak_bytes: int


@dataclass(frozen=True)
class Spread:
    """The median of some figures, with the least and the greatest."""

    median: float
    low: float
    high: float


def spread(figures: Iterable[float]) -> Spread:
    """The spread of one figure or more."""
    found = list(figures)
    return Spread(statistics.median(found), min(found), max(found))


def alone(function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> Measured[T]:
    """Call a module's function in a new process, so that neither its memory nor its caches are another's."""
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=fresh, max_tasks_per_child=1) as pool:
        return pool.submit(_measured, partial(function, *arguments, **named)).result()


def _measured(call: Callable[[], T]) -> Measured[T]:
    value = call()
    return Measured(value, peak_memory())


def peak_memory() -> int:
    """The most memory in bytes that this process has held since it began to run its program."""
    status = Path("/proc/self/status")
    if status.exists():
        # On Linux ru_maxrss begins with what the parent held when it made this process.
        (line,) = (line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << (0 if sys.platform == "darwin" else 10)


def processor() -> str:
    """The processor's name, where the machine tells it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()
