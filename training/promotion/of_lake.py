"""The evidence of a promotion from the lake itself: its registry, and its newest mature leads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from lake_access.errors import ModelRefusedError, RefusedError
from lake_access.lake import open_lake
from lake_access.permissions import Actor
from lake_access.settings import Settings
from training.comparison.compare import ComparedLeads, Factors
from training.metrics import Floats
from training.promotion.evidence import DriftReport, NewestLeads, Progress, Sources
from training.versions import ModelVersion


@dataclass(frozen=True)
class LakeRegistry:
    """The registry of a lake, as promotion asks it; MLflow and scikit-learn are imported once they are needed."""

    settings: Settings
    actor: Actor
    now: datetime

    def versions(self) -> tuple[ModelVersion, ...]:
        from training.registry import versions

        return tuple(reversed(versions(self.settings)))

    def version(self, version: str) -> ModelVersion:
        from training.registry import version as registered

        return registered(self.settings, version)

    def artifact_sha256(self, version: str) -> str:
        import hashlib

        from lake_access.storage import open_store

        key = self.version(version).artifact
        content = open_store(self.settings).read_bytes(key)
        if content is None:
            raise ModelRefusedError(f"{key}: the file of model {version} is gone; restore it from a copy of the lake.")
        return hashlib.sha256(content).hexdigest()

    def loads(self, version: str) -> None:
        from training.registry import load_model

        load_model(self.settings, version)

    def predictions(self, version: str, features: Any) -> Floats:
        from training.registry import load_model

        return load_model(self.settings, version).probabilities(features)

    def factors(self, version: str, features: Any) -> Factors | None:
        from training.factors import lead_factors
        from training.registry import load_model

        model = load_model(self.settings, version)

        def told(places: Sequence[int]) -> list[Mapping[str, float]]:
            each = (lead_factors(model, features.iloc[[place]]) for place in places)
            return [{factor.feature: factor.contribution for factor in lead.factors} for lead in each]

        return told

    def reproduces(self, version: str, progress: Progress) -> str:
        from training.reproduce import reproduce

        return reproduce(self.settings, self.actor, version, self.now, progress).found

    def champion_alias(self) -> str | None:
        from training.registry import champion_alias

        return champion_alias(self.settings)

    def set_champion_alias(self, version: str) -> None:
        from training.registry import set_champion_alias

        set_champion_alias(self.settings, version)


def newest_leads(settings: Settings, limit: int) -> NewestLeads:
    """The newest mature leads, on which no version was fitted: of the newest fifth at most so many.

    Every version leaves the newest fifth of the leads of its time to its test, and these are later still or the same.

    Raises:
        RefusedError: there are none.
        StorageError: the lake cannot be read.
    """
    from training.dataset import make_dataset, split_by_time

    lake = open_lake(settings)
    try:
        dataset = make_dataset(lake.pin())
    finally:
        lake.close()
    tested = split_by_time(dataset).test
    rows = slice(max(tested.start, len(dataset) - limit), len(dataset))
    if rows.start >= rows.stop:
        raise RefusedError("There are too few mature leads to compare versions on; build the lake first.")
    return NewestLeads(
        ComparedLeads(dataset.lead_ids[rows].astype(str), dataset.sources[rows].astype(str), dataset.converted[rows]),
        dataset.features.iloc[rows],
        _moment(dataset.moments[rows.start]),
        _moment(dataset.moments[rows.stop - 1]),
        dataset.snapshot_ids,
        f"{dataset.digest}:{rows.start}",
    )


def sources_of_lake(
    settings: Settings, actor: Actor, now: datetime, drift_report: Callable[[str], DriftReport | None]
) -> Sources:
    """All that promotion asks, from this lake; who acts is who has versions made again for the gate `reproduces`."""
    declared = settings.declarations
    return Sources(
        registry=LakeRegistry(settings, actor, now),
        newest_leads=lambda limit: newest_leads(settings, limit),
        drift_report=drift_report,
        rules=declared.promotion,
        bands=declared.bands,
        minimum_cell=declared.lake.minimum_cell,
    )


def _moment(value: np.datetime64) -> datetime:
    moment: datetime = value.astype("datetime64[us]").item()
    return moment.replace(tzinfo=UTC)
