"""Several processes as one: they start together, and when one ends, or somebody asks for it, all end.

On Linux they end as well where this process is killed (SIGKILL) and can order nothing more.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from lake_access.errors import LeadlakeError

PATIENCE_SECONDS = 10.0
BETWEEN_LOOKS_SECONDS = 0.2
_BOUND_PROCESS = Path(__file__).with_name("bound_process.py")


@dataclass(frozen=True)
class Part:
    """One of the processes: what it is called, and what it runs, beginning with the program's path."""

    name: str
    command: Sequence[str]


def run_together(
    parts: Sequence[Part],
    environment: Mapping[str, str],
    folder: Path,
    is_ready: Callable[[], bool],
    when_ready: Callable[[], None],
) -> None:
    """Run the processes until SIGINT, SIGTERM or SIGHUP comes, or one of them ends by itself; then end the others.

    `when_ready` is called once, as soon as `is_ready` says so. A process has ten seconds to end before it is killed.

    Raises:
        LeadlakeError: one of them ended by itself.
    """
    with _asked_to_end() as asked:
        processes: list[subprocess.Popen[bytes]] = []
        try:
            processes.extend(_start(part, environment, folder) for part in parts)
            ready = False
            while not asked.is_set() and all(process.poll() is None for process in processes):
                if not ready and is_ready():
                    ready = True
                    when_ready()
                asked.wait(BETWEEN_LOOKS_SECONDS)
            ended = [
                f"{part.name} ended by itself (exit code {process.returncode})"
                for part, process in zip(parts, processes, strict=True)
                if process.poll() is not None
            ]
        finally:
            _end(processes)
        if ended and not asked.is_set():
            raise LeadlakeError(f"{' and '.join(ended)}; what it said stands above. The rest was ended too.")


@contextmanager
def _asked_to_end() -> Iterator[threading.Event]:
    """Set as soon as a signal asks for it; a signal that was ignored before stays ignored."""
    asked = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        asked.set()

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    previous = {number: signal.getsignal(number) for number in signals}
    for number in signals:
        if previous[number] is not signal.SIG_IGN:
            signal.signal(number, ask)
    try:
        yield asked
    finally:
        for number in signals:
            signal.signal(number, previous[number])


def _start(part: Part, environment: Mapping[str, str], folder: Path) -> subprocess.Popen[bytes]:
    bound = [sys.executable, "-I", "-S", str(_BOUND_PROCESS), str(os.getpid())] if sys.platform == "linux" else []
    # A group of its own: Ctrl+C in a terminal then reaches us alone, and who ends is ours to order.
    return subprocess.Popen(
        [*bound, *part.command],
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        process_group=0,
    )


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
