"""Why a version gave one lead its score: the factors, worked out anew from the lead's features as of that score."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import pyarrow as pa

from lake_access.errors import RefusedError
from lake_access.features import features_as_of
from lake_access.lake import open_lake
from lake_access.lead_history import lead_history
from lake_access.permissions import Action, Actor, require
from lake_access.settings import Settings
from training.registry import load_model

Progress = Callable[[str, float | None], None]


def score_factors(
    settings: Settings,
    actor: Actor,
    lead_id: str,
    version: str,
    progress: Progress = lambda _step, _share: None,
) -> Mapping[str, Any]:
    """The factors of the newest score that a registered version gave a lead; JSON throughout.

    `score` is on record, `model_score` what the registered model makes of the lead's features as of `scored_at`: they
    differ where the score came from elsewhere under the same number. `factors` has for each feature its part in the
    log-odds and its value as text (None: missing), the strongest first; `base` is what they start from.

    Raises:
        NotAllowedError: the actor may not have leads scored.
        RefusedError: there is no such lead, or the version has not scored it.
        ModelRefusedError: there is no such version, or its file was changed.
        StorageError: the lake, its store or a database cannot be reached.
    """
    require(actor, Action.SCORE_OFFLINE)
    from training.dataset import as_features
    from training.factors import lead_factors

    lead = _lead(lead_id)
    progress("Loading the model", 0.1)
    model = load_model(settings, version)
    lake = open_lake(settings)
    try:
        progress("Reading the lead", 0.4)
        pinned = lake.pin()
        history = lead_history(pinned, lead)
        given = [] if history is None else [score for score in history.scores if score.version == version]
        if not given:
            raise RefusedError(f"Version {version} has not scored the lead {lead}, or there is no such lead.")
        newest = given[-1]
        progress("Deriving its features", 0.5)
        moment = pa.array([newest.scored_at], pa.timestamp("us", tz="UTC"))
        rows = features_as_of(pinned, pa.table({"lead_id": [lead], "as_of": moment}))
    finally:
        lake.close()
    progress("Telling its factors", 0.9)
    features = as_features(rows, model.numeric, model.categorical)
    found = lead_factors(model, features)
    return {
        "version": version,
        "score": newest.score,
        "scored_at": newest.scored_at.isoformat(),
        "mode": newest.mode,
        "model_score": int(model.scores(features)[0]),
        "base": found.base,
        "factors": [
            {"feature": factor.feature, "contribution": factor.contribution, "value": factor.value}
            for factor in found.factors
        ],
    }


def _lead(lead_id: str) -> str:
    try:
        return str(UUID(lead_id))
    except ValueError as exc:
        raise RefusedError("A lead's id is a UUID, as the page Leads shows it.") from exc
