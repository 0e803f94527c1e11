"""The registry: what versions there are, their files and cards, and how one comes to be.

The record in the database and its row in the ledger are the truth; MLflow mirrors it. Reading imports neither MLflow
nor scikit-learn: pages may.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from lake_access.database import open_database
from lake_access.errors import ConflictError, ModelRefusedError
from lake_access.permissions import Action, Actor, require
from lake_access.settings import Settings
from lake_access.storage import open_store
from training.artifacts import put_once, read_registered
from training.model import Model
from training.version_records import add_record, all_records, newest_number, record_of
from training.versions import ModelVersion

# In this order: a registration that is killed at any of them leaves no version, or after the record a whole one.
REGISTRATION_STEPS = (
    "Writing the model file",
    "Writing the model card",
    "Logging the run",
    "Registering with MLflow",
    "Recording the version",
    "Finishing the run",
)
ATTEMPTS = 5

Step = Callable[[str], None]


def versions(settings: Settings) -> list[ModelVersion]:
    """Every version, the newest first.

    Raises:
        ModelRefusedError: a record was changed from outside.
        StorageError: the database cannot be read.
    """
    return all_records(open_database(settings))


def version(settings: Settings, v: str) -> ModelVersion:
    """The version of this number.

    Raises:
        ModelRefusedError: there is none, or its record was changed from outside.
        StorageError: the database cannot be read.
    """
    return record_of(open_database(settings), v)


def card(settings: Settings, v: str) -> Mapping[str, Any]:
    """The model card's data, as `training.card` describes them.

    Raises:
        ModelRefusedError: there is no such version, or its card is gone or was changed.
        StorageError: the store or the database cannot be read.
    """
    told = version(settings, v)
    read: Mapping[str, Any] = json.loads(read_registered(open_store(settings), told.card, told.card_sha256))
    return read


def load_model(settings: Settings, v: str) -> Model:
    """The model of this version, from the very file that was registered.

    Raises:
        ModelRefusedError: there is no such version, or its file is gone, changed, or no model of ours; nothing was run.
        StorageError: the store or the database cannot be read.
    """
    from training.artifacts import model_from

    told = version(settings, v)
    return model_from(read_registered(open_store(settings), told.artifact, told.artifact_sha256), told.artifact)


def register(
    settings: Settings,
    actor: Actor,
    told: ModelVersion,
    content: bytes,
    describe: Callable[[ModelVersion], Mapping[str, Any]],
    now: datetime,
    step: Step = lambda _name: None,
) -> ModelVersion:
    """Register a trained model under the next number; the version as it stands on record.

    `told.version` and its keys are filled in here. `content` is the model file, `describe` gives the card's data.

    Raises:
        NotAllowedError: the actor may not retrain.
        ConflictError: others kept taking the number first.
        StorageError: the store or a database cannot be reached or written.
    """
    require(actor, Action.RETRAIN)
    for attempt in range(ATTEMPTS):
        try:
            return _register(settings, actor, told, content, describe, now, step)
        except ConflictError:
            if attempt == ATTEMPTS - 1:
                raise
    raise ModelRefusedError("the version could not be registered.")


def set_champion_alias(settings: Settings, v: str | None) -> None:
    """Let MLflow's alias `champion` follow what the ledger says; None where there is no champion.

    Raises:
        StorageError: MLflow's database cannot be written.
    """
    from training.mlflow_mirror import open_mlflow, set_alias

    set_alias(open_mlflow(settings), v)


def champion_alias(settings: Settings) -> str | None:
    """The version that MLflow's alias `champion` names: a mirror, to be held against the ledger.

    Raises:
        StorageError: MLflow's database cannot be read.
    """
    from training.mlflow_mirror import alias, open_mlflow

    return alias(open_mlflow(settings))


def mirror_differences(settings: Settings) -> list[str]:
    """What MLflow's registry tells otherwise than the record; empty where they agree.

    Raises:
        StorageError: a database cannot be read.
    """
    from training.mlflow_mirror import differences, open_mlflow

    return differences(open_mlflow(settings), versions(settings))


def _register(
    settings: Settings,
    actor: Actor,
    told: ModelVersion,
    content: bytes,
    describe: Callable[[ModelVersion], Mapping[str, Any]],
    now: datetime,
    step: Step,
) -> ModelVersion:
    from training import mlflow_mirror

    store, engine, client = open_store(settings), open_database(settings), mlflow_mirror.open_mlflow(settings)
    mlflow_mirror.heal(client, all_records(engine))
    number = str(max(newest_number(engine) + 1, mlflow_mirror.next_number(client)))
    step(REGISTRATION_STEPS[0])
    artifact, artifact_sha256 = put_once(store, number, "model", ".skops", content)
    told = replace(told, version=number, artifact=artifact, artifact_sha256=artifact_sha256)
    step(REGISTRATION_STEPS[1])
    written = json.dumps(describe(told), ensure_ascii=False, allow_nan=False, indent=1).encode()
    card_key, card_sha256 = put_once(store, number, "card", ".json", written)
    told = replace(told, card=card_key, card_sha256=card_sha256)
    step(REGISTRATION_STEPS[2])
    run_id = mlflow_mirror.start_run(client, settings, told)
    step(REGISTRATION_STEPS[3])
    if not mlflow_mirror.create_version(client, settings, told, run_id):
        raise ConflictError(f"model {number}: another training took this number first; try again.")
    step(REGISTRATION_STEPS[4])
    add_record(engine, actor, told, now)
    step(REGISTRATION_STEPS[5])
    mlflow_mirror.finish(client, told)
    return told
