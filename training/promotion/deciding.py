"""Decisions on a request, by another person than the one who asked: override a gate, reject, approve."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, update

from lake_access.database import reading
from lake_access.errors import ConflictError, LeadlakeError, NotAllowedError, RefusedError
from lake_access.ledger import append, verify
from lake_access.permissions import Action, Actor, require
from training.promotion.alias import require_own_alias
from training.promotion.evidence import Sources, digest_of
from training.promotion.ledger_rows import champion_untold, request_untold
from training.promotion.moving import Move, move_champion, settled, void
from training.promotion.reasons import written_reason
from training.promotion.records import Bound, Champion, Request, champion_in, request_in, request_of
from training.promotion.requesting import bind, require_waiting
from training.promotion.steps import CHAMPION_MOVED, DECISION_WRITTEN, EVIDENCE_CHECKED, Reached, unwatched
from training.promotion.tables import OVERRIDES, REQUESTS, deciding

# What of a binding is called in a sentence, in the order in which it is told.
_BOUND_TO = {
    "artifact_sha256": "the model file of version {version}",
    "prediction_digest": "the registered predictions of version {version}",
    "dataset_digest": "the dataset of version {version}",
    "snapshot_ids": "the snapshots that version {version} was made from",
    "drift_report": "the newest drift report",
    "drift_report_sha256": "the drift report's content",
    "gates_sha256": "what the gates found",
    "evidence_sha256": "the frozen evidence",
    "champion_tenure": "the champion",
    "champion_version": "the champion's version",
    "champion_artifact_sha256": "the champion's model file",
}


def override_gate(engine: Engine, actor: Actor, request: int, gate: str, reason: str, now: datetime) -> Request:
    """Let a failed gate pass, with a reason that the ledger keeps.

    Raises:
        NotAllowedError: the actor may not, or asked for the promotion.
        RefusedError: no reason, no such request or gate, or one that did not fail or cannot be overridden.
        ConflictError: the request was decided already.
        StorageError: the database cannot be written.
    """
    require(actor, Action.OVERRIDE_GATE)
    why = written_reason(reason)
    _require_another_person(actor, request_of(engine, request), "override a gate of")
    with deciding(engine) as connection:
        waiting = request_in(connection, request)
        require_waiting(waiting)
        _require_overridable(waiting, gate)
        details = {"request": request, "gate": gate, "reason": why, "own_request": waiting.requested_by == actor.name}
        row = append(connection, actor, "promotion.gate_overridden", f"request {request}", details, now)
        connection.execute(delete(OVERRIDES).where(OVERRIDES.c.request == request, OVERRIDES.c.gate == gate))
        values = {"request": request, "gate": gate, "by": actor.name, "at": now, "reason": why, "ledger_row": row}
        connection.execute(insert(OVERRIDES).values(**values))
        return request_in(connection, request)


def reject(engine: Engine, actor: Actor, request: int, reason: str, now: datetime) -> Request:
    """Turn a request down.

    Raises:
        NotAllowedError: the actor may not decide, or asked for it.
        RefusedError: no reason, or no such request.
        ConflictError: it was decided already.
        StorageError: the database cannot be written.
    """
    require(actor, Action.DECIDE_PROMOTION)
    why = written_reason(reason)
    _require_another_person(actor, request_of(engine, request), "decide on")
    with deciding(engine) as connection:
        waiting = request_in(connection, request)
        require_waiting(waiting)
        details = {"request": request, "version": waiting.version, "reason": why}
        row = append(connection, actor, "promotion.rejected", f"request {request}", details, now)
        _decided(connection, request, "rejected", actor, why, row, now)
        return request_in(connection, request)


def approve(
    engine: Engine,
    sources: Sources,
    actor: Actor,
    request: int,
    reason: str,
    now: datetime,
    reached: Reached = unwatched,
) -> Champion:
    """Make the requested version champion, if all that the request is bound to is still as it was.

    What is bound is held against what is there before the transaction and within it; anything else ends the request as
    void, with its row in the ledger.

    Raises:
        NotAllowedError: the actor may not decide, or asked for it.
        RefusedError: no reason, a failed gate that nobody overrode, a broken ledger, or an alias moved from outside.
        ConflictError: somebody else decided first, or the request is void.
        StorageError: the database or MLflow cannot be read or written.
    """
    require(actor, Action.DECIDE_PROMOTION)
    why = written_reason(reason)
    asked = request_of(engine, request)
    _require_another_person(actor, asked, "decide on")
    require_waiting(asked)
    _require_whole_ledger(engine)
    require_own_alias(engine, sources.registry)
    _require_open_gates(asked)
    with reading(engine) as connection:
        broken = _changes(connection, sources, asked) or _does_not_load(sources, asked)
    if not broken:
        reached(EVIDENCE_CHECKED)
    with deciding(engine) as connection:
        asked = request_in(connection, request)
        require_waiting(asked)
        _require_open_gates(asked)
        broken = broken or _changes(connection, sources, asked)
        if broken:
            void(connection, actor, request, broken, now)
        else:
            _go_live(connection, actor, asked, why, now, reached)
    if broken:
        raise ConflictError(f"Request {request} is void: {broken} Request the promotion again.")
    return settled(engine, sources.registry, reached)


def _go_live(connection: Connection, actor: Actor, asked: Request, why: str, now: datetime, reached: Reached) -> None:
    live = champion_in(connection)
    expected = live.tenure if live else None
    move = Move(
        asked.version,
        asked.bound.artifact_sha256,
        asked.bound.prediction_digest,
        "promoted",
        asked.id,
        expected.id if expected else None,
    )
    details: dict[str, Any] = {
        "request": asked.id,
        "version": asked.version,
        "from": live.version if live else None,
        "reason": why,
        "artifact_sha256": move.artifact_sha256,
        "prediction_digest": move.prediction_digest,
        "bound_sha256": digest_of(asdict(asked.bound)),
        "gates_overridden": ", ".join(gate.gate for gate in asked.gates if gate.override and not gate.passed),
        "own_request": asked.requested_by == actor.name,
    }
    entry = ("promotion.approved", f"request {asked.id}", details)
    tenure = move_champion(connection, actor, expected, move, entry, now)
    reached(CHAMPION_MOVED)
    _decided(connection, asked.id, "approved", actor, why, tenure.ledger_row, now)
    reached(DECISION_WRITTEN)


def _decided(connection: Connection, request: int, state: str, actor: Actor, why: str, row: int, now: datetime) -> None:
    values = {"decided_by": actor.name, "decided_at": now, "decision_reason": why, "decision_row": row}
    changed = connection.execute(
        update(REQUESTS).where(REQUESTS.c.id == request, REQUESTS.c.state == "requested").values(state=state, **values)
    ).rowcount
    if changed != 1:
        raise ConflictError(f"Somebody else decided on request {request} at the same moment. Nothing was changed.")


def _require_another_person(actor: Actor, request: Request, what: str) -> None:
    """Nobody decides on a request of their own, but the one user of a machine without sign-in."""
    if request.requested_by == actor.name and not actor.alone:
        raise NotAllowedError(
            f"{actor.name} may not {what} request {request.id}, which is their own: another person must. "
            "Nothing was changed."
        )


def _require_overridable(request: Request, gate: str) -> None:
    found = next((each for each in request.gates if each.gate == gate), None)
    if found is None:
        known = ", ".join(each.gate for each in request.gates)
        raise RefusedError(f'Request {request.id} has no gate "{gate}"; its gates are {known}. Nothing was changed.')
    if found.passed:
        raise RefusedError(f"The gate {gate} of request {request.id} passed; there is nothing to override.")
    if not found.can_be_overridden:
        raise RefusedError(f"The gate {gate} cannot be overridden: {found.detail} Nothing was changed.")


def _require_open_gates(request: Request) -> None:
    if request.failed:
        told = " ".join(f"{gate.gate}: {gate.detail}" for gate in request.failed)
        raise RefusedError(f"Request {request.id} is held up by its gates. {told} Nothing was changed.")


def _require_whole_ledger(engine: Engine) -> None:
    verified = verify(engine)
    if not verified.valid:
        raise RefusedError(
            f"Row {verified.first_broken} of the ledger was changed or is missing, so that nothing can be approved on "
            "it. Find out who changed it, and restore the database from a copy. Nothing was changed."
        )
    with reading(engine) as connection:
        live = champion_in(connection)
        untold = champion_untold(connection, live.tenure if live else None)
    if untold:
        raise RefusedError(f"{untold} Find out who changed it, and restore the database from a copy.")


def _does_not_load(sources: Sources, asked: Request) -> str:
    try:
        sources.registry.loads(asked.version)
    except LeadlakeError as exc:
        return f"Version {asked.version} does not load any more: {exc}"
    return ""


def _changes(connection: Connection, sources: Sources, asked: Request) -> str:
    """What of the request's binding is otherwise by now, as a sentence; nothing where all is as it was."""
    untold = request_untold(connection, asked)
    if untold:
        return untold
    version = sources.registry.version(asked.version)
    now = bind(sources, version, champion_in(connection), asked.gates, asked.evidence)
    changed = [
        words.format(version=asked.version) for name, words in _BOUND_TO.items() if _differs(asked.bound, now, name)
    ]
    if asked.bound.artifact_sha256 != version.artifact_sha256 and not changed:
        changed.append(f"the registered SHA-256 of version {asked.version}")
    if not changed:
        return ""
    told = ", ".join(changed)
    return f"{told[0].upper()}{told[1:]} changed since it was requested."


def _differs(bound: Bound, now: Bound, name: str) -> bool:
    return bool(getattr(bound, name) != getattr(now, name))
