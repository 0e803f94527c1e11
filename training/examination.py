"""What `leadlake doctor` looks at of models: their files, MLflow's mirror and alias, the champion, and the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Engine

from lake_access.database import open_database, reading
from lake_access.errors import LeadlakeError
from lake_access.examination.finding import Finding
from lake_access.ledger import verify
from lake_access.settings import Settings
from lake_access.storage import open_store
from training.artifacts import read_registered
from training.promotion.alias import wrongly_pointed
from training.promotion.ledger_rows import champion_untold
from training.promotion.records import champion
from training.registry import champion_alias, mirror_differences, versions
from training.versions import ModelVersion

RESTORE: Final = "Find out who changed it, and restore it from a copy."
REPAIR: Final = "Find out who moved it; `leadlake promotion repair` sets it back."


def examine_models(settings: Settings) -> Iterator[Finding]:
    """Every finding about models; nothing is loaded or changed. MLflow is asked only where there is a version."""
    try:
        engine = open_database(settings)
        yield _ledger(engine)
        yield _champion(engine)
        found = versions(settings)
    except LeadlakeError as exc:
        yield Finding("models", "failure", str(exc), RESTORE)
        return
    yield _files(settings, found)
    if found:
        yield _mirror(settings)
        yield _alias(settings, engine)


def _ledger(engine: Engine) -> Finding:
    found = verify(engine)
    if found.valid:
        return Finding("ledger", "ok", f"{found.rows:,} rows, the chain holds")
    detail = f"row {found.first_broken} of {found.rows:,} was changed, or one is missing there"
    return Finding("ledger", "failure", detail, RESTORE)


def _champion(engine: Engine) -> Finding:
    live = champion(engine)
    with reading(engine) as connection:
        untold = champion_untold(connection, live.tenure if live else None)
    if untold:
        return Finding("champion", "failure", untold, RESTORE)
    told = "none yet" if live is None else f"version {live.version}, as row {live.tenure.ledger_row} of the ledger says"
    return Finding("champion", "ok", told)


def _files(settings: Settings, found: list[ModelVersion]) -> Finding:
    """Each version's model file and card, held against the SHA-256 that was registered."""
    store = open_store(settings)
    wrong = []
    for version in found:
        for key, sha256 in ((version.artifact, version.artifact_sha256), (version.card, version.card_sha256)):
            try:
                read_registered(store, key, sha256)
            except LeadlakeError as exc:
                wrong.append(str(exc))
    if wrong:
        return Finding("model files", "failure", " ".join(wrong), "Restore them from a copy of the lake.")
    told = "none yet" if not found else f"{len(found):,} versions, their files are the registered ones"
    return Finding("model files", "ok", told)


def _mirror(settings: Settings) -> Finding:
    try:
        differing = mirror_differences(settings)
    except LeadlakeError as exc:
        return Finding("MLflow", "failure", str(exc), "Check its database; docs/training.md says where it is.")
    if differing:
        return Finding("MLflow", "warning", "; ".join(differing), "The record in the database decides.")
    return Finding("MLflow", "ok", "its registry agrees with the record")


def _alias(settings: Settings, engine: Engine) -> Finding:
    try:
        moved = wrongly_pointed(champion(engine), champion_alias(settings))
    except LeadlakeError as exc:
        return Finding("MLflow's alias", "failure", str(exc), "Check its database; docs/training.md says where it is.")
    if moved is not None:
        return Finding("MLflow's alias", "failure", moved, REPAIR)
    return Finding("MLflow's alias", "ok", "it follows the champion")
