"""The job `maintain`: compaction, expiry of snapshots, and files that nothing refers to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jobs.kind import JobKind, JobTask, Parameter
from lake_access.permissions import Action


def _run(task: JobTask, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    from lake_access.lake import open_lake
    from lake_access.upkeep.maintain import maintain

    done = maintain(
        open_lake(task.settings),
        task.now,
        dry_run=parameters["dry_run"],
        progress=lambda stage: task.progress(stage, None),
    )
    tables = done.tables.values()
    return {
        "dry_run": parameters["dry_run"],
        "files_joined": sum(table.files_before - table.files_after for table in tables),
        "snapshots_expired": sum(table.snapshots_expired for table in tables),
        "files_removed": sum(table.orphan_files for table in tables) + done.leftover_files,
        "bytes_removed": sum(table.orphan_bytes for table in tables) + done.leftover_bytes,
    }


DRY_RUN = Parameter("dry_run", "Only say what there is to do", bool, default=False, help="Changes nothing.")
MAINTAIN = JobKind("maintain", "Maintain the tables", Action.MAINTAIN, _run, (DRY_RUN,))
