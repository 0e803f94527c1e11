"""What would change if a version went live, measured in the worker and frozen with the request as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from math import isfinite
from typing import Any

from pydantic import TypeAdapter

from training.bootstrap import RESAMPLES, paired_differences
from training.comparison.compare import VersionScores, compare
from training.comparison.outcome import Comparison, Difference
from training.metrics import calibration_by_chance
from training.promotion.evidence import DriftReport, NewestLeads, Progress, Sources
from training.versions import Interval, ModelVersion


@dataclass(frozen=True)
class Gap:
    """A metric of a version on the leads that calibrated it, on the test leads of its training, and on the newest."""

    metric: str
    validation: float | None
    at_training: Interval
    newest: Interval


@dataclass(frozen=True)
class LeadsSeen:
    """The leads that the evidence rests on."""

    leads: int
    conversions: int
    since: datetime
    until: datetime
    snapshot_ids: tuple[tuple[str, int], ...]
    digest: str


@dataclass(frozen=True)
class Impact:
    """A version on the newest mature leads, beside the champion where there is one that loads."""

    version: str
    leads: LeadsSeen
    gaps: tuple[Gap, ...]
    # On the newest leads, and what chance alone would give.
    calibration_error: Interval | None
    calibration_by_chance: float
    comparison: Comparison | None
    drift: DriftReport | None


def measure_impact(
    sources: Sources, version: ModelVersion, champion: str | None, seed: int, progress: Progress
) -> Impact:
    """Score the newest mature leads with the version and the champion, and compare.

    Raises:
        LeadlakeError: a version does not load, or the leads cannot be read.
    """
    progress("Reading the newest mature leads", 0.05)
    leads = sources.newest_leads(sources.rules.newest_leads)
    progress("Scoring them with both versions", 0.15)
    challenger = scored(sources, version.version, leads)
    comparison, measured = None, tuple[Difference, ...]()
    if champion is not None:
        comparison = compare_versions(sources, leads, champion, challenger, seed, progress)
        measured = comparison.metrics
    else:
        alone = challenger.probability
        measured = paired_differences(alone, alone, leads.compared.converted, seed, RESAMPLES)
    return Impact(
        version=version.version,
        leads=_seen(leads),
        gaps=_gaps(version, measured),
        calibration_error=next((each.second for each in measured if each.metric == "ece"), None),
        calibration_by_chance=calibration_by_chance(challenger.probability, seed),
        comparison=comparison,
        drift=sources.drift_report(version.version),
    )


def scored(sources: Sources, version: str, leads: NewestLeads) -> VersionScores:
    """What a version says of these leads."""
    registry = sources.registry
    return VersionScores(
        version, registry.predictions(version, leads.features), registry.factors(version, leads.features)
    )


def compare_versions(
    sources: Sources, leads: NewestLeads, first: str, second: VersionScores, seed: int, progress: Progress
) -> Comparison:
    """Hold a version against another one on these leads."""
    return compare(
        leads.compared,
        scored(sources, first, leads),
        second,
        sources.bands,
        minimum_cell=sources.minimum_cell,
        seed=seed,
        progress=progress,
    )


def impact_as_json(impact: Impact) -> dict[str, Any]:
    """The impact in what JSON has."""
    kept: dict[str, Any] = _adapter().dump_python(impact, mode="json")
    return kept


def impact_from_json(kept: Mapping[str, Any]) -> Impact | None:
    """The impact that was kept so; None where none could be measured."""
    return _adapter().validate_python(dict(kept)) if kept else None


def _seen(leads: NewestLeads) -> LeadsSeen:
    converted = int(leads.compared.converted.sum())
    return LeadsSeen(len(leads), converted, leads.since, leads.until, leads.snapshot_ids, leads.digest)


def _gaps(version: ModelVersion, measured: tuple[Difference, ...]) -> tuple[Gap, ...]:
    at_training = version.metrics
    return tuple(
        Gap(each.metric, version.validation_metrics.get(each.metric), at_training[each.metric], each.second)
        for each in measured
        if each.metric in at_training and _told(at_training[each.metric])
    )


def _told(interval: Interval) -> bool:
    return all(map(isfinite, (interval.value, interval.low, interval.high)))


@cache
def _adapter() -> TypeAdapter[Impact]:
    return TypeAdapter(Impact)
