"""The job `build`: raw → curated → everything downstream, only what is new."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from jobs.kind import JobKind, JobTask
from lake_access.permissions import Action

# What a stage is called, and the share of the whole that is done when it begins. Reading takes most of the time.
READING_SHARE = 0.8
STAGES = {"leads": 0.8, "scores": 0.88, "rollups": 0.91, "features": 0.94}
SECONDS_TO_COUNT = 5.0


def _run(task: JobTask, _parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    from jobs.waiting import count_lines, waiting_batches
    from lake_access.building.build import build
    from lake_access.lake import open_lake

    task.progress("Looking for what has landed", None)
    lake = open_lake(task.settings)
    total = count_lines(lake, waiting_batches(lake, lake.pin()), SECONDS_TO_COUNT, time.monotonic)
    read = 0

    def progress(stage: str, lines: int) -> None:
        nonlocal read
        read += lines
        if stage in STAGES:
            task.progress(f"Building {stage}", STAGES[stage])
        else:
            task.progress(f"Reading {stage}", min(1.0, read / total) * READING_SHARE if total else None)

    result = build(lake, task.now, progress)
    for refusal in result.refused:
        task.log(refusal)
    return {
        "batches": result.batches,
        "read": result.read,
        "curated": result.curated,
        "duplicates": result.duplicates,
        "quarantined": result.quarantined,
        "leads": result.leads,
    }


BUILD = JobKind("build", "Build the lake", Action.BUILD, _run)
