"""What the demo has to show of models: two trained versions, a champion, their comparison, and a request that waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from jobs.demo import is_demo, mark_models_made
from lake_access.database import open_database
from lake_access.errors import RefusedError
from lake_access.lake import open_lake
from lake_access.permissions import Action, Actor, require
from lake_access.settings import Settings
from training.promotion.records import champion, requests

Progress = Callable[[str, float | None], None]

FIRST = "The first version of the demo."
REASON = "Boosted trees, trained on three months more of leads."
# The share of the whole that is done when each begins.
COMPARING, REQUESTING = 0.4, 0.55


def make_demo_models(
    settings: Settings, actor: Actor, now: datetime, progress: Progress, log: Callable[[str], None]
) -> tuple[str, ...]:
    """Train the demo's two versions, make the first champion, compare both, and ask for the second; the versions.

    Each part that is there already is left alone, so that a run that was killed is taken up by the next. A demo of too
    few leads has no models.

    Raises:
        NotAllowedError: the actor may not change the lake.
        RefusedError: this lake holds no demo.
        StorageError: the lake, MLflow or the database cannot be reached, read or written.
    """
    from training.demo_models import train_demo_models

    require(actor, Action.MAINTAIN)
    lake = open_lake(settings)
    try:
        if not is_demo(lake):
            raise RefusedError("This lake holds no demo; train models with `leadlake train`.")
        made = train_demo_models(settings, actor, now, _within(progress, 0.0, COMPARING), _crown)
        if len(made) > 1:
            _compare(settings, actor, made[0], made[1], now, _within(progress, COMPARING, REQUESTING))
            _request(settings, actor, made[1], now, _within(progress, REQUESTING, 1.0), log)
        mark_models_made(lake)
    finally:
        lake.close()
    return made


def _crown(settings: Settings, actor: Actor, version: str, now: datetime) -> None:
    from training.promotion.moving import bootstrap_champion
    from training.promotion.of_lake import LakeRegistry

    engine = open_database(settings)
    if champion(engine) is None:
        registry = LakeRegistry(settings, actor, now)
        bootstrap_champion(engine, registry, actor, registry.version(version), FIRST, now)


def _compare(settings: Settings, actor: Actor, first: str, second: str, now: datetime, progress: Progress) -> None:
    from jobs.promotion_sources import promotion_sources
    from training.comparison.kept import newest_comparison
    from training.promotion.comparing import compare_and_keep

    engine = open_database(settings)
    if newest_comparison(engine, first, second) is None:
        sources = promotion_sources(settings, actor, now)
        compare_and_keep(engine, sources, actor, first, second, now, progress=progress)


def _request(
    settings: Settings, actor: Actor, version: str, now: datetime, progress: Progress, log: Callable[[str], None]
) -> None:
    """Ask once: whatever was decided on a request of this version stands."""
    from jobs.promoting import request_with_evidence

    engine = open_database(settings)
    live = champion(engine)
    asked = {request.version for request in requests(engine)}
    if version not in asked and live is not None and live.version != version:
        request_with_evidence(settings, actor, version, REASON, now, progress, log)


def _within(progress: Progress, begins: float, ends: float) -> Progress:
    def told(step: str, share: float | None) -> None:
        progress(step, None if share is None else begins + (ends - begins) * min(1.0, share))

    return told
