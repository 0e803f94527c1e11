"""Where the evidence of a promotion comes from in this house: the lake's registry and leads, and its drift reports."""

from __future__ import annotations

from datetime import datetime

from lake_access.permissions import Actor
from lake_access.settings import Settings
from training.promotion.evidence import DriftReport, Sources
from training.promotion.of_lake import sources_of_lake


def promotion_sources(settings: Settings, actor: Actor, now: datetime) -> Sources:
    """All that a promotion asks of this lake, on behalf of this actor."""
    return sources_of_lake(settings, actor, now, newest_drift_report)


def newest_drift_report(_version: str) -> DriftReport | None:
    """The newest drift report that was kept of a version: none is kept yet."""
    return None
