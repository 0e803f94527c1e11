"""The curated tables as plain Python tells them, from landed files and the declarations: no SQL, no increments.

Everything is made from nothing, in the order of landing. Written to be read beside DESIGN.md, not to be fast.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from lake_access.declarations import Declarations
from lake_access.raw import Batch
from tests.lake_access.oracle_lines import LONGEST_LINE, Names, RefusedLineError, Row, read_event

WHITESPACE = b" \t\n\r\f"


@dataclass(frozen=True)
class LandedFile:
    """A raw batch and the bytes that were received; `read_by`: other declarations that it was built by."""

    batch: Batch
    content: bytes
    read_by: Declarations | None = None


def curated_tables(
    files: Sequence[LandedFile], declarations: Declarations, identity_key: bytes, built_at: datetime
) -> dict[str, list[Row]]:
    """Every curated table by name, its rows as dictionaries."""
    events: list[tuple[Row, Names]] = []
    met: list[Names] = []
    quarantine: list[Row] = []
    batches: list[Row] = []
    seen: set[tuple[str, str]] = set()
    for file in sorted(files, key=lambda file: file.batch.batch_id):
        counts = {"read": 0, "curated": 0, "duplicates": 0, "quarantined": 0}
        for number, line in numbered_lines(file.content):
            counts["read"] += 1
            try:
                event, names = read_event(line, file.batch, file.read_by or declarations)
            except RefusedLineError as refused:
                counts["quarantined"] += 1
                quarantine.append(_quarantined(file.batch, number, str(refused), line))
                continue
            met.append(names)
            if (file.batch.stream, event["event_id"]) in seen:
                counts["duplicates"] += 1
                continue
            seen.add((file.batch.stream, event["event_id"]))
            counts["curated"] += 1
            events.append((event | {"line_number": number}, names))
        batches.append({**vars(file.batch), **counts, "refused": None, "built_at": built_at})
    lead_of = lead_ids(met, identity_key)
    told = [event | {"lead_id": lead_of[identity_of(names)]} for event, names in events]
    return {
        "curated.events": told,
        "curated.leads": leads(told, declarations),
        "curated.scores": scores(told, declarations),
        "curated.identities": identities(met, lead_of, identity_key),
        "curated.quarantine": quarantine,
        "curated.batches": batches,
    }


def numbered_lines(content: bytes) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, with their numbers from 1, without their line ends."""
    for number, ended in enumerate(content.split(b"\n"), 1):
        line = ended.removesuffix(b"\r")
        if line.strip(WHITESPACE) or len(line) > LONGEST_LINE:
            yield number, line


def _quarantined(batch: Batch, number: int, reason: str, line: bytes) -> Row:
    return {
        "stream": batch.stream,
        "batch_id": batch.batch_id,
        "line_number": number,
        "reason": reason,
        "line": line[:LONGEST_LINE],
        "seen_at": batch.landed_at,
    }


def identity_of(names: Names) -> tuple[str, str]:
    return ("email", names.email) if names.email is not None else ("lead_key", str(names.key))


def identities_of(names: Names) -> list[tuple[str, str]]:
    pairs = [("email", names.email), ("lead_key", names.key)]
    return [(kind, identity) for kind, identity in pairs if identity is not None]


def identity_id(identity: tuple[str, str], key: bytes) -> UUID:
    """HMAC-SHA256 of `kind:identity`, its first 128 bits."""
    return UUID(bytes=hmac.digest(key, ":".join(identity).encode(), hashlib.sha256)[:16])


def lead_ids(met: Iterable[Names], key: bytes) -> dict[tuple[str, str], UUID]:
    """The lead of every identity: the smallest id among the addresses it is linked to, or its own."""
    group: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for names in met:
        together = set().union(*(group.get(identity, {identity}) for identity in identities_of(names)))
        for identity in together:
            group[identity] = together
    return {
        identity: min(
            (identity_id(one, key) for one in together if one[0] == "email"), default=identity_id(identity, key)
        )
        for identity, together in group.items()
    }


def identities(met: Iterable[Names], lead_of: Mapping[tuple[str, str], UUID], key: bytes) -> list[Row]:
    known = {identity for names in met for identity in identities_of(names)}
    return [
        {
            "identity_id": identity_id(identity, key),
            "kind": identity[0],
            "identity": identity[1],
            "lead_id": lead_of[identity],
        }
        for identity in known
    ]


def leads(events: Sequence[Row], declarations: Declarations) -> list[Row]:
    of_lead: dict[UUID, list[Row]] = {}
    for event in sorted(events, key=lambda event: (event["occurred_at"], event["event_id"], event["stream"])):
        of_lead.setdefault(event["lead_id"], []).append(event)
    return [_lead(lead_id, of, declarations) for lead_id, of in of_lead.items()]


def _lead(lead_id: UUID, events: Sequence[Row], declarations: Declarations) -> Row:
    """One lead from its events, oldest first."""
    kind = {name: stream.kind for name, stream in declarations.sources.items()}
    touches = [event for event in events if kind[event["stream"]] == "touch"]
    scored = [event for event in events if kind[event["stream"]] == "score"]
    actions = [event for event in events if kind[event["stream"]] == "sales"]
    won = [event for event in events if kind[event["stream"]] == "outcome" and event["converted"]]
    engagement = _score(events, "engagement_points", declarations.scoring.engagement_max)
    intent = _score(events, "intent_points", declarations.scoring.intent_max)
    return {
        "lead_id": lead_id,
        "source": _first(touches, "source"),
        "last_source": _last(touches, "source"),
        "created_at": _first(touches or events, "occurred_at"),
        "last_event_at": _last(events, "occurred_at"),
        "events": len(events),
        "engagement_score": engagement,
        "intent_score": intent,
        "final_score": None if engagement is None or intent is None else engagement + intent,
        "rules_version": _last([event for event in events if event["engagement_points"] is not None], "rules_version"),
        "model_version": _last(scored, "model_version"),
        "model_score": _last(scored, "score"),
        "first_scored_at": _first(scored, "occurred_at"),
        "location": _last(touches, "location"),
        "device_model": _last(touches, "device_model"),
        "campaign": _last(touches, "campaign"),
        "sales_actions": len(actions),
        "first_action_at": _first(actions, "occurred_at"),
        "converted": bool(won),
        "converted_at": _first(won, "occurred_at"),
        "outcome_value": _last(won, "value"),
        "first_action": _first(actions, "action"),
    }


def _score(events: Sequence[Row], points: str, most: int) -> int | None:
    given = [event[points] for event in events if event[points] is not None]
    return min(max(sum(given), 0), most) if given else None


def _first(events: Sequence[Row], column: str) -> Any:
    return next((event[column] for event in events if event[column] is not None), None)


def _last(events: Sequence[Row], column: str) -> Any:
    return _first(events[::-1], column)


def scores(events: Sequence[Row], declarations: Declarations) -> list[Row]:
    return [
        {
            "lead_id": event["lead_id"],
            "model_version": event["model_version"],
            "score": event["score"],
            "scored_at": event["occurred_at"],
            "mode": "online",
            "stream": event["stream"],
            "event_id": event["event_id"],
            "ingested_at": event["ingested_at"],
            "history": event["history"],
        }
        for event in events
        if declarations.sources[event["stream"]].kind == "score"
    ]
