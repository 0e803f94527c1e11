"""The jobs about models: `train`, `score`, `lead_factors`, `compare` and `request_promotion`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jobs.kind import JobKind, JobTask, Parameter
from jobs.lead_factors import KIND
from lake_access.permissions import Action
from training.versions import ALGORITHMS


def _train(task: JobTask, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    from training.retraining import retrain

    made = retrain(task.settings, task.actor, parameters, task.now, task.progress)
    for finding in made["leakage"]:
        task.log(f"The leakage audit: {finding}")
    figures = {name: _figure(made["metrics"][name]) for name in ("roc_auc", "brier", "ece")}
    return {"version": made["version"], "leads": made["leads"], **figures, "leakage_findings": len(made["leakage"])}


def _score(task: JobTask, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    from training.scoring import score

    done = score(task.settings, task.actor, parameters["version"], task.now, task.progress)
    return {"version": done.version, "scored": done.scored, "batches": done.batches}


def _lead_factors(task: JobTask, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    from training.score_factors import score_factors

    return score_factors(task.settings, task.actor, parameters["lead_id"], parameters["version"], task.progress)


def _compare(task: JobTask, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    from jobs.promotion_sources import promotion_sources
    from lake_access.database import open_database
    from training.promotion.comparing import compare_and_keep

    first, second = parameters["first"], parameters["second"]
    sources = promotion_sources(task.settings, task.actor, task.now)
    engine = open_database(task.settings)
    kept = compare_and_keep(
        engine, sources, task.actor, first, second, task.now, parameters["seed"], progress=task.progress
    )
    return {"first": first, "second": second, "leads": kept.comparison.counted.leads}


def _request_promotion(task: JobTask, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    from jobs.promoting import request_with_evidence

    made = request_with_evidence(
        task.settings, task.actor, parameters["version"], parameters["reason"], task.now, task.progress, task.log
    )
    for gate in made.gates:
        task.log(f"{gate.gate}: {'passed' if gate.passed else 'FAILED'}. {gate.detail}")
    return {"request": made.id, "version": made.version, "gates_failed": len(made.failed)}


def _figure(value: float | None) -> float | None:
    """As JSON has it: a figure that cannot be told is null."""
    return None if value is None or value != value else round(value, 4)


VERSION = Parameter("version", "Version", needed=True)
SEED = Parameter("seed", "Seed", int, default=0, help="What chance begins with.")
TRAIN = JobKind(
    "train",
    "Retrain",
    Action.RETRAIN,
    _train,
    (
        Parameter("algorithm", "Algorithm", default="gradient_boosting", choices=ALGORITHMS),
        Parameter("search_seconds", "Search parameters for so many seconds", float, help="Without: the defaults."),
        Parameter("as_of", "As of (UTC)", help="Train on what was known then: a day or time, as 2025-01-31."),
        SEED,
    ),
)
SCORE = JobKind("score", "Score offline", Action.SCORE_OFFLINE, _score, (VERSION,))
LEAD_FACTORS = JobKind(
    KIND,
    "Factors of a lead",
    Action.SCORE_OFFLINE,
    _lead_factors,
    (Parameter("lead_id", "Lead", needed=True), VERSION),
)
COMPARE = JobKind(
    "compare",
    "Compare versions",
    Action.RETRAIN,
    _compare,
    (Parameter("first", "Before: version", needed=True), Parameter("second", "After: version", needed=True), SEED),
)
REQUEST_PROMOTION = JobKind(
    "request_promotion",
    "Request promotion",
    Action.REQUEST_PROMOTION,
    _request_promotion,
    (VERSION, Parameter("reason", "Reason", needed=True, help="The ledger keeps it.")),
)
MODEL_KINDS = (TRAIN, SCORE, LEAD_FACTORS, COMPARE, REQUEST_PROMOTION)
