"""MLflow's side of the registry, in a database of its own: a run and a registered version for each of ours.

The record and the ledger are the truth; this mirrors them, so that MLflow's own tools can be used on it. What differs
is found by `differences` and put right by `heal`.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from lake_access.database import database_address
from lake_access.errors import StorageError
from lake_access.settings import Settings
from lake_access.storage import open_store
from training.versions import ModelVersion

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

NAME = "leadlake"
CHAMPION = "champion"
SCHEMA = "mlflow"
STATE = "leadlake.state"
PENDING, REGISTERED, ABANDONED = "pending", "registered", "abandoned"


def mlflow_address(settings: Settings) -> str:
    """The address of MLflow's database: `mlflow.sqlite` in the home, or a schema of its own in PostgreSQL."""
    database = settings.database
    if database.startswith(("sqlite", "glue")):
        return f"sqlite:///{(settings.home / 'mlflow.sqlite').absolute()}"
    address = make_url(database_address(database))
    return address.update_query_dict({"options": f"-csearch_path={SCHEMA}"}).render_as_string(hide_password=False)


def open_mlflow(settings: Settings) -> MlflowClient:
    """MLflow's client over that database, which is made on first use.

    Raises:
        StorageError: it cannot be reached or written.
    """
    # Read when MLflow is imported: nothing of a lake is told to anybody.
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    for logger in ("mlflow", "alembic"):
        logging.getLogger(logger).setLevel(logging.WARNING)
    from mlflow.tracking import MlflowClient

    logging.getLogger("mlflow").setLevel(logging.WARNING)
    address = mlflow_address(settings)
    _make_room(settings, address)
    with translated():
        return MlflowClient(tracking_uri=address, registry_uri=address)


def next_number(client: MlflowClient) -> int:
    """The number that MLflow's next version is to have."""
    return 1 + max((int(version.version) for version in _versions(client)), default=0)


def start_run(client: MlflowClient, settings: Settings, told: ModelVersion) -> str:
    """A run with the version's parameters, metrics and tags; its id. It is finished by `finish`."""
    with translated():
        run = client.create_run(_experiment(client, settings), run_name=f"{NAME} {told.version}", tags=_tags(told))
        run_id: str = run.info.run_id
        for name, value in {**told.parameters, "algorithm": told.algorithm, "seed": told.seed}.items():
            client.log_param(run_id, name, value)
        for name, figure in told.metrics.items():
            client.log_metric(run_id, name, figure.value)
    return run_id


def create_version(client: MlflowClient, settings: Settings, told: ModelVersion, run_id: str) -> bool:
    """Register the run's version, as pending; False where MLflow gave it another number than ours.

    MLflow counts by itself. Numbers that it is behind by are made and marked as abandoned.
    """
    source = open_store(settings).address(told.artifact)
    with translated():
        _ensure_model(client)
        while True:
            made = client.create_model_version(NAME, source, run_id, tags={**_tags(told), STATE: PENDING})
            if int(made.version) >= int(told.version):
                break
            client.set_model_version_tag(NAME, made.version, STATE, ABANDONED)
        if int(made.version) > int(told.version):
            client.set_model_version_tag(NAME, made.version, STATE, ABANDONED)
            client.set_terminated(run_id, "KILLED")
            return False
    return True


def finish(client: MlflowClient, told: ModelVersion) -> None:
    """Mark the version as registered, and its run as finished."""
    with translated():
        version = client.get_model_version(NAME, told.version)
        for name, value in {**_tags(told), STATE: REGISTERED}.items():
            client.set_model_version_tag(NAME, told.version, name, value)
        if version.run_id:
            client.set_terminated(version.run_id, "FINISHED")


def heal(client: MlflowClient, records: Sequence[ModelVersion]) -> None:
    """Finish what a killed registration left half done here: of a version that is on record, or was never to be."""
    recorded = {int(record.version): record for record in records}
    for version in _versions(client):
        state, record = version.tags.get(STATE), recorded.get(int(version.version))
        if record is not None and state != REGISTERED:
            finish(client, record)
        if record is None and state == PENDING and int(version.version) <= max(recorded, default=0):
            with translated():
                client.set_model_version_tag(NAME, str(version.version), STATE, ABANDONED)


def differences(client: MlflowClient, records: Sequence[ModelVersion]) -> list[str]:
    """What MLflow tells otherwise than the record: a sentence each."""
    told = {int(version.version): version for version in _versions(client)}
    found = []
    for record in records:
        version = told.pop(int(record.version), None)
        if version is None:
            found.append(f"model {record.version} is not in MLflow's registry.")
            continue
        otherwise = [name for name, told_of in _tags(record).items() if version.tags.get(name) != told_of]
        if otherwise:
            found.append(f"model {record.version}: MLflow tells otherwise than the record: {', '.join(otherwise)}.")
    strangers = [number for number, version in told.items() if version.tags.get(STATE) not in (PENDING, ABANDONED)]
    return [*found, *(f"MLflow has a version {number} that Leadlake never registered." for number in sorted(strangers))]


def set_alias(client: MlflowClient, version: str | None) -> None:
    """Let `champion` point at this version, or at none."""
    with translated():
        _ensure_model(client)
        if version is None:
            client.delete_registered_model_alias(NAME, CHAMPION)
        else:
            client.set_registered_model_alias(NAME, CHAMPION, version)


def alias(client: MlflowClient) -> str | None:
    """The version that MLflow's `champion` points at."""
    with translated():
        models = client.search_registered_models(f"name='{NAME}'")
        found = models[0].aliases.get(CHAMPION) if models else None
    return None if found is None else str(found)


@contextmanager
def translated() -> Iterator[None]:
    """MLflow's errors as the lake's own."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except (MlflowException, SQLAlchemyError) as exc:
        reason = str(exc).splitlines()[0]
        raise StorageError(f"MLflow's database failed ({reason}); check LEADLAKE_DATABASE and LEADLAKE_HOME.") from exc


def _versions(client: MlflowClient) -> list[Any]:
    with translated():
        found: list[Any] = []
        token: str | None = None
        while token is None or token:
            page = client.search_model_versions(f"name='{NAME}'", max_results=200, page_token=token)
            found += page
            token = page.token or ""
    return found


def _ensure_model(client: MlflowClient) -> None:
    from mlflow.exceptions import MlflowException

    if client.search_registered_models(f"name='{NAME}'"):
        return
    try:
        client.create_registered_model(NAME)
    except MlflowException as exc:
        if exc.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _experiment(client: MlflowClient, settings: Settings) -> str:
    from mlflow.exceptions import MlflowException

    known = client.get_experiment_by_name(NAME)
    if known is None:
        try:
            made: str = client.create_experiment(NAME, artifact_location=open_store(settings).address("models/mlflow"))
            return made
        except MlflowException as exc:
            if exc.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            return _experiment(client, settings)
    experiment: str = known.experiment_id
    return experiment


def _tags(told: ModelVersion) -> dict[str, str]:
    return {
        "leadlake.version": told.version,
        "leadlake.created_by": told.created_by,
        "leadlake.as_of": told.as_of.isoformat(),
        "leadlake.artifact": told.artifact,
        "leadlake.artifact_sha256": told.artifact_sha256,
        "leadlake.card": told.card,
        "leadlake.card_sha256": told.card_sha256,
        "leadlake.dataset_digest": told.dataset_digest,
        "leadlake.digest": told.digest,
        "leadlake.snapshot_ids": json.dumps(dict(told.snapshot_ids)),
        "leadlake.features": json.dumps(told.features),
    }


def _make_room(settings: Settings, address: str) -> None:
    if address.startswith("sqlite"):
        settings.home.mkdir(parents=True, exist_ok=True)
        return
    try:
        engine = create_engine(database_address(settings.database))
        with engine.begin() as connection:
            connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
        engine.dispose()
    except SQLAlchemyError as exc:
        raise StorageError(f"the schema {SCHEMA} for MLflow cannot be made; give the user that right.") from exc
