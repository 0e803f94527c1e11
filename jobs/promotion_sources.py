"""Where the evidence of a promotion comes from in this house: the lake's registry and leads, and its drift reports."""

from __future__ import annotations

import hashlib
from datetime import datetime

from lake_access.database import open_database
from lake_access.permissions import Actor
from lake_access.settings import Settings
from lake_access.storage import open_store
from monitoring.kept_reports import INDEX, REPORTS, list_reports
from training.promotion.evidence import DriftReport, Sources
from training.promotion.of_lake import sources_of_lake
from training.promotion.records import champion


def promotion_sources(settings: Settings, actor: Actor, now: datetime) -> Sources:
    """All that a promotion asks of this lake, on behalf of this actor."""
    live = champion(open_database(settings))
    reference = None if live is None else live.version
    return sources_of_lake(
        settings, actor, now, lambda version: newest_drift_report(settings, version, reference=reference)
    )


def newest_drift_report(settings: Settings, version: str, reference: str | None) -> DriftReport | None:
    """The newest kept report that holds this version against the reference; against any where that is None.

    Its SHA-256 is over the index and every file as they lie there now: whatever is changed later makes it another.

    Raises:
        StorageError: the store cannot be read.
    """
    store = open_store(settings)
    for report in list_reports(store):
        if version != _version_of(report.current) or reference not in (None, _version_of(report.reference)):
            continue
        content = hashlib.sha256()
        for name in (*sorted(report.sha256), INDEX):
            content.update(hashlib.sha256(store.read_bytes(f"{REPORTS}{report.id}/{name}") or b"gone").digest())
        beyond = "more than chance" if report.beyond_chance else "within chance"
        verdict = "drift" if report.dataset_drift else "no drift"
        summary = f"{report.current} against {report.reference}: {report.share:.0%} of the columns drifted"
        return DriftReport(report.id, content.hexdigest(), report.made_at, f"{summary} ({verdict}, {beyond}).")
    return None


def _version_of(side: str) -> str | None:
    """The version that a side is of, as `lake_access.drift.compared.Side` writes itself; None where of none."""
    first = side.partition(", ")[0]
    return first.removeprefix("version ") if first.startswith("version ") else None
