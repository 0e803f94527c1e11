"""Offline scoring: what a version would have said of every lead when it was first scored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from lake_access.database import open_database
from lake_access.lake import open_lake
from lake_access.ledger import record
from lake_access.offline_scores import append_offline_scores, unscored_leads
from lake_access.permissions import Action, Actor, require
from lake_access.settings import Settings
from training.dataset import as_features
from training.registry import load_model, version
from training.version_records import subject_of

Progress = Callable[[str, float | None], None]
BATCH_LEADS = 200_000
SCORED = "model.scored_offline"


@dataclass(frozen=True)
class Scored:
    """How many leads a run scored, in how many commits."""

    version: str
    scored: int
    batches: int


def score(
    settings: Settings,
    actor: Actor,
    v: str,
    now: datetime,
    progress: Progress = lambda _step, _share: None,
    *,
    batch: int = BATCH_LEADS,
) -> Scored:
    """Score every lead that this version has not scored offline yet, in batches, each one commit of `curated.scores`.

    A run that was killed is taken up by the next; one after a whole one finds nothing to do, but leads that came since.

    Raises:
        NotAllowedError: the actor may not score.
        ModelRefusedError: there is no such version, or its file was changed.
        StorageError: the lake, its store or a database cannot be reached or written.
    """
    require(actor, Action.SCORE_OFFLINE)
    told, model = version(settings, v), load_model(settings, v)
    lake = open_lake(settings)
    scored = batches = 0
    try:
        for leads in unscored_leads(lake.pin(), told.version, batch):
            scores = model.scores(as_features(leads, model.numeric, model.categorical))
            given = pa.table({"lead_id": leads["lead_id"], "score": scores, "scored_at": leads["as_of"]})
            scored += append_offline_scores(lake, told.version, given, now)
            batches += 1
            progress(f"Scored {scored:,} leads", None)
    finally:
        lake.close()
    if scored:
        details = {"scored": scored, "artifact_sha256": told.artifact_sha256}
        record(open_database(settings), actor, SCORED, subject_of(told.version), details, now)
    return Scored(told.version, scored, batches)
