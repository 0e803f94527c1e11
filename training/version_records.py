"""The record of the versions: a table that pages read without MLflow, bound to the ledger by its hash."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Engine, Integer, MetaData, String, Table, Text, func, insert, select
from sqlalchemy.exc import IntegrityError

from lake_access.database import Moment, make_tables, reading, writing
from lake_access.errors import ConflictError, ModelRefusedError
from lake_access.ledger import LEDGER, append, entries, open_ledger
from lake_access.permissions import Actor
from training.versions import Interval, ModelVersion

METADATA = MetaData()
VERSIONS = Table(
    "model_versions",
    METADATA,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("created_at", Moment, nullable=False),
    Column("document", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
)
REGISTERED = "model.registered"


def subject_of(version: str) -> str:
    """What the ledger calls a version."""
    return f"model {version}"


def add_record(engine: Engine, actor: Actor, told: ModelVersion, now: datetime) -> None:
    """Keep a version and its row of the ledger, in one transaction: from here on the version exists.

    Raises:
        ConflictError: another version took the number.
        StorageError: the database cannot be written.
    """
    make_tables(engine, METADATA)
    open_ledger(engine)
    document = _written(told)
    digest = hashlib.sha256(document.encode()).hexdigest()
    row = {"version": int(told.version), "created_at": told.created_at, "document": document, "sha256": digest}
    with writing(engine) as connection:
        try:
            connection.execute(insert(VERSIONS).values(**row))
        except IntegrityError as exc:
            raise ConflictError(f"model {told.version}: another training took this number first; try again.") from exc
        details = {
            "algorithm": told.algorithm,
            "artifact": told.artifact,
            "artifact_sha256": told.artifact_sha256,
            "card_sha256": told.card_sha256,
            "dataset_digest": told.dataset_digest,
            "digest": told.digest,
            "record_sha256": digest,
        }
        append(connection, actor, REGISTERED, subject_of(told.version), details, now)


def all_records(engine: Engine) -> list[ModelVersion]:
    """Every version, the newest first.

    Raises:
        ModelRefusedError: a record is not the one that was registered, or is gone.
        StorageError: the database cannot be read.
    """
    make_tables(engine, METADATA)
    open_ledger(engine)
    with reading(engine) as connection:
        rows = connection.execute(select(VERSIONS).order_by(VERSIONS.c.version.desc())).mappings().all()
        told = select(LEDGER.c.subject, LEDGER.c.details).where(LEDGER.c.event == REGISTERED).order_by(LEDGER.c.number)
        registered = {
            subject: json.loads(details)["record_sha256"] for subject, details in connection.execute(told).all()
        }
    gone = registered.keys() - {subject_of(str(row["version"])) for row in rows}
    if gone:
        raise ModelRefusedError(
            f"{min(gone)}: the ledger registered it, and its record in the database is gone; restore the database from "
            "a copy."
        )
    return [_checked(row["document"], registered.get(subject_of(str(row["version"]))), row["version"]) for row in rows]


def record_of(engine: Engine, version: str) -> ModelVersion:
    """The version of this number.

    Raises:
        ModelRefusedError: there is none, or its record is not the one that was registered.
        StorageError: the database cannot be read.
    """
    make_tables(engine, METADATA)
    number = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else -1
    with reading(engine) as connection:
        document = connection.execute(select(VERSIONS.c.document).where(VERSIONS.c.version == number)).scalar()
    if document is None:
        raise ModelRefusedError(f"there is no model version {version!r}; `leadlake models` lists them.")
    rows = entries(engine, event=REGISTERED, subject=subject_of(str(number)))
    return _checked(document, rows[-1].details["record_sha256"] if rows else None, number)


def newest_number(engine: Engine) -> int:
    """The highest number that a version has; 0 where there is none."""
    make_tables(engine, METADATA)
    with reading(engine) as connection:
        return connection.execute(select(func.max(VERSIONS.c.version))).scalar() or 0


def _checked(document: str, registered: str | None, number: int) -> ModelVersion:
    if registered is None or hashlib.sha256(document.encode()).hexdigest() != registered:
        raise ModelRefusedError(
            f"model {number}: its record in the database is not the one that the ledger registered; "
            "restore the database from a copy (`leadlake audit --verify` says whether the ledger holds)."
        )
    return _read(json.loads(document))


def _written(told: ModelVersion) -> str:
    return json.dumps(as_json(told), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def as_json(told: ModelVersion) -> dict[str, Any]:
    """A version as JSON has it; a figure that cannot be told is null."""
    plain: dict[str, Any] = without_nan(asdict(told))
    return plain | {"created_at": told.created_at.isoformat(), "as_of": told.as_of.isoformat()}


def without_nan(value: Any) -> Any:
    """The value with null for every float that JSON does not have."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(inner) for inner in value]
    return value


def _read(told: Mapping[str, Any]) -> ModelVersion:
    intervals = {
        name: Interval(*(math.nan if figure[end] is None else figure[end] for end in ("value", "low", "high")))
        for name, figure in told["metrics"].items()
    }
    lists = ("numeric_features", "categorical_features", "leakage_findings")
    return ModelVersion(
        **{
            **told,
            **{name: tuple(told[name]) for name in lists},
            "created_at": datetime.fromisoformat(told["created_at"]),
            "as_of": datetime.fromisoformat(told["as_of"]),
            "snapshot_ids": tuple((name, snapshot) for name, snapshot in told["snapshot_ids"]),
            "metrics": intervals,
        }
    )
