"""Requests for a promotion: gates run, evidence is frozen, and all that an approval is bound to is written down."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Engine, insert, update

from lake_access.errors import ConflictError, LeadlakeError, NotAllowedError, RefusedError
from lake_access.ledger import append
from lake_access.permissions import Action, Actor, require
from training.promotion.alias import require_own_alias
from training.promotion.evidence import Progress, Sources, digest_of
from training.promotion.frozen import Evidence, evidence_digest
from training.promotion.gates import gates_of_artifacts, gates_of_impact
from training.promotion.impact import Impact, impact_as_json, measure_impact
from training.promotion.reasons import written_reason
from training.promotion.records import (
    Bound,
    Champion,
    Gate,
    Request,
    champion,
    champion_in,
    request_in,
    request_of,
    requests_in,
)
from training.promotion.steps import GATES_RUN, REQUEST_WRITTEN, REQUESTED, Reached, unwatched
from training.promotion.tables import REQUESTS, deciding, open_promotions
from training.versions import ModelVersion


def nothing_told(_step: str, _share: float | None) -> None:
    """Nobody watches the progress."""


def request_promotion(
    engine: Engine,
    sources: Sources,
    actor: Actor,
    version: str,
    reason: str,
    now: datetime,
    seed: int = 0,
    progress: Progress = nothing_told,
    reached: Reached = unwatched,
) -> Request:
    """Run the gates for a version, freeze what it would change, and ask for its promotion.

    A gate that fails does not stop the request: those who decide shall see it. The request waits, or is void at once
    where the champion moved while the gates ran.

    Raises:
        NotAllowedError: the actor may not request a promotion.
        RefusedError: no reason, no such version, it is champion already, or the alias was moved from outside.
        ConflictError: the version waits for a decision already, or the champion moved while the gates ran.
        StorageError: the database, MLflow or the lake cannot be read or written.
    """
    require(actor, Action.REQUEST_PROMOTION)
    why = written_reason(reason)
    open_promotions(engine)
    asked = sources.registry.version(version)
    live = champion(engine)
    _require_new(engine, asked, live)
    require_own_alias(engine, sources.registry)
    gates, impact = run_gates(sources, asked, live, seed, progress)
    reached(GATES_RUN)
    evidence = {} if impact is None else impact_as_json(impact)
    bound = bind(sources, asked, live, gates, evidence)
    with deciding(engine) as connection:
        _require_waiting_for_nothing(requests_in(connection, "requested"), version)
        now_live = champion_in(connection)
        if (now_live and now_live.tenure.id) != (live and live.tenure.id):
            raise ConflictError("The champion moved while the gates ran; request the promotion again.")
        values = {
            "version": version,
            "state": "requested",
            "reason": why,
            "requested_by": actor.name,
            "requested_at": now,
            "bound": asdict(bound),
            "gates": [gate.kept for gate in gates],
            "evidence": evidence,
            "ledger_row": 0,
        }
        added = connection.execute(insert(REQUESTS).values(**values)).inserted_primary_key
        number = int(added[0]) if added is not None else 0
        details = {
            "request": number,
            "version": version,
            "reason": why,
            "bound_sha256": digest_of(asdict(bound)),
            **{name: value for name, value in asdict(bound).items() if name != "snapshot_ids"},
            "gates_failed": ", ".join(gate.gate for gate in gates if not gate.passed),
        }
        row = append(connection, actor, "promotion.requested", f"request {number}", details, now)
        connection.execute(update(REQUESTS).where(REQUESTS.c.id == number).values(ledger_row=row))
        reached(REQUEST_WRITTEN)
        made = request_in(connection, number)
    reached(REQUESTED)
    return made


def withdraw(engine: Engine, actor: Actor, request: int, reason: str, now: datetime) -> Request:
    """Take one's own request back.

    Raises:
        NotAllowedError: the actor may request nothing, or somebody else requested it.
        RefusedError: there is no such request, or no reason.
        ConflictError: it was decided already.
        StorageError: the database cannot be written.
    """
    require(actor, Action.REQUEST_PROMOTION)
    why = written_reason(reason)
    if request_of(engine, request).requested_by != actor.name:
        raise NotAllowedError(f"Request {request} is not {actor.name}'s own, so it can only be rejected.")
    with deciding(engine) as connection:
        waiting = request_in(connection, request)
        require_waiting(waiting)
        row = append(
            connection, actor, "promotion.withdrawn", f"request {request}", {"request": request, "reason": why}, now
        )
        values = {"decided_by": actor.name, "decided_at": now, "decision_reason": why, "decision_row": row}
        connection.execute(update(REQUESTS).where(REQUESTS.c.id == request).values(state="withdrawn", **values))
        return request_in(connection, request)


def require_waiting(request: Request) -> None:
    """Let pass a request that waits for a decision.

    Raises:
        ConflictError: it does not; the message says who decided what, and when.
    """
    if request.state != "requested":
        when = "" if request.decided_at is None else f" on {request.decided_at:%Y-%m-%d %H:%M} UTC"
        what = {"void": "became void"}.get(request.state, f"was {request.state} by {request.decided_by}")
        raise ConflictError(
            f"Request {request.id} {what}{when} (row {request.decision_row} of the ledger): {request.decision_reason}"
        )


def run_gates(
    sources: Sources, asked: ModelVersion, live: Champion | None, seed: int, progress: Progress
) -> tuple[tuple[Gate, ...], Impact | None]:
    """All gates of a version, and its impact where both versions could be loaded and measured."""
    gates = list(gates_of_artifacts(sources, asked, live.tenure if live else None, progress))
    held_up = [gate for gate in gates[:2] if not gate.passed]
    impact, why_not = None, " ".join(gate.detail for gate in held_up)
    if not held_up:
        try:
            impact = measure_impact(sources, asked, live.version if live else None, seed, progress)
        except LeadlakeError as exc:
            why_not = str(exc)
    gates.extend(gates_of_impact(sources.rules, impact, why_not, first=live is None))
    return tuple(gates), impact


def bind(
    sources: Sources, asked: ModelVersion, live: Champion | None, gates: tuple[Gate, ...], evidence: Evidence
) -> Bound:
    """All that an approval of this version would be bound to, as it is now."""
    registry, report = sources.registry, sources.drift_report(asked.version)
    return Bound(
        artifact_sha256=_file_of(sources, asked.version),
        prediction_digest=asked.digest,
        dataset_digest=asked.dataset_digest,
        snapshot_ids=tuple((table, snapshot) for table, snapshot in registry.version(asked.version).snapshot_ids),
        drift_report=report.id if report else None,
        drift_report_sha256=report.sha256 if report else None,
        gates_sha256=digest_of([gate.kept for gate in gates]),
        evidence_sha256=evidence_digest(evidence),
        champion_tenure=live.tenure.id if live else None,
        champion_version=live.version if live else None,
        champion_artifact_sha256=_file_of(sources, live.version) if live else None,
    )


def _file_of(sources: Sources, version: str) -> str:
    """The SHA-256 of a version's file as it lies there, or why it has none: that is bound as well."""
    try:
        return sources.registry.artifact_sha256(version)
    except LeadlakeError as exc:
        return re.sub(r"\s+", " ", f"unreadable: {exc}")


def _require_new(engine: Engine, asked: ModelVersion, live: Champion | None) -> None:
    if live is not None and live.version == asked.version:
        raise RefusedError(f"Version {asked.version} is the champion already. Nothing was changed.")
    with deciding(engine) as connection:
        _require_waiting_for_nothing(requests_in(connection, "requested"), asked.version)


def _require_waiting_for_nothing(waiting: tuple[Request, ...], version: str) -> None:
    for request in waiting:
        if request.version == version:
            raise ConflictError(
                f"Version {version} waits for a decision already: request {request.id} of {request.requested_by}."
            )
