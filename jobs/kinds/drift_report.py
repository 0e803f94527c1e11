"""The job `drift_report`: Evidently's report of two versions, periods or sources, kept under `reports/`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from jobs.kind import JobKind, JobTask, Parameter
from lake_access.drift.compared import Side, side_of_days
from lake_access.errors import RefusedError
from lake_access.permissions import Action


def _run(task: JobTask, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    from lake_access.lake import open_lake
    from monitoring.evidently_report import ReportWish, make_report

    wish = ReportWish(
        side_of("reference", parameters),
        side_of("current", parameters),
        tuple(parameters.get("columns", ())),
        seed=parameters["seed"],
    )
    made = make_report(open_lake(task.settings), wish, task.actor, task.now, task.progress)
    report = made.stored
    return {
        "report": report.id,
        "columns": len(report.columns),
        "drifted": report.drifted,
        "dataset_drift": report.dataset_drift,
        "beyond_chance": report.beyond_chance,
        "reference_rows": report.reference_rows.rows,
        "current_rows": report.current_rows.rows,
    }


def side_of(name: str, parameters: Mapping[str, Any]) -> Side:
    """One side (`reference` or `current`) as the parameters of a job have it.

    Raises:
        RefusedError: a day that is none, or a last day before the first.
    """
    first, last = (day_of(f"{name}_{end}", parameters.get(f"{name}_{end}")) for end in ("from", "to"))
    if first is not None and last is not None and last < first:
        raise RefusedError(f"{name}_to: {last} is before {first}.")
    return side_of_days(parameters.get(name), first, last, parameters.get(f"{name}_source"))


def day_of(name: str, told: str | None) -> date | None:
    """The day of a parameter such as 2025-06-30; None where it is not given.

    Raises:
        RefusedError: it is no day.
    """
    try:
        return None if told is None else date.fromisoformat(told)
    except ValueError as exc:
        raise RefusedError(f"{name} is a day such as 2025-06-30, and not {told!r:.80}.") from exc


def _parameters(name: str, title: str) -> tuple[Parameter, ...]:
    return (
        Parameter(name, f"{title}: model version"),
        Parameter(f"{name}_from", f"{title}: first day (UTC)"),
        Parameter(f"{name}_to", f"{title}: last day, included"),
        Parameter(f"{name}_source", f"{title}: only leads of this source"),
    )


DRIFT_REPORT = JobKind(
    "drift_report",
    "Report drift",
    Action.RUN_DRIFT,
    _run,
    (
        *_parameters("reference", "Reference"),
        *_parameters("current", "Current"),
        Parameter("columns", "Columns", list, help="Only these; all without any."),
        Parameter("seed", "Seed", int, default=0, help="Of samples and random halves."),
    ),
)
