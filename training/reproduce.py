"""Training a version again from what its record says, to see whether the same predictions come out, to the last bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from lake_access.database import open_database
from lake_access.errors import RefusedError, TrainingRefusedError
from lake_access.iceberg.tables import EVENTS
from lake_access.lake import Lake, PinnedLake, open_lake
from lake_access.ledger import record
from lake_access.permissions import Action, Actor, require
from lake_access.settings import Settings
from training.registry import version
from training.retraining import Asked, train
from training.version_records import subject_of
from training.versions import ModelVersion

Progress = Callable[[str, float | None], None]
REPRODUCED = "model.reproduced"


@dataclass(frozen=True)
class Reproduction:
    """Whether a version came out again: the digests on record and found, and from what it was trained (`data`)."""

    version: str
    same: bool
    recorded: str
    found: str
    dataset_same: bool
    data: str


def reproduce(
    settings: Settings,
    actor: Actor,
    v: str,
    now: datetime,
    progress: Progress = lambda _step, _share: None,
) -> Reproduction:
    """Train the version again and compare; the ledger keeps what was found.

    It is trained on the recorded snapshots; where they have expired, on the present tables as of the same moment, if
    these give the very same dataset.

    Raises:
        NotAllowedError: the actor may not retrain.
        ModelRefusedError: there is no such version.
        TrainingRefusedError: its data cannot be had any more.
        StorageError: the lake, its store or a database cannot be reached.
    """
    require(actor, Action.RETRAIN)
    told = version(settings, v)
    lake = open_lake(settings)
    try:
        pinned, data = _as_it_was(lake, told)
        trained = train(pinned, _asked(told), progress)
    finally:
        lake.close()
    found = Reproduction(
        version=told.version,
        same=trained.digest == told.digest,
        recorded=told.digest,
        found=trained.digest,
        dataset_same=trained.dataset.digest == told.dataset_digest,
        data=data,
    )
    details = {"same": found.same, "recorded": found.recorded, "found": found.found, "dataset_same": found.dataset_same}
    record(open_database(settings), actor, REPRODUCED, subject_of(told.version), details, now)
    return found


def _asked(told: ModelVersion) -> Asked:
    """What gives this version: its parameters as on record, whether they were searched for or not."""
    parameters = {name: value for name, value in told.parameters.items() if name != "calibration"}
    features = (told.numeric_features, told.categorical_features)
    return Asked(told.algorithm, told.as_of, None, told.seed, parameters, features)


def _as_it_was(lake: Lake, told: ModelVersion) -> tuple[PinnedLake, str]:
    snapshot = dict(told.snapshot_ids).get(EVENTS)
    if snapshot is None:
        raise TrainingRefusedError(
            f"SNAPSHOT_UNKNOWN: model {told.version} does not say from which events it was trained."
        )
    try:
        return lake.pin_as_of(snapshot), "the recorded snapshots"
    except RefusedError:
        # Snapshots last for `snapshot_retention_days`; what was known at a moment is still in the tables after that.
        return lake.pin(), f"the present tables as of {told.as_of.isoformat()}: the recorded snapshots have expired"
