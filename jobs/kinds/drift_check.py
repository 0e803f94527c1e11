"""The job `drift_check`: the newest weeks against what the model learnt from, kept for Overview, Drift and alerts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jobs.kind import JobKind, JobTask, Parameter
from lake_access.permissions import Action
from monitoring.drift_checks import BASELINES


def _run(task: JobTask, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    from lake_access.database import open_database
    from lake_access.lake import open_lake
    from monitoring.drift.checking import CheckWish, check_drift
    from monitoring.drift_checks import keep_check
    from training.promotion.records import champion
    from training.registry import versions

    engine = open_database(task.settings)
    try:
        found, live = versions(task.settings), champion(engine)
        named = [version for version in found if live is not None and version.version == live.version]
        trained = next(iter([*named, *found]), None)
        wish = CheckWish(parameters["baseline"], max(2, parameters["weeks"]), trained)
        check = check_drift(open_lake(task.settings), wish, task.actor, task.now, task.progress)
        keep_check(engine, task.actor, check)
    finally:
        engine.dispose()
    return {"weeks": len(check.weeks), "drifted": list(check.lasting), "against": check.against}


DRIFT_CHECK = JobKind(
    "drift_check",
    "Check drift",
    Action.RUN_DRIFT,
    _run,
    (
        Parameter("baseline", "Against", default=BASELINES[0], choices=BASELINES),
        Parameter("weeks", "Newest weeks", int, default=12),
    ),
)
