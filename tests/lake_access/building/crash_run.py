"""Runs of ingest and build in processes of their own, to be killed."""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from multiprocessing.synchronize import Barrier
from pathlib import Path

from lake_access.building.build import build
from lake_access.raw import land
from tests.lake_access.building.crossings import OURS_AND_THE_CATALOG, Crossing, crossing, die
from tests.lake_access.lakes import NOW, lake_in

# Forked from a server that has the libraries loaded, a process is up in a hundredth of a second.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([__name__])

Portions = Sequence[Sequence[tuple[str, Path]]]


def ingest_and_build(home: Path, portions: Portions) -> None:
    """Land each portion's files, a second after each other, and build: the same whenever and however often it runs."""
    lake = lake_in(home)
    seconds = count()
    for portion in portions:
        for stream, file in portion:
            land(lake.store, stream, file, NOW - timedelta(days=1) + timedelta(seconds=next(seconds)))
        build(lake, NOW)


def leave_nothing_outside(home: Path) -> None:
    """Make temporary files beside the home: who is killed leaves them, and they go with the test's folder."""
    tempfile.tempdir = str(home.parent)


def run_until(home: Path, portions: Portions, end: Crossing) -> None:
    """Die at this crossing of the run."""
    leave_nothing_outside(home)
    with crossing(end.watched(die), OURS_AND_THE_CATALOG):
        ingest_and_build(home, portions)


def run_from(start: Barrier, home: Path, portions: Portions) -> None:
    """Run as soon as all others that wait at the barrier run too."""
    leave_nothing_outside(home)
    start.wait(timeout=60)
    ingest_and_build(home, portions)


def build_from(start: Barrier, home: Path) -> None:
    start.wait(timeout=60)
    build(lake_in(home), NOW)
