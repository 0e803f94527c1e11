"""From a lead's history to the tables of the page Leads, as text and numbers that show as they are."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import pandas as pd

from app import formatting
from lake_access.declarations import UNSCORED
from lake_access.lead_history import FeatureChange, LeadEvent, LeadHistory, LeadScore, ScoreMove
from lake_access.lead_list import Outcome, Sort

SORT_NAMES: Final[Mapping[Sort, str]] = {
    "final_score": "Rules' score",
    "model_score": "Model score",
    "created_at": "Created",
    "last_event_at": "Last seen",
    "converted_at": "Converted",
}
OUTCOME_NAMES: Final[Mapping[Outcome, str]] = {"any": "Any", "converted": "Converted", "open": "Not converted"}
LONGEST_CELL = 500
_FACTS: Final[Mapping[str, str]] = {
    "source": "First source",
    "last_source": "Last source",
    "created_at": "Created",
    "last_event_at": "Last seen",
    "events": "Events",
    "engagement_score": "Engagement score (rules)",
    "intent_score": "Intent score (rules)",
    "rules_version": "Version of the rules",
    "first_scored_at": "First scored by a model",
    "location": "Location",
    "device_model": "Device",
    "campaign": "Campaign",
    "sales_actions": "Sales actions",
    "first_action_at": "First sales action",
    "converted_at": "Converted",
    "outcome_value": "Value of the outcome",
    "matures_on": "Outcome window closes before",
}


def lead_id_of(text: str | None) -> str | None:
    """A lead's id as it is written, from a link; None where the text is no UUID."""
    try:
        return str(UUID(text)) if text else None
    except ValueError:
        return None


def band_of(final_score: int | None, bands: Mapping[str, int]) -> str:
    """The declared band of a final score."""
    if final_score is None:
        return UNSCORED
    return [name for name, edge in bands.items() if final_score >= edge][-1]


def facts_frame(facts: Mapping[str, Any], label_of: Callable[[str], str] = str) -> pd.DataFrame:
    """What is known of a lead, a row a fact; what is not known has none. `label_of` says what a source is called."""
    known = {column: facts[column] for column in _FACTS if facts.get(column) is not None}
    known |= {column: label_of(known[column]) for column in ("source", "last_source") if column in known}
    rows = [(_FACTS[column], shown(value)) for column, value in known.items()]
    return pd.DataFrame(rows, columns=["fact", "value"])


def events_frame(events: Sequence[LeadEvent]) -> pd.DataFrame:
    """Events, the newest first, each with its points and the rules' score after it."""
    columns = ["at", "kind", "event", "source", "engagement", "intent", "rule_score", "rules", "fields"]
    rows = [
        (
            formatting.moment(event.occurred_at),
            event.kind,
            event.event_type,
            event.source,
            event.engagement_points,
            event.intent_points,
            event.rule_score,
            event.rules_version,
            fields_text(event.fields),
        )
        for event in reversed(events)
    ]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.astype({"engagement": "Int64", "intent": "Int64", "rule_score": "Int64"})


def scores_frame(scores: Sequence[LeadScore]) -> pd.DataFrame:
    """Scores by model versions, the newest first."""
    rows = [(formatting.moment(score.scored_at), score.version, score.mode, score.score) for score in reversed(scores)]
    return pd.DataFrame(rows, columns=["at", "version", "mode", "score"])


def changes_frame(changes: Sequence[FeatureChange]) -> pd.DataFrame:
    """Features that differ, before and after."""
    rows = [(change.feature, shown(change.before), shown(change.after)) for change in changes]
    return pd.DataFrame(rows, columns=["feature", "before", "after"])


def moves_frame(history: LeadHistory) -> pd.DataFrame:
    """One row for each two successive scores, the newest first."""
    rows = [
        (
            formatting.moment(move.after.scored_at),
            move.before.version,
            move.after.version,
            move.before.score,
            move.after.score,
            move.moved_by,
            len(move.events),
            len(move.changes) if move.features_known else None,
        )
        for move in reversed(history.moves)
    ]
    names = ["at", "version_before", "version", "score_before", "score", "moved_by", "new_events", "changed_features"]
    return pd.DataFrame(rows, columns=names).astype({"changed_features": "Int64"})


def move_title(move: ScoreMove) -> str:
    """A move as a heading; it holds numbers and words of ours alone, as headings are Markdown."""
    sign = f"{move.moved_by:+d}" if move.moved_by else "±0"
    parts = [f"{formatting.moment(move.after.scored_at)}: {move.before.score} → {move.after.score} ({sign})"]
    parts.append(_counted(len(move.events), "new event"))
    if move.features_known:
        parts.append(_counted(len(move.changes), "changed feature"))
    if move.other_model:
        parts.append("another model")
    return " · ".join(parts)


def shown(value: Any) -> str:
    """A value of a lead as text."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return formatting.moment(value)
    if isinstance(value, date):
        return formatting.day(value)
    if isinstance(value, int):
        return formatting.count(value)
    if isinstance(value, float):
        return formatting.amount(value)
    return str(value)


def fields_text(fields: Mapping[str, Any]) -> str:
    """An event's fields on one line, cut where they are very long; the download of a query has them whole."""
    told = ", ".join(f"{name}: {_field(value)}" for name, value in fields.items())
    return formatting.shortened(told, LONGEST_CELL)


def _field(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else shown(value)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
