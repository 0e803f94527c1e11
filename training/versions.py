"""What training, the registry, comparison, promotion and monitoring say to each other of a model version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Algorithm = Literal["logistic_regression", "gradient_boosting"]
ALGORITHMS: tuple[Algorithm, ...] = ("logistic_regression", "gradient_boosting")
SCORE_SCALE = 100  # a model's score is round(100 × probability)


@dataclass(frozen=True)
class Interval:
    """A figure with its 95% interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class ModelVersion:
    """A registered version: what it is, what it was made from, and how well it did on the newest mature leads.

    `digest` is the SHA-256 of its predictions on its own test leads, `artifact_sha256` that of the model file, whose
    key in the lake's store is `artifact`. `card` and `card_sha256` are the same of the model card's data.
    `validation_metrics` has the same figures on the leads before those, on which it was calibrated: the gap between
    both is what the newest data cost it.
    `metrics` has roc_auc, average_precision, brier, log_loss, ece, lift_10, lift_20, capture_20 on the test leads.
    """

    version: str
    algorithm: Algorithm
    created_at: datetime
    created_by: str
    as_of: datetime
    seed: int
    snapshot_ids: tuple[tuple[str, int], ...]
    numeric_features: tuple[str, ...]
    categorical_features: tuple[str, ...]
    parameters: Mapping[str, Any]
    artifact: str
    artifact_sha256: str
    dataset_digest: str
    digest: str
    metrics: Mapping[str, Interval]
    metrics_by_source: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    leakage_findings: tuple[str, ...] = ()
    validation_metrics: Mapping[str, float] = field(default_factory=dict)
    card: str = ""
    card_sha256: str = ""

    @property
    def features(self) -> tuple[str, ...]:
        return (*self.numeric_features, *self.categorical_features)
