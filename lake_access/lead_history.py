"""One lead: what is known of it, all that happened to it, and what lay between two of its scores."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Literal

from lake_access.declarations import Declarations, StreamKind
from lake_access.feature_groups import feature_columns
from lake_access.lake import PinnedLake
from lake_access.queries import load_query

MOST_EVENTS = 1_000
# What of an event is told by columns of its own, and not among its fields.
_ENVELOPE = frozenset(
    {
        "event_id", "source", "stream", "event_type", "occurred_at", "ingested_at", "batch_id", "engagement_points",
        "intent_points", "rules_version", "attributes", "found",
    }
)  # fmt: skip
Kind = StreamKind | Literal["unknown"]


@dataclass(frozen=True)
class LeadEvent:
    """Something that happened: its kind, its fields as told, and the points that the rules gave for it.

    `rule_score` is the rule-based final score after it: the sums of both kinds of points so far within their limits;
    None while no rule has looked at any event.
    """

    event_id: str
    occurred_at: datetime
    ingested_at: datetime
    kind: Kind
    source: str
    event_type: str
    fields: Mapping[str, Any]
    engagement_points: int | None
    intent_points: int | None
    rules_version: str | None
    rule_score: int | None

    @property
    def points(self) -> int | None:
        """Both kinds of points together; None where no rule looks at such an event."""
        if self.engagement_points is None and self.intent_points is None:
            return None
        return (self.engagement_points or 0) + (self.intent_points or 0)


@dataclass(frozen=True)
class LeadScore:
    """A score that a model version gave, and the lead's features as of then; none where they are not kept."""

    version: str
    score: int
    scored_at: datetime
    mode: str
    features: Mapping[str, Any]


@dataclass(frozen=True)
class FeatureChange:
    """A feature that differs between two scores."""

    feature: str
    before: Any
    after: Any


@dataclass(frozen=True)
class ScoreMove:
    """What lay between a score and the one before it: what may have moved it, not what did.

    `features_known` says whether the features are kept as of both.
    """

    before: LeadScore
    after: LeadScore
    events: tuple[LeadEvent, ...]
    changes: tuple[FeatureChange, ...]
    features_known: bool

    @property
    def moved_by(self) -> int:
        return self.after.score - self.before.score

    @property
    def other_model(self) -> bool:
        return (self.before.version, self.before.mode) != (self.after.version, self.after.mode)


@dataclass(frozen=True)
class LeadHistory:
    """A lead's row of `curated.leads`, its events and its scores in time; of `events_found` the newest are told."""

    facts: Mapping[str, Any]
    events: tuple[LeadEvent, ...]
    events_found: int
    scores: tuple[LeadScore, ...]
    moves: tuple[ScoreMove, ...]
    queries: Mapping[str, str]


def lead_exists(pinned: PinnedLake, lead_id: str) -> bool:
    """Whether the reader's leads hold one with this id."""
    return bool(pinned.rows(load_query("lead_facts"), {"lead_id": lead_id}))


def lead_history(pinned: PinnedLake, lead_id: str) -> LeadHistory | None:
    """All of one lead, whose id is a UUID; None where the reader's leads hold none with it.

    Raises:
        StorageError: a data file cannot be read.
    """
    asked: dict[str, object] = {"lead_id": lead_id}
    queries = {name: load_query(name) for name in ("lead_facts", "lead_events", "lead_scores")}
    facts = pinned.records(queries["lead_facts"], asked)
    if not facts:
        return None
    declarations = pinned.settings.declarations
    rows = pinned.records(queries["lead_events"], {**asked, "most": MOST_EVENTS})
    found = rows[0]["found"] if rows else 0
    events = _events(list(reversed(rows)), declarations, whole=found <= MOST_EVENTS)
    scores = tuple(_score(row, declarations) for row in pinned.records(queries["lead_scores"], asked))
    return LeadHistory(facts[0], events, found, scores, score_moves(scores, events), queries)


def score_moves(scores: Sequence[LeadScore], events: Sequence[LeadEvent]) -> tuple[ScoreMove, ...]:
    """Each score beside the one before it, of whichever version, with the touches and sales actions between them."""
    moves = []
    for before, after in pairwise(scores):
        between = tuple(
            event
            for event in events
            if event.kind in ("touch", "sales") and before.scored_at < event.occurred_at <= after.scored_at
        )
        known = bool(before.features) and bool(after.features)
        names = before.features if known else ()
        changes = tuple(
            FeatureChange(name, before.features[name], after.features.get(name))
            for name in names
            if not _same(before.features[name], after.features.get(name))
        )
        moves.append(ScoreMove(before, after, between, changes, known))
    return tuple(moves)


def _events(rows: Sequence[Mapping[str, Any]], declarations: Declarations, whole: bool) -> tuple[LeadEvent, ...]:
    """The events in time, each with the rule-based score after it, where all of them are here to be summed."""
    sums = {"engagement_points": 0, "intent_points": 0}
    met: set[str] = set()
    events = []
    for row in rows:
        for name in sums:
            if row[name] is not None:
                sums[name] += row[name]
                met.add(name)
        known = whole and len(met) == len(sums)
        events.append(_event(row, declarations, _final(sums, declarations) if known else None))
    return tuple(events)


def _final(sums: Mapping[str, int], declarations: Declarations) -> int:
    scoring = declarations.scoring
    engagement = min(max(sums["engagement_points"], 0), scoring.engagement_max)
    return engagement + min(max(sums["intent_points"], 0), scoring.intent_max)


def _event(row: Mapping[str, Any], declarations: Declarations, rule_score: int | None) -> LeadEvent:
    declared = declarations.sources.get(row["stream"])
    fields = {name: value for name, value in row.items() if name not in _ENVELOPE and value is not None}
    return LeadEvent(
        event_id=row["event_id"],
        occurred_at=row["occurred_at"],
        ingested_at=row["ingested_at"],
        kind="unknown" if declared is None else declared.kind,
        source=row["source"],
        event_type=row["event_type"],
        fields={**fields, **_attributes(row["attributes"])},
        engagement_points=row["engagement_points"],
        intent_points=row["intent_points"],
        rules_version=row["rules_version"],
        rule_score=rule_score,
    )


def _attributes(told: str | None) -> dict[str, Any]:
    read = json.loads(told) if told else {}
    return read if isinstance(read, dict) else {}


def _score(row: Mapping[str, Any], declarations: Declarations) -> LeadScore:
    kept = row.get("as_of") is not None
    features = {name: row[name] for name in feature_columns(declarations) if name in row} if kept else {}
    return LeadScore(row["model_version"], row["score"], row["scored_at"], row["mode"], features)


def _same(before: Any, after: Any) -> bool:
    if isinstance(before, float) and isinstance(after, float):
        return math.isclose(before, after, rel_tol=1e-9, abs_tol=1e-12)
    return bool(before == after)
