"""A registry in a folder: real scikit-learn models kept as skops files, and the leads that they learned from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from skops import io

from lake_access.declarations import PromotionDeclaration
from lake_access.errors import RefusedError, StorageError
from training.bootstrap import paired_differences
from training.comparison.compare import ComparedLeads, Factors
from training.metrics import Floats
from training.promotion.evidence import DriftReport, NewestLeads, Progress, Sources
from training.versions import ModelVersion

BANDS = {"cold": 0, "warm": 30, "hot": 60}
CREATED = datetime(2025, 3, 1, 9, tzinfo=UTC)
COLUMNS = ("webinar_minutes", "past_events", "noise")
SNAPSHOTS = (("curated.leads", 41), ("features.lead_features", 42))


def leads_of(seed: int, count: int = 500) -> tuple[Floats, np.ndarray[Any, np.dtype[np.bool_]]]:
    """Features of so many leads, and which converted."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(count, len(COLUMNS)))
    chance = 1 / (1 + np.exp(-(-1.0 + 1.1 * features[:, 0] + 0.9 * features[:, 1])))
    return features, rng.random(count) < chance


def newest_leads(limit: int, seed: int = 99) -> NewestLeads:
    """The leads on which versions are compared."""
    features, converted = leads_of(seed)
    features, converted = features[-limit:], converted[-limit:]
    sources = np.array(["online", "webinar"])[(np.arange(len(converted)) % 3 == 0).astype(int)]
    lead_ids = np.array([f"lead-{place:04}" for place in range(len(converted))])
    return NewestLeads(
        ComparedLeads(lead_ids, sources, converted),
        features,
        CREATED,
        CREATED + timedelta(days=30),
        SNAPSHOTS,
        hashlib.sha256(features.tobytes() + converted.tobytes()).hexdigest(),
    )


@dataclass(frozen=True)
class SmallRegistry:
    """Versions as files of a folder, so that several processes share them."""

    folder: Path

    def train(self, version: str, columns: Sequence[int], **otherwise: Any) -> ModelVersion:
        """Fit a version on some of the columns, keep it, and register it; `otherwise` changes what is registered."""
        self.folder.mkdir(parents=True, exist_ok=True)
        model = self._fit(columns)
        file = self.folder / f"{version}.skops"
        io.dump(model, file)
        features, converted = leads_of(7)
        probability = model.predict_proba(features[:, columns])[:, 1]
        differences = paired_differences(probability, probability, converted, seed=1, resamples=50)
        made = ModelVersion(
            version=version,
            algorithm="logistic_regression",
            created_at=CREATED,
            created_by="ana",
            as_of=CREATED,
            seed=1,
            snapshot_ids=SNAPSHOTS,
            numeric_features=tuple(COLUMNS[column] for column in columns),
            categorical_features=(),
            parameters={"columns": list(columns)},
            artifact=file.name,
            artifact_sha256=self.artifact_sha256(version),
            dataset_digest=hashlib.sha256(b"dataset").hexdigest(),
            digest=_digest(probability),
            metrics={each.metric: each.first for each in differences},
        )
        made = replace(made, **otherwise)
        self._keep(made)
        return made

    def versions(self) -> tuple[ModelVersion, ...]:
        return tuple(self.version(file.stem) for file in sorted(self.folder.glob("*.json")))

    def version(self, version: str) -> ModelVersion:
        from pydantic import TypeAdapter

        file = self.folder / f"{version}.json"
        if not file.is_file():
            raise RefusedError(f"There is no version {version}.")
        return TypeAdapter(ModelVersion).validate_json(file.read_text())

    def artifact_sha256(self, version: str) -> str:
        return hashlib.sha256(self._bytes(version)).hexdigest()

    def loads(self, version: str) -> None:
        self._load(version)

    def predictions(self, version: str, features: Floats) -> Floats:
        model, columns = self._load(version), self.version(version).parameters["columns"]
        probability: Floats = model.predict_proba(features[:, columns])[:, 1]
        return probability

    def factors(self, version: str, features: Floats) -> Factors | None:
        model, columns = self._load(version), self.version(version).parameters["columns"]
        names = [COLUMNS[column] for column in columns]
        parts = features[:, columns] * model.coef_[0]
        return lambda places: [dict(zip(names, parts[place].tolist(), strict=True)) for place in places]

    def reproduces(self, version: str, progress: Progress) -> str:
        progress("Fitting it again", None)
        columns = self.version(version).parameters["columns"]
        features, _ = leads_of(7)
        return _digest(self._fit(columns).predict_proba(features[:, columns])[:, 1])

    def champion_alias(self) -> str | None:
        file = self.folder / "champion.alias"
        return file.read_text() if file.is_file() else None

    def set_champion_alias(self, version: str) -> None:
        (self.folder / "champion.alias").write_text(version)

    def change(self, version: str, **otherwise: Any) -> None:
        """Change what is registered of a version, from outside."""
        self._keep(replace(self.version(version), **otherwise))

    def _keep(self, version: ModelVersion) -> None:
        from pydantic import TypeAdapter

        (self.folder / f"{version.version}.json").write_bytes(TypeAdapter(ModelVersion).dump_json(version))

    def _bytes(self, version: str) -> bytes:
        try:
            return (self.folder / f"{version}.skops").read_bytes()
        except FileNotFoundError as exc:
            raise StorageError(f"The model file of version {version} is gone.") from exc

    def _load(self, version: str) -> Any:
        content = self._bytes(version)
        if hashlib.sha256(content).hexdigest() != self.version(version).artifact_sha256:
            raise RefusedError(f"The model file of version {version} is not the registered one.")
        return io.loads(content, trusted=[])

    def _fit(self, columns: Sequence[int]) -> LogisticRegression:
        features, converted = leads_of(3, 2_000)
        return LogisticRegression().fit(features[:, list(columns)], converted)


def sources_of(registry: SmallRegistry, rules: PromotionDeclaration | None = None, with_drift: bool = True) -> Sources:
    """All that promotion asks, over this registry; drift reports are files beside it."""

    def drift_report(version: str) -> DriftReport | None:
        file = registry.folder / f"{version}.drift"
        if with_drift and not file.exists():
            file.write_text(json.dumps({"share": 0.1}))
        if not file.exists():
            return None
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        return DriftReport(f"drift-{version}", digest, CREATED, "1 of 7 columns drifted.")

    return Sources(registry, newest_leads, drift_report, rules or PromotionDeclaration(), BANDS, minimum_cell=30)


def _digest(probability: Floats) -> str:
    return hashlib.sha256(np.ascontiguousarray(probability, dtype="<f8").tobytes()).hexdigest()
