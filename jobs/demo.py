"""Filling an empty lake with the demo."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from lake_access.building.build import BuildResult, build
from lake_access.demo_events import DemoPlan, write_demo_events
from lake_access.errors import RefusedError
from lake_access.lake import Lake
from lake_access.raw import land, list_batches

Progress = Callable[[str, float], None]


def fill_with_demo(lake: Lake, plan: DemoPlan, progress: Progress = lambda _stage, _share: None) -> BuildResult:
    """Generate the plan's events, land them as history, and build.

    `progress` is told the stage and its share done, 0 to 1.

    Raises:
        RefusedError: the lake holds raw events already; the demo is never mixed into them.
    """
    if not is_empty(lake):
        raise RefusedError(
            f"the lake {lake.settings.lake} holds events already, and the demo does not mix with them; "
            "nothing was changed. Set LEADLAKE_HOME to another folder for a demo lake."
        )
    with tempfile.TemporaryDirectory(prefix="leadlake-demo-") as folder:
        progress("Drawing events", 0.0)
        files = write_demo_events(plan, Path(folder), lambda share: progress("Drawing events", share))
        landings = [(stream, file) for stream, of_stream in files.items() for file in of_stream]
        lines = 0
        for number, (stream, file) in enumerate(landings, 1):
            # A microsecond apart, so that batches keep the order in which they were drawn.
            landed_at = plan.until + timedelta(microseconds=number)
            lines += land(lake.store, stream, file, landed_at, history=True).lines
            progress("Landing files", number / len(landings))
    read = 0

    def built(stage: str, more: int) -> None:
        nonlocal read
        read += more
        progress(f"Building {stage}", read / lines)

    return build(lake, plan.until, built)


def is_empty(lake: Lake) -> bool:
    """Whether nothing has ever landed in this lake."""
    return not any(list_batches(lake.store, stream) for stream in lake.settings.declarations.sources)
