"""The champion moves: by compare-and-swap, in one transaction with the ledger's row and whatever else it makes void."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, update

from lake_access.database import reading
from lake_access.errors import ConflictError, LeadlakeError, RefusedError
from lake_access.ledger import append, verify
from lake_access.permissions import Action, Actor, require
from training.promotion.alias import mirror, require_own_alias
from training.promotion.evidence import Registry
from training.promotion.ledger_rows import fallback_untold
from training.promotion.reasons import written_reason
from training.promotion.records import Champion, How, Tenure, champion, champion_in, requests_in
from training.promotion.steps import (
    CHAMPION_MOVED,
    DECIDED,
    DECISION_WRITTEN,
    EVIDENCE_CHECKED,
    Reached,
    unwatched,
)
from training.promotion.tables import CHAMPION, REQUESTS, TENURES, deciding, open_promotions
from training.versions import ModelVersion


@dataclass(frozen=True)
class Move:
    """A move of the champion: to which artifact, how, and which tenure it would fall back to."""

    version: str
    artifact_sha256: str
    prediction_digest: str
    how: How
    request: int | None
    falls_back_to: int | None


def move_champion(
    connection: Connection,
    actor: Actor,
    expected: Tenure | None,
    move: Move,
    entry: tuple[str, str, Mapping[str, Any]],
    now: datetime,
) -> Tenure:
    """Move the champion from the expected tenure, within the caller's transaction; `entry` is event, subject, details.

    Raises:
        ConflictError: the champion is another than expected by now.
    """
    live = champion_in(connection)
    if (live.tenure.id if live else None) != (expected.id if expected else None):
        raise ConflictError(f"{_who_is(live)} The champion is not what it was when this began. Nothing was changed.")
    row = append(connection, actor, *entry, now)
    values = {**vars(move), "since": now, "by": actor.name, "ledger_row": row}
    added = connection.execute(insert(TENURES).values(**values)).inserted_primary_key
    number = int(added[0]) if added is not None else 0
    if expected is None:
        connection.execute(insert(CHAMPION).values(one=1, tenure=number, mirrored=None))
    else:
        swapped = connection.execute(
            update(CHAMPION).where(CHAMPION.c.tenure == expected.id).values(tenure=number)
        ).rowcount
        if swapped != 1:
            raise ConflictError("Somebody else moved the champion at the same moment. Nothing was changed.")
    _void_others(connection, actor, number, move, now)
    return Tenure(id=number, **values)


def bootstrap_champion(
    engine: Engine, registry: Registry, actor: Actor, version: ModelVersion, reason: str, now: datetime
) -> Champion:
    """Make a version the first champion without a request, as a lake without any needs it; the ledger says how.

    Where that version is champion already, nothing is changed.

    Raises:
        NotAllowedError: the actor may not decide on promotions.
        RefusedError: there is a champion, or the version's artifact does not load.
        StorageError: the database or MLflow cannot be written.
    """
    require(actor, Action.DECIDE_PROMOTION)
    why = written_reason(reason)
    open_promotions(engine)
    live = champion(engine)
    if live is not None and live.version == version.version:
        return live
    if live is not None:
        raise RefusedError(f"{_who_is(live)} Request a promotion to change it. Nothing was changed.")
    _require_artifact(registry, version.version, version.artifact_sha256)
    move = Move(version.version, version.artifact_sha256, version.digest, "first", None, None)
    details = {**_digests(move), "reason": why, "how": "made the first champion without a request"}
    with deciding(engine) as connection:
        move_champion(connection, actor, None, move, ("promotion.first", f"version {version.version}", details), now)
    return settled(engine, registry, unwatched)


def roll_back(
    engine: Engine, registry: Registry, actor: Actor, reason: str, now: datetime, reached: Reached = unwatched
) -> Champion:
    """Make the champion of before champion again, in one step, once its artifact is known to load.

    Rolling back again goes further back; what was rolled back from needs a request to return. A broken ledger does not
    hold it up, and is told in the row.

    Raises:
        NotAllowedError: the actor may not roll back.
        RefusedError: there is none to go back to, its artifact is another or does not load, or the alias was moved.
        ConflictError: somebody moved the champion at the same moment.
        StorageError: the database or MLflow cannot be written.
    """
    require(actor, Action.ROLL_BACK)
    why = written_reason(reason)
    live = champion(engine)
    if live is None or live.previous is None:
        raise RefusedError(f"{_who_is(live)} There was no champion before it to go back to. Nothing was changed.")
    require_own_alias(engine, registry)
    back = live.previous
    with reading(engine) as connection:
        untold = fallback_untold(connection, live.tenure, back)
    if untold:
        raise RefusedError(f"{untold} Somebody changed it from outside. Nothing was changed.")
    _require_artifact(registry, back.version, back.artifact_sha256)
    reached(EVIDENCE_CHECKED)
    move = Move(back.version, back.artifact_sha256, back.prediction_digest, "rolled back", None, back.falls_back_to)
    details = {**_digests(move), "from": live.version, "reason": why, "ledger_valid": verify(engine).valid}
    with deciding(engine) as connection:
        entry = ("promotion.rolled_back", f"version {back.version}", details)
        move_champion(connection, actor, live.tenure, move, entry, now)
        reached(CHAMPION_MOVED)
        reached(DECISION_WRITTEN)
    return settled(engine, registry, reached)


def settled(engine: Engine, registry: Registry, reached: Reached) -> Champion:
    """The champion after a move, its alias mirrored."""
    reached(DECIDED)
    live = champion(engine)
    if live is None:  # only a database that was emptied at this moment
        raise ConflictError("The champion that was just written is gone; look at the database.")
    mirror(engine, registry, live, reached)
    return live


def _require_artifact(registry: Registry, version: str, sha256: str) -> None:
    try:
        found = registry.artifact_sha256(version)
        if found == sha256:
            registry.loads(version)
    except LeadlakeError as exc:
        raise RefusedError(f"Version {version} does not load: {exc} Nothing was changed.") from exc
    if found != sha256:
        raise RefusedError(
            f"The model file of version {version} is another than the ledger says: its SHA-256 is {found}, and was "
            f"{sha256}. Put the file back, or choose another version. Nothing was changed."
        )


def _void_others(connection: Connection, actor: Actor, tenure: int, move: Move, now: datetime) -> None:
    """Requests that were held against the champion of before no longer say what would change."""
    for request in requests_in(connection, "requested"):
        if request.id != move.request and request.bound.champion_tenure != tenure:
            why = f"The champion that it was held against gave way to version {move.version}."
            void(connection, actor, request.id, why, now)


def void(connection: Connection, actor: Actor, request: int, why: str, now: datetime) -> None:
    """End a request because what it was bound to has changed, within the caller's transaction."""
    row = append(connection, actor, "promotion.voided", f"request {request}", {"request": request, "why": why}, now)
    connection.execute(
        update(REQUESTS)
        .where(REQUESTS.c.id == request)
        .values(state="void", decided_by=actor.name, decided_at=now, decision_reason=why, decision_row=row)
    )


def _digests(move: Move) -> dict[str, str]:
    return {
        "version": move.version,
        "artifact_sha256": move.artifact_sha256,
        "prediction_digest": move.prediction_digest,
    }


def _who_is(live: Champion | None) -> str:
    if live is None:
        return "There is no champion yet."
    tenure = live.tenure
    return (
        f"The champion is version {live.version}, {tenure.how} by {tenure.by} (row {tenure.ledger_row} of the ledger)."
    )
