"""The evidence that is frozen with a request: its digest, and how a forgotten lead goes out of it and leaves that be.

The leads that move most stand in it one by one, each bound by a digest of its own. Of a lead that is forgotten this
digest alone is left: what the approval is bound to stays the same, and what remains is still held against it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import Connection, select, update

from lake_access.forgetting.traces import GONE, Eraser, Traces
from training.promotion.evidence import digest_of
from training.promotion.tables import METADATA, OVERRIDES, REQUESTS

FORGOTTEN: Final = "forgotten"
Evidence = Mapping[str, Any]


def evidence_digest(evidence: Evidence) -> str:
    """The SHA-256 of evidence, in which a lead that moves most and the digest that is left of one count the same."""
    comparison = evidence.get("comparison")
    if not comparison:
        return digest_of(evidence)
    movers = [one if isinstance(one, str) else digest_of(one) for one in _movers(evidence)]
    rest = {name: value for name, value in evidence.items() if name != FORGOTTEN}
    return digest_of({**rest, "comparison": {**comparison, "movers": movers}})


def without_leads(evidence: Evidence, named: Callable[[str], bool]) -> tuple[dict[str, Any], int]:
    """Evidence in which of these leads a digest alone is left, and how many there were."""
    met = 0
    left: list[Mapping[str, Any]] = []
    forgotten: list[tuple[int, str]] = []
    for place, one in enumerate(_movers(evidence)):
        if isinstance(one, str):
            forgotten.append((place, one))
        elif named(one["lead_id"]):
            forgotten.append((place, digest_of(one)))
            met += 1
        else:
            left.append(one)
    if not met:
        return dict(evidence), 0
    told = [list(each) for each in forgotten]
    return {**evidence, "comparison": {**evidence["comparison"], "movers": left}, FORGOTTEN: told}, met


def _movers(evidence: Evidence) -> list[Any]:
    """The leads that move most in their places, and the digest of each that is forgotten in its own."""
    comparison = evidence.get("comparison")
    movers: list[Any] = list(comparison["movers"]) if comparison else []
    for place, digest in sorted(evidence.get(FORGOTTEN, [])):
        movers.insert(place, digest)
    return movers


def _erase(connection: Connection, traces: Traces) -> int:
    met = 0
    texts = (REQUESTS.c.reason, REQUESTS.c.decision_reason)
    for row in connection.execute(select(REQUESTS.c.id, REQUESTS.c.evidence, *texts)).all():
        evidence, leads = without_leads(row.evidence, traces.in_id)
        values = {column.name: GONE for column in texts if traces.in_text(getattr(row, column.name))}
        if leads or values:
            connection.execute(update(REQUESTS).where(REQUESTS.c.id == row.id).values(evidence=evidence, **values))
            met += 1
    for override in connection.execute(select(OVERRIDES.c.request, OVERRIDES.c.gate, OVERRIDES.c.reason)).all():
        if traces.in_text(override.reason):
            of = (OVERRIDES.c.request == override.request) & (OVERRIDES.c.gate == override.gate)
            met += connection.execute(update(OVERRIDES).where(of).values(reason=GONE)).rowcount
    return met


ERASER: Final = Eraser("promotion requests", METADATA, _erase)
