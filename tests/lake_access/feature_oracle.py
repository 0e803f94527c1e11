"""The features of a lead as of a moment as plain Python tells them: no SQL, all pairs, nothing kept.

Written to be read beside docs/features.md, not to be fast.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from lake_access.declarations import Declarations
from lake_access.feature_groups import PRIOR_LEADS

Row = dict[str, Any]


def is_known(event: Row, moment: datetime) -> bool:
    """The point-in-time rule: occurred by then, and ingested by then unless it landed as a known past."""
    return bool(event["occurred_at"] <= moment and (event["history"] or event["ingested_at"] <= moment))


def is_known_before(event: Row, moment: datetime) -> bool:
    """The same, strictly before: what counts for outcomes."""
    return bool(event["occurred_at"] < moment and (event["history"] or event["ingested_at"] < moment))


def known_from(event: Row) -> datetime:
    moment: datetime = event["occurred_at"]
    return moment if event["history"] else max(moment, event["ingested_at"])


def in_order(events: Iterable[Row]) -> list[Row]:
    return sorted(events, key=lambda event: (event["occurred_at"], event["event_id"], event["stream"]))


def scoring_moments(events: Sequence[Row], declarations: Declarations) -> set[tuple[UUID, datetime]]:
    """Each lead's scores, or when its newest touch was known."""
    of_lead: dict[UUID, dict[str, set[datetime]]] = {}
    for event in events:
        kind = declarations.sources[event["stream"]].kind
        moment = event["occurred_at"] if kind == "score" else known_from(event)
        of_lead.setdefault(event["lead_id"], {}).setdefault(kind, set()).add(moment)
    found: set[tuple[UUID, datetime]] = set()
    for lead, moments in of_lead.items():
        found |= {(lead, moment) for moment in moments.get("score", ())}
        if "score" not in moments and "touch" in moments:
            found.add((lead, max(moments["touch"])))
    return found


def features(lead: UUID, moment: datetime, events: Sequence[Row], declarations: Declarations) -> Row:
    """The row of one lead as of one moment."""
    known = in_order(event for event in events if event["lead_id"] == lead and is_known(event, moment))
    touches = _of_kind(known, "touch", declarations)
    done = in_order([*touches, *_of_kind(known, "sales", declarations)])
    location = _newest(touches, "location")
    return {
        "lead_id": lead,
        "as_of": moment,
        "past_event_count": len(touches),
        "days_since_first_touch": _days(moment - touches[0]["occurred_at"]) if touches else None,
        "days_since_last_touch": _days(moment - touches[-1]["occurred_at"]) if touches else None,
        "first_source": touches[0]["source"] if touches else None,
        "engagement_points": _sum(done, "engagement_points"),
        "intent_points": _sum(done, "intent_points"),
        "avg_webinar_time": _mean(touches),
        "device_model_interest": _favourite(touches),
        "location": location,
        "location_conversion_rate": _rate(lead, moment, location, events, declarations),
        **_counts(done, declarations),
        **{name: _number(_attribute(touches, name, number=True)) for name in declarations.features.numeric},
        **{name: _attribute(touches, name, number=False) for name in declarations.features.categorical},
    }


def _of_kind(events: Iterable[Row], kind: str, declarations: Declarations) -> list[Row]:
    return [event for event in events if declarations.sources[event["stream"]].kind == kind]


def _days(since: timedelta) -> float:
    return since / timedelta(days=1)


def _newest(touches: Sequence[Row], column: str) -> Any:
    return next((touch[column] for touch in reversed(touches) if touch[column] is not None), None)


def _sum(events: Sequence[Row], points: str) -> int | None:
    given = [event[points] for event in events if event[points] is not None]
    return sum(given) if given else None


def _mean(touches: Sequence[Row]) -> float | None:
    given = [touch["duration"] for touch in touches if touch["event_type"] == "webinar_attendance"]
    minutes = [duration for duration in given if duration is not None]
    return sum(minutes) / len(minutes) if minutes else None


def _favourite(touches: Sequence[Row]) -> str | None:
    """The model that most touches show; of several, the one shown last."""
    shown: list[str] = [touch["device_model"] for touch in touches if touch["device_model"] is not None]
    counts = Counter(shown)
    return next((model for model in reversed(shown) if counts[model] == max(counts.values())), None)


def _counts(done: Sequence[Row], declarations: Declarations) -> dict[str, int]:
    touch_streams = declarations.streams_of("touch")
    streams = [declarations.sources[name] for name in (*touch_streams, *declarations.streams_of("sales"))]
    types = [event_type for stream in streams for event_type in stream.events]
    by_type = {f"events_{name}": sum(event["event_type"] == name for event in done) for name in types}
    return by_type | {f"touches_{name}": sum(event["stream"] == name for event in done) for name in touch_streams}


def _rate(
    lead: UUID, moment: datetime, location: str | None, events: Sequence[Row], declarations: Declarations
) -> float | None:
    outcomes: dict[UUID, list[Row]] = {}
    for event in _of_kind(events, "outcome", declarations):
        if event["lead_id"] != lead and is_known_before(event, moment):
            outcomes.setdefault(event["lead_id"], []).append(event)
    if not outcomes:
        return None
    won = {other: any(event["converted"] for event in of_other) for other, of_other in outcomes.items()}
    overall = sum(won.values()) / len(won)
    there = [
        other
        for other, of_other in outcomes.items()
        if location is not None and _location_at_outcome(other, of_other, events, declarations) == location
    ]
    return (sum(won[other] for other in there) + PRIOR_LEADS * overall) / (len(there) + PRIOR_LEADS)


def _location_at_outcome(
    lead: UUID, outcomes: Sequence[Row], events: Sequence[Row], declarations: Declarations
) -> str | None:
    first = min(known_from(outcome) for outcome in outcomes)
    known = in_order(event for event in events if event["lead_id"] == lead and is_known(event, first))
    location: str | None = _newest(_of_kind(known, "touch", declarations), "location")
    return location


def _attribute(touches: Sequence[Row], name: str, *, number: bool) -> str | None:
    for touch in reversed(touches):
        text = _text(touch.get(name)) or _text(json.loads(touch["attributes"] or "{}").get(name))
        if text is not None and (not number or _number(text) is not None):
            return text
    return None


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None
