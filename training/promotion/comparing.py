"""Any two versions compared on the newest mature leads, on request; what comes of it is kept for the pages."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from lake_access.errors import RefusedError
from lake_access.permissions import Action, Actor, require
from training.comparison.kept import KeptComparison, keep_comparison
from training.promotion.evidence import Progress, Sources
from training.promotion.impact import compare_versions, scored
from training.promotion.requesting import nothing_told


def compare_and_keep(
    engine: Engine,
    sources: Sources,
    actor: Actor,
    first: str,
    second: str,
    now: datetime,
    seed: int = 0,
    progress: Progress = nothing_told,
) -> KeptComparison:
    """Compare the second version with the first, and keep what was found.

    Raises:
        NotAllowedError: the actor may not work on models.
        RefusedError: there is no such version, both are one, or a version does not load.
        StorageError: the database or the lake cannot be read or written.
    """
    require(actor, Action.RETRAIN)
    if first == second:
        raise RefusedError(f"Version {first} is the same as version {second}; name two versions.")
    for version in (first, second):
        sources.registry.version(version)
    progress("Reading the newest mature leads", 0.05)
    leads = sources.newest_leads(sources.rules.newest_leads)
    comparison = compare_versions(sources, leads, first, scored(sources, second, leads), seed, progress)
    kept = KeptComparison(comparison, now, actor.name, leads.since, leads.until)
    keep_comparison(engine, actor, kept)
    return kept
