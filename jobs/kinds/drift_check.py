"""The job `drift_check`: the newest weeks against a baseline, kept for Overview, Drift and alerts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from jobs.kind import JobKind, JobTask, Parameter
from jobs.kinds.drift_report import day_of
from lake_access.errors import RefusedError
from lake_access.permissions import Action
from monitoring.drift_checks import BASELINES


def _run(task: JobTask, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    from lake_access.database import open_database
    from lake_access.lake import open_lake
    from monitoring.drift.checking import CheckWish, check_drift
    from monitoring.drift_checks import keep_check
    from training.promotion.records import champion
    from training.registry import versions

    period = period_of(parameters)
    engine = open_database(task.settings)
    try:
        found, live = versions(task.settings), champion(engine)
        named = [version for version in found if live is not None and version.version == live.version]
        trained = next(iter([*named, *found]), None)
        wish = CheckWish(parameters["baseline"], max(2, parameters["weeks"]), trained, period)
        check = check_drift(open_lake(task.settings), wish, task.actor, task.now, task.progress)
        keep_check(engine, task.actor, check)
    finally:
        engine.dispose()
    return {"weeks": len(check.weeks), "drifted": list(check.lasting), "against": check.against}


def period_of(parameters: Mapping[str, Any]) -> tuple[date, date] | None:
    """The fixed period of a job's parameters: its first and its last day; None where the baseline is another.

    Raises:
        RefusedError: one of its days is missing, or is none.
    """
    if parameters["baseline"] != "fixed period":
        return None
    first, last = (day_of(name, parameters.get(name)) for name in ("period_from", "period_to"))
    if first is None or last is None:
        raise RefusedError("Against which period? Give its first and its last day: period_from and period_to.")
    return first, last


DRIFT_CHECK = JobKind(
    "drift_check",
    "Check drift",
    Action.RUN_DRIFT,
    _run,
    (
        Parameter("baseline", "Against", default=BASELINES[0], choices=BASELINES),
        Parameter("weeks", "Newest weeks", int, default=12),
        Parameter("period_from", "Fixed period: first day (UTC)"),
        Parameter("period_to", "Fixed period: last day, included"),
    ),
)
