"""The gates that a request goes through by itself, each with what it found in a sentence.

| gate | passes where |
|---|---|
| artifact_loads | the model file has the registered SHA-256 and loads |
| fallback_loads | the same of the champion, to which a rollback would go |
| reproduces | made again from the same snapshots, it predicts the same to the last bit |
| leakage_audit | its training found no feature that knows the outcome |
| drift_report | a drift report of the version is there |
| no_worse_than_champion | its ROC AUC is not below the champion's by more than the margin and beyond chance |
| calibration | its expected calibration error on the newest leads is within the limit, or within chance |
| sources_hold | in no source its ROC AUC falls by more than the margin for sources and beyond chance |
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from lake_access.declarations import PromotionDeclaration
from lake_access.errors import LeadlakeError
from training.comparison.outcome import Comparison, Difference, SourceComparison
from training.promotion.evidence import DriftReport, Progress, Sources
from training.promotion.impact import Impact
from training.promotion.records import Gate, Tenure
from training.versions import Interval, ModelVersion

GATES: Final = (
    "artifact_loads",
    "fallback_loads",
    "reproduces",
    "leakage_audit",
    "drift_report",
    "no_worse_than_champion",
    "calibration",
    "sources_hold",
)
RANKING = "roc_auc"


def gates_of_artifacts(
    sources: Sources, version: ModelVersion, champion: Tenure | None, progress: Progress
) -> Iterator[Gate]:
    """The gates that ask of files and records, and need no lead to be scored."""
    progress("Loading the artifacts", 0.0)
    yield _loads("artifact_loads", sources, version.version, version.artifact_sha256, can_be_overridden=False)
    if champion is None:
        yield Gate("fallback_loads", True, "There is no champion yet to fall back to.")
    else:
        yield _loads("fallback_loads", sources, champion.version, champion.artifact_sha256, can_be_overridden=True)
    progress("Making the version again", 0.5)
    yield _tried("reproduces", lambda: _reproduces(sources, version, progress))
    yield _leakage(version)
    yield _drift(version, sources.drift_report(version.version))


def gates_of_impact(rules: PromotionDeclaration, impact: Impact | None, why_not: str, first: bool) -> Iterator[Gate]:
    """The gates that ask how the version does on the newest mature leads.

    `why_not` says why no impact was measured, where there is none; `first` says that there is no champion yet.
    """
    comparison = impact.comparison if impact is not None else None
    for name, asked in (("no_worse_than_champion", _no_worse), ("sources_hold", _sources_hold)):
        if first:
            yield Gate(name, True, "There is no champion yet to be held against.")
        elif comparison is None:
            yield Gate(name, False, f"Nothing could be compared: {why_not}")
        else:
            passed, detail = asked(rules, comparison)
            yield Gate(name, passed, detail)
    yield _calibration(rules, impact, why_not)


def _loads(gate: str, sources: Sources, version: str, sha256: str, *, can_be_overridden: bool) -> Gate:
    try:
        found = sources.registry.artifact_sha256(version)
        if found != sha256:
            detail = f"The model file of version {version} is another than was registered: its SHA-256 is {found}."
            return Gate(gate, False, detail, can_be_overridden)
        sources.registry.loads(version)
    except LeadlakeError as exc:
        return Gate(gate, False, str(exc), can_be_overridden)
    return Gate(gate, True, f"Version {version} loads, and its file is the registered one.", can_be_overridden)


def _tried(gate: str, asked: Callable[[], tuple[bool, str]]) -> Gate:
    try:
        passed, detail = asked()
    except LeadlakeError as exc:
        passed, detail = False, str(exc)
    return Gate(gate, passed, detail)


def _reproduces(sources: Sources, version: ModelVersion, progress: Progress) -> tuple[bool, str]:
    made = sources.registry.reproduces(version.version, progress)
    if made == version.digest:
        return True, "Made again, it predicts the same to the last bit."
    return (
        False,
        f"Made again, its predictions have the digest {made[:12]}…, and the registered {version.digest[:12]}….",
    )


def _leakage(version: ModelVersion) -> Gate:
    if version.leakage_findings:
        return Gate("leakage_audit", False, "; ".join(version.leakage_findings))
    return Gate("leakage_audit", True, "No feature knows the outcome beforehand.")


def _drift(version: ModelVersion, report: DriftReport | None) -> Gate:
    if report is None:
        return Gate("drift_report", False, f"Version {version.version} has no drift report yet; run one.")
    return Gate("drift_report", True, report.summary)


def _no_worse(rules: PromotionDeclaration, comparison: Comparison) -> tuple[bool, str]:
    ranking = comparison.metric(RANKING)
    if ranking is None:
        return False, "The newest mature leads are all of one outcome, so nothing can be told."
    return not _falls(ranking, rules.margin), (
        f"ROC AUC {ranking.second.value:.3f} against {ranking.first.value:.3f} of version {comparison.first}: "
        f"{_signed(ranking.difference)}; the margin is {rules.margin:g}."
    )


def _calibration(rules: PromotionDeclaration, impact: Impact | None, why_not: str) -> Gate:
    if impact is None:
        return Gate("calibration", False, f"Nothing could be measured: {why_not}")
    error, by_chance = impact.calibration_error, impact.calibration_by_chance
    if error is None:
        return Gate("calibration", False, "The newest mature leads are all of one outcome, so nothing can be told.")
    return Gate(
        "calibration",
        error.value <= max(rules.calibration_limit, by_chance),
        f"Predicted and observed conversion are {error.value:.3f} apart on average; the limit is "
        f"{rules.calibration_limit:g}, and over {impact.leads.leads:,} leads chance alone gives up to {by_chance:.3f}.",
    )


def _sources_hold(rules: PromotionDeclaration, comparison: Comparison) -> tuple[bool, str]:
    told = [(each, ranking) for each in comparison.by_source if (ranking := each.metric(RANKING)) is not None]
    fallen = [(each, ranking) for each, ranking in told if _falls(ranking, rules.source_margin)]
    if fallen:
        return False, "; ".join(_fall_of(each, ranking) for each, ranking in fallen) + "."
    untold = len(comparison.by_source) - len(told)
    few = f"; {untold} with too few leads to tell" if untold else ""
    return True, f"No source of {len(comparison.by_source)} falls by more than {rules.source_margin:g}{few}."


def _fall_of(source: SourceComparison, ranking: Difference) -> str:
    return (
        f"{source.source} falls from {ranking.first.value:.3f} to {ranking.second.value:.3f} "
        f"over {source.counted.leads:,} leads"
    )


def _falls(ranking: Difference, margin: float) -> bool:
    return ranking.loss > margin and ranking.beyond_chance


def _signed(interval: Interval) -> str:
    return f"{interval.value:+.3f} ({interval.low:+.3f} to {interval.high:+.3f})"
