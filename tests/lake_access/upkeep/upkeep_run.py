"""Runs of upkeep in processes of their own, to be killed."""

from __future__ import annotations

import multiprocessing
from datetime import datetime
from pathlib import Path

from lake_access.upkeep.maintain import maintain
from tests.lake_access.building.crossings import OURS_AND_THE_CATALOG, Crossing, crossing, die
from tests.lake_access.lakes import lake_in

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([__name__])


def maintain_until(home: Path, now: datetime, end: Crossing) -> None:
    """Die at this crossing of the run."""
    with crossing(end.watched(die), OURS_AND_THE_CATALOG):
        maintain(lake_in(home), now)
