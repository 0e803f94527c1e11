"""Requests and the champion held against what the ledger's rows say of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, func, select

from lake_access.ledger import LEDGER
from training.promotion.evidence import digest_of
from training.promotion.records import Request, Tenure

# The events after which there is another champion.
MOVES: Final = ("promotion.first", "promotion.approved", "promotion.rolled_back")


# The events after which a request does not wait any more, as a sentence tells them.
DECISIONS: Final = {
    "promotion.approved": "approved it",
    "promotion.rejected": "rejected it",
    "promotion.withdrawn": "withdrew it",
    "promotion.voided": "made it void",
}


def champion_untold(connection: Connection, live: Tenure | None) -> str:
    """How the champion in the database is another than the ledger says, in a sentence; nothing where it is the same."""
    last = connection.execute(select(func.max(LEDGER.c.number)).where(LEDGER.c.event.in_(MOVES))).scalar_one()
    if last != (live.ledger_row if live else None):
        told = "of no champion" if last is None else f"of the champion in row {last}"
        return f"The champion's record was changed from outside: the ledger tells {told}, and the record does not."
    return "" if live is None else tenure_untold(connection, live)


def tenure_untold(connection: Connection, tenure: Tenure) -> str:
    """The same of one tenure: which version was made champion then, its digests, by whom and when."""
    rows = _rows(connection, LEDGER.c.number == tenure.ledger_row)
    told = [
        (row.details.get("version"), row.details.get("artifact_sha256"), row.details.get("prediction_digest"))
        for row in rows
        if row.event in MOVES and (row.actor, row.at) == (tenure.by, tenure.since)
    ]
    if told == [(tenure.version, tenure.artifact_sha256, tenure.prediction_digest)]:
        return ""
    return f"The record of version {tenure.version} as champion is not what row {tenure.ledger_row} of the ledger says."


def fallback_untold(connection: Connection, live: Tenure, back: Tenure) -> str:
    """The same of the tenure that a rollback from the live one goes back to: the ledger's moves say which it is."""
    stands: list[_Row] = []
    for row in _rows(connection, LEDGER.c.event.in_(MOVES)):
        if row.event == "promotion.rolled_back":
            del stands[-2:]
        stands.append(row)
    before = stands[-2] if len(stands) > 1 else None
    if before is not None and before.number == back.ledger_row:
        return tenure_untold(connection, back)
    told = "none" if before is None else f"version {before.details.get('version')} in row {before.number}"
    return (
        f"The record of version {live.version} as champion falls back to version {back.version}, and the ledger tells "
        f"of {told}."
    )


def request_untold(connection: Connection, request: Request) -> str:
    """The same of a request that waits.

    Held are who asked for which version, what it was bound to, that nobody decided on it, and the overrides.
    """
    rows = _rows(connection, LEDGER.c.subject == f"request {request.id}")
    asked = next((row for row in rows if row.event == "promotion.requested"), None)
    if (
        asked is None
        or asked.number != request.ledger_row
        or asked.details["bound_sha256"] != digest_of(asdict(request.bound))
    ):
        return f"Row {request.ledger_row} of the ledger says that it was bound to something else."
    if asked.actor != request.requested_by:
        return f"Row {asked.number} of the ledger says that it was not asked for by {request.requested_by}."
    if asked.details["version"] != request.version:
        return f"Row {asked.number} of the ledger says that it is not a request of version {request.version}."
    decided = next((row for row in rows if row.event in DECISIONS), None)
    if decided is not None:
        return f"{decided.actor} in row {decided.number} of the ledger {DECISIONS[decided.event]} already."
    let_pass = {
        (row.number, row.details["gate"], row.actor) for row in rows if row.event == "promotion.gate_overridden"
    }
    untold = [
        gate.gate
        for gate in request.gates
        if gate.override is not None and (gate.override.ledger_row, gate.gate, gate.override.by) not in let_pass
    ]
    return f"The ledger has no row of the override of {', '.join(untold)}." if untold else ""


@dataclass(frozen=True)
class _Row:
    number: int
    at: datetime
    actor: str
    event: str
    details: Mapping[str, Any]


def _rows(connection: Connection, which: ColumnElement[bool]) -> list[_Row]:
    columns = (LEDGER.c.number, LEDGER.c.at, LEDGER.c.actor, LEDGER.c.event, LEDGER.c.details)
    found = connection.execute(select(*columns).where(which).order_by(LEDGER.c.number))
    return [_Row(number, at, actor, event, json.loads(details)) for number, at, actor, event, details in found]
