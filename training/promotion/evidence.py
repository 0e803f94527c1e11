"""What promotion asks of the rest of the house: the registry, the newest mature leads, and drift reports."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from lake_access.declarations import PromotionDeclaration
from training.comparison.compare import ComparedLeads, Factors
from training.metrics import Floats
from training.versions import ModelVersion

Progress = Callable[[str, float | None], None]


@dataclass(frozen=True)
class NewestLeads:
    """The newest mature leads: who they are, what came of them, and their features as a version takes them.

    `digest` is the SHA-256 of all of it. `since` and `until` are the moments of the first and the last lead.
    """

    compared: ComparedLeads
    features: Any
    since: datetime
    until: datetime
    snapshot_ids: tuple[tuple[str, int], ...]
    digest: str

    def __len__(self) -> int:
        return len(self.compared.converted)


@dataclass(frozen=True)
class DriftReport:
    """A drift report of a version that was kept: which, the SHA-256 of its content, and what it found in a sentence."""

    id: str
    sha256: str
    made_at: datetime
    summary: str


class Registry(Protocol):
    """The registered versions and their artifacts. Whatever fails raises a LeadlakeError."""

    def versions(self) -> tuple[ModelVersion, ...]:
        """All versions, the newest last."""

    def version(self, version: str) -> ModelVersion:
        """One of them; RefusedError where there is none of that name."""

    def artifact_sha256(self, version: str) -> str:
        """The SHA-256 of the model file as it lies there now."""

    def loads(self, version: str) -> None:
        """Load the model by its SHA-256 and the trusted types; an error says why it cannot be."""

    def predictions(self, version: str, features: Any) -> Floats:
        """The probabilities that the version gives these leads."""

    def factors(self, version: str, features: Any) -> Factors | None:
        """What each feature adds to these leads' log-odds; None where the version cannot say."""

    def reproduces(self, version: str, progress: Progress) -> str:
        """Make the version again, and give the digest of the predictions that come of it."""

    def champion_alias(self) -> str | None:
        """The version that MLflow's alias `champion` points to."""

    def set_champion_alias(self, version: str) -> None:
        """Point the alias to this version."""


@dataclass(frozen=True)
class Sources:
    """Where the evidence of a promotion comes from.

    `newest_leads(limit)` gives the newest mature leads, at most so many. `drift_report(version)` gives the newest
    report of the version, None where there is none.
    """

    registry: Registry
    newest_leads: Callable[[int], NewestLeads]
    drift_report: Callable[[str], DriftReport | None]
    rules: PromotionDeclaration
    bands: Mapping[str, int]
    minimum_cell: int


def digest_of(content: Any) -> str:
    """The SHA-256 of what JSON has, whatever the order of its keys."""
    written = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(written.encode()).hexdigest()
