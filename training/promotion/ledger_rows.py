"""Requests and the champion held against what the ledger's rows say of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import Connection, func, select

from lake_access.ledger import LEDGER
from training.promotion.evidence import digest_of
from training.promotion.records import Request, Tenure

# The events after which there is another champion.
MOVES: Final = ("promotion.first", "promotion.approved", "promotion.rolled_back")


def champion_untold(connection: Connection, live: Tenure | None) -> str:
    """How the champion in the database is another than the ledger says, in a sentence; nothing where it is the same."""
    last = connection.execute(select(func.max(LEDGER.c.number)).where(LEDGER.c.event.in_(MOVES))).scalar_one()
    if last != (live.ledger_row if live else None):
        told = "of no champion" if last is None else f"of the champion in row {last}"
        return f"The champion's record was changed from outside: the ledger tells {told}, and the record does not."
    return "" if live is None else tenure_untold(connection, live)


def tenure_untold(connection: Connection, tenure: Tenure) -> str:
    """The same of one tenure: which version was made champion then, and the digests of it."""
    ((event, _, details),) = _rows(connection, [tenure.ledger_row]) or [("", "", {})]
    told = (details.get("version"), details.get("artifact_sha256"), details.get("prediction_digest"))
    if event in MOVES and told == (tenure.version, tenure.artifact_sha256, tenure.prediction_digest):
        return ""
    return f"The record of version {tenure.version} as champion is not what row {tenure.ledger_row} of the ledger says."


def request_untold(connection: Connection, request: Request) -> str:
    """The same of a request: what it was bound to, and the gates that were overridden."""
    overridden = [gate for gate in request.gates if gate.override is not None]
    numbers = [request.ledger_row, *(gate.override.ledger_row for gate in overridden if gate.override)]
    rows = [(event, details) for event, of, details in _rows(connection, numbers) if of == f"request {request.id}"]
    bound = [details["bound_sha256"] for event, details in rows if event == "promotion.requested"]
    if bound != [digest_of(asdict(request.bound))]:
        return f"Row {request.ledger_row} of the ledger says that it was bound to something else."
    let_pass = {details["gate"] for event, details in rows if event == "promotion.gate_overridden"}
    untold = [gate.gate for gate in overridden if gate.gate not in let_pass]
    return f"The ledger has no row of the override of {', '.join(untold)}." if untold else ""


def _rows(connection: Connection, numbers: Sequence[int]) -> list[tuple[str, str, dict[str, Any]]]:
    query = select(LEDGER.c.event, LEDGER.c.subject, LEDGER.c.details).where(LEDGER.c.number.in_(numbers))
    return [(event, subject, json.loads(details)) for event, subject, details in connection.execute(query)]
