"""Asking for a promotion with all its evidence: the drift report is made where there is none yet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from lake_access.database import open_database
from lake_access.errors import NotAllowedError, RefusedError
from lake_access.lake import open_lake
from lake_access.offline_scores import scored_versions
from lake_access.permissions import Action, Actor, require
from lake_access.settings import Settings
from training.promotion.reasons import written_reason
from training.promotion.records import Request, champion

Progress = Callable[[str, float | None], None]

# The share of the whole that is done when each begins.
COMPARING, GATES = 0.1, 0.4
SEED: Final = 0


def request_with_evidence(
    settings: Settings,
    actor: Actor,
    version: str,
    reason: str,
    now: datetime,
    progress: Progress,
    log: Callable[[str], None],
) -> Request:
    """Ask that a version become champion; first make the drift report against the champion, where none is kept.

    A report that cannot be made (no lead was scored by the champion) does not stop the request: its gate says so.

    Raises:
        NotAllowedError: the actor may not request a promotion.
        RefusedError: no reason, no such version, it is champion already, or the alias was moved from outside.
        ConflictError: the version waits for a decision already, or the champion moved while the gates ran.
        StorageError: the database, MLflow or the lake cannot be read or written.
    """
    from jobs.promotion_sources import promotion_sources
    from training.promotion.requesting import request_promotion

    require(actor, Action.REQUEST_PROMOTION)
    written_reason(reason)
    engine = open_database(settings)
    live = champion(engine)
    if live is not None and live.version != version:
        _keep_drift_report(settings, actor, live.version, version, now, progress, log)
    sources = promotion_sources(settings, actor, now)
    return request_promotion(engine, sources, actor, version, reason, now, SEED, _from(progress, GATES))


def _keep_drift_report(
    settings: Settings,
    actor: Actor,
    live: str,
    version: str,
    now: datetime,
    progress: Progress,
    log: Callable[[str], None],
) -> None:
    from jobs.promotion_sources import newest_drift_report

    progress("Looking for a drift report", 0.0)
    if newest_drift_report(settings, version, reference=live) is not None:
        return
    try:
        for each in (live, version):
            score_where_never_scored(settings, actor, each, now, _from(progress, 0.0, COMPARING))
        make_drift_report(settings, actor, live, version, now, _from(progress, COMPARING, GATES))
    except NotAllowedError:
        raise
    except RefusedError as exc:
        log(f"No drift report could be made: {exc}")
    else:
        log(f"A drift report was made: version {version} against {live}.")


def score_where_never_scored(settings: Settings, actor: Actor, version: str, now: datetime, progress: Progress) -> None:
    """Score the leads offline by a version of which the lake holds no score: a drift report compares scores.

    One that scores online keeps its own scores only.

    Raises:
        NotAllowedError: the actor may not score.
        ModelRefusedError: there is no such version, or its file was changed.
        StorageError: the lake or a database cannot be reached or written.
    """
    from training.scoring import score

    lake = open_lake(settings)
    try:
        has_scores = version in scored_versions(lake.pin())
    finally:
        lake.close()
    if not has_scores:
        score(settings, actor, version, now, progress)


def make_drift_report(
    settings: Settings, actor: Actor, reference: str, current: str, now: datetime, progress: Progress
) -> None:
    """Make and keep a drift report of one version against another, over all their scores.

    Raises:
        NotAllowedError: the actor may not run a drift report.
        RefusedError: a version has no score.
        StorageError: the lake cannot be read or written.
    """
    from lake_access.drift.compared import Side
    from monitoring.evidently_report import ReportWish, make_report

    lake = open_lake(settings)
    try:
        wish = ReportWish(Side(version=reference), Side(version=current))
        make_report(lake, wish, actor, now, progress)
    finally:
        lake.close()


def _from(progress: Progress, begins: float, ends: float = 1.0) -> Progress:
    """Progress of a part of the whole."""

    def told(step: str, share: float | None) -> None:
        progress(step, None if share is None else begins + (ends - begins) * min(1.0, share))

    return told
