"""One lead's history is what its events and scores say, and the rules' score can be told after each event."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest

from lake_access.building.build import build
from lake_access.iceberg.tables import EVENTS, FEATURES, LEADS, SCORES
from lake_access.lake import Lake
from lake_access.lead_history import MOST_EVENTS, LeadHistory, lead_exists, lead_history
from tests.lake_access.lakes import NOW, land_lines, read_table, touch

HOSTILE = "<script>alert(1)</script> **bold** =1+1"


@pytest.fixture(scope="module")
def busy_leads(demo_lake: Lake) -> list[str]:
    scores = pd.DataFrame(read_table(demo_lake, SCORES))
    return [str(lead_id) for lead_id in scores["lead_id"].value_counts().index[:10]]


def history_of(lake: Lake, lead_id: str) -> LeadHistory:
    found = lead_history(lake.pin(), lead_id)
    assert found is not None
    return found


def test_the_events_are_all_of_the_leads_own_in_time(demo_lake: Lake, busy_leads: list[str]) -> None:
    events = pd.DataFrame(read_table(demo_lake, EVENTS)).sort_values(["occurred_at", "event_id"])
    for lead_id in busy_leads[:3]:
        expected = events[events["lead_id"] == uuid.UUID(lead_id)]
        found = history_of(demo_lake, lead_id)
        assert [event.event_id for event in found.events] == list(expected["event_id"])
        assert found.events_found == len(expected)


def test_after_the_last_event_the_rules_score_is_that_of_the_lead(demo_lake: Lake) -> None:
    leads = {str(lead["lead_id"]): lead["final_score"] for lead in read_table(demo_lake, LEADS)}
    for lead_id in list(leads)[:12]:
        assert history_of(demo_lake, lead_id).events[-1].rule_score == leads[lead_id]


def test_moves_tell_new_events_and_changed_features(demo_lake: Lake, busy_leads: list[str]) -> None:
    features = {(str(row["lead_id"]), row["as_of"]): row for row in read_table(demo_lake, FEATURES)}
    events = read_table(demo_lake, EVENTS)
    seen = 0
    for lead_id in busy_leads:
        for move in history_of(demo_lake, lead_id).moves:
            before, after = (features[lead_id, score.scored_at] for score in (move.before, move.after))
            assert {change.feature for change in move.changes} == {
                name for name in before if name not in ("lead_id", "as_of") and before[name] != after[name]
            }
            assert {event.event_id for event in move.events} == {
                event["event_id"]
                for event in events
                if str(event["lead_id"]) == lead_id
                and event["stream"] not in ("scores", "outcomes")
                and move.before.scored_at < event["occurred_at"] <= move.after.scored_at
            }
            assert move.other_model == (move.before.version != move.after.version)
            seen += 1
    assert seen > 10


def test_hostile_values_are_told_as_they_are(lake: Lake) -> None:
    land_lines(lake, "webinar", touch(location=HOSTILE, note="x" * 10_000, nested={"a": [1]}))
    build(lake, NOW)
    (lead,) = read_table(lake, LEADS)

    (event,) = history_of(lake, str(lead["lead_id"])).events

    fields: dict[str, Any] = dict(event.fields)
    assert fields == {"location": HOSTILE, "note": "x" * 10_000, "nested": {"a": [1]}}


def test_of_very_many_events_the_newest_are_told_without_a_running_score(lake: Lake) -> None:
    start = datetime(2025, 3, 1, tzinfo=UTC).timestamp()
    lines = [
        touch(timestamp=datetime.fromtimestamp(start + 60 * number, UTC).isoformat())
        for number in range(MOST_EVENTS + 5)
    ]
    land_lines(lake, "webinar", *lines)
    build(lake, NOW)
    (lead,) = read_table(lake, LEADS)

    found = history_of(lake, str(lead["lead_id"]))

    assert (len(found.events), found.events_found) == (MOST_EVENTS, MOST_EVENTS + 5)
    assert found.events[0].occurred_at == datetime.fromtimestamp(start + 300, UTC)
    assert {event.rule_score for event in found.events} == {None}


def test_nobody_has_no_history(demo_lake: Lake) -> None:
    nobody = "ffffffff-ffff-ffff-ffff-ffffffffffff"

    assert lead_history(demo_lake.pin(), nobody) is None
    assert not lead_exists(demo_lake.pin(), nobody)
