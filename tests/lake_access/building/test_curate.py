"""Lines become events, each under its lead and with its points, or are refused with the first thing wrong."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lake_access.building import build as building
from lake_access.building.build import BuildResult, build
from lake_access.iceberg.tables import BATCHES, EVENTS, IDENTITIES, QUARANTINE
from lake_access.lake import Lake
from tests.lake_access.lakes import (
    NOW,
    Line,
    batch_of,
    lake_in,
    land_bytes,
    land_lines,
    quarantined,
    read_table,
    read_tables,
    touch,
)

ATTENDED = touch(event_type="webinar_attendance")
RAW_ATTENDED = json.dumps(ATTENDED)[:-1]


def counts(result: BuildResult) -> tuple[int, int, int, int]:
    return result.read, result.curated, result.duplicates, result.quarantined


def reason(lake: Lake, line: Line, stream: str = "webinar") -> str | None:
    """Why the line is refused, or None."""
    land_lines(lake, stream, line)
    build(lake, NOW)
    return quarantined(lake).get(1)


def event_of(lake: Lake, line: Line, stream: str = "webinar") -> dict[str, Any]:
    assert reason(lake, line, stream) is None
    (event,) = read_table(lake, EVENTS)
    return event


def test_an_event_keeps_all_that_it_says(lake: Lake) -> None:
    line = '{"event_type": "webinar_attendance", "email": " John@Gmail.com", "duration": 42, "questions": 2, \
"timestamp": "2025-01-01T12:00:00.5+02:00", "campaign": "spring \\u00e9", "room": {"seat": [1, null]}, "score": 7}'

    landing = land_lines(lake, "webinar", "", line, history=True)
    build(lake, NOW)

    (event,) = read_table(lake, EVENTS)
    said = {name: value for name, value in event.items() if value is not None}
    assert said.pop("lead_id")
    assert json.loads(said.pop("attributes")) == {"room": {"seat": [1, None]}, "score": 7}
    assert said == {
        "event_id": hashlib.sha256(line.encode()).hexdigest(),
        "source": "webinar",
        "stream": "webinar",
        "event_type": "webinar_attendance",
        "occurred_at": datetime(2025, 1, 1, 10, 0, 0, 500_000, UTC),
        "ingested_at": NOW,
        "history": True,
        "batch_id": batch_of(landing).batch_id,
        "line_number": 2,
        "engagement_points": 18,
        "intent_points": 12,
        "rules_version": "2025-01",
        "duration": 42.0,
        "questions": 2,
        "campaign": "spring é",
    }


REFUSED: list[tuple[Line, str]] = [
    ("nonsense", "not valid JSON"),
    ("[1]", "not a JSON object"),
    ("  [1]", "not a JSON object"),
    (b"\xff", "not valid UTF-8"),
    (b"\xef\xbb\xbf" + json.dumps(touch()).encode(), "not valid JSON"),
    (RAW_ATTENDED + ', "email": "ann@example.com"}', "a key stands twice"),
    (RAW_ATTENDED + ', "x": 1, "\\u0078": 2}', "a key stands twice"),
    (RAW_ATTENDED + ', "x": {"y": 1, "y": 2}}', "a key stands twice"),
    (RAW_ATTENDED + ', "x": [[{"y": {"z": 1, "z": 2}}]]}', "a key stands twice"),
    (RAW_ATTENDED + ', "x": NaN}', "NaN or Infinity, which JSON does not have"),
    (RAW_ATTENDED + ', "x": [1, -Infinity]}', "NaN or Infinity, which JSON does not have"),
    (RAW_ATTENDED + ', "x": nan}', "not valid JSON"),
    (RAW_ATTENDED + ', "x": [1,]}', "not valid JSON"),
    (RAW_ATTENDED + ", }", "not valid JSON"),
    (RAW_ATTENDED + ', "x": ' + "[" * 500 + "]" * 500 + "}", "nested more than 500 levels deep"),
    (RAW_ATTENDED + ', "duration": NaN}', "duration: not a number"),
    (ATTENDED | {"duration": "42"}, "duration: not a number"),
    (ATTENDED | {"duration": -1}, "duration: under 0"),
    (ATTENDED | {"duration": 1440.5}, "duration: over 1440"),
    (ATTENDED | {"questions": 1.0}, "questions: not an integer"),
    (ATTENDED | {"questions": True}, "questions: not an integer"),
    (touch(event_type=None), "event_type: missing"),
    (touch(event_type=4), "event_type: not a text"),
    (touch(event_type="roadshow_visit"), "event_type: unknown in this stream"),
    (touch(timestamp=None), "timestamp: missing"),
    (touch(timestamp="2025-11-01T10:00:00"), "timestamp: not a date and time with a zone, as RFC 3339 has it"),
    (touch(timestamp="2025-11-01T10:00:00+25:00"), "timestamp: not a date and time with a zone, as RFC 3339 has it"),
    (touch(timestamp="2025-11-01T24:00:00Z"), "timestamp: not a date and time with a zone, as RFC 3339 has it"),
    (touch(timestamp="1999-12-31T23:59:59Z"), "timestamp: before the year 2000"),
    (touch(timestamp="2026-01-03T12:00:01Z"), "timestamp: more than a day after it landed"),
    (touch(event_id=""), "event_id: not a text of 1 to 200 bytes"),
    (touch(email=1), "email: not a text"),
    (touch(email="john"), "email: not a possible address"),
    (touch(lead_key=" "), "lead_key: not a text of 1 to 200 bytes"),
    (touch(lead_key="é\0"), "lead_key: holds a NUL character"),
    (touch(email=None), "no identity: neither email nor lead_key"),
]  # fmt: skip
REFUSED_FEEDBACK: list[tuple[str, Line, str]] = [
    ("scores", touch(event_type="score", score=50), "model_version: missing"),
    ("sales", touch(event_type="sales_action", action="fax"), "action: not one of call, email, meeting, quote"),
    ("outcomes", touch(event_type="outcome", converted="yes"), "converted: not a boolean"),
    ("crm", touch(event_type="crm_contact"), "lead_source: missing or not a text"),
    ("crm", touch(event_type="crm_contact", lead_source="x" * 101), "lead_source: over 100 characters"),
]


def test_each_line_is_refused_with_the_first_thing_that_is_wrong(lake: Lake) -> None:
    land_lines(lake, "webinar", *(line for line, _ in REFUSED))

    assert counts(build(lake, NOW)) == (len(REFUSED), 0, 0, len(REFUSED))
    assert quarantined(lake) == {number: said for number, (_, said) in enumerate(REFUSED, 1)}


def test_feedback_is_held_to_its_declaration(lake: Lake) -> None:
    for minutes, (stream, line, _) in enumerate(REFUSED_FEEDBACK):
        land_lines(lake, stream, line, at=NOW + timedelta(minutes=minutes))
    build(lake, NOW)

    rows = sorted(read_table(lake, QUARANTINE), key=lambda row: row["seen_at"])
    assert [row["reason"] for row in rows] == [said for _, _, said in REFUSED_FEEDBACK]


def test_a_refused_line_is_kept_whole_with_its_place(lake: Lake) -> None:
    line = ' {"email": "x"\t'
    landing = land_lines(lake, "webinar", touch(), "", line)
    build(lake, NOW)

    (row,) = read_table(lake, QUARANTINE)
    assert row == {
        "stream": "webinar",
        "batch_id": batch_of(landing).batch_id,
        "line_number": 3,
        "reason": "not valid JSON",
        "line": line.encode(),
        "seen_at": NOW,
    }


def test_valid_values_of_an_unknown_key_are_kept(lake: Lake) -> None:
    values = [
        "9" * 5_000,
        "1e999",
        "-0.0",
        "1E400",
        '"\\u0000"',
        '"nan, inf"',
        "[{}, {}]",
        "null",
        "[" * 499 + "]" * 499,
    ]
    land_lines(lake, "webinar", *(f'{RAW_ATTENDED}, "x": {value}, "y": "finance"}}' for value in values))
    build(lake, NOW)

    kept = {row["line_number"]: json.loads(row["attributes"], parse_int=str)["x"] for row in read_table(lake, EVENTS)}
    assert kept == {number: json.loads(value, parse_int=str) for number, value in enumerate(values, 1)}


def test_an_event_landed_again_is_a_duplicate(lake: Lake) -> None:
    first = touch(duration=1)
    own = touch(event_id="7", timestamp="2025-03-01T00:00:00Z")
    land_lines(lake, "webinar", first, own, first)
    assert counts(build(lake, NOW)) == (3, 2, 1, 0)

    moved = touch(event_id="7", timestamp="2025-06-01T00:00:00Z")
    land_lines(lake, "webinar", moved, touch(), first, at=NOW + timedelta(hours=1))

    assert counts(build(lake, NOW)) == (3, 1, 2, 0)
    assert len(read_table(lake, EVENTS)) == 3


def test_an_id_is_of_its_stream(lake: Lake) -> None:
    land_lines(lake, "webinar", touch(event_id="1"))
    land_lines(lake, "roadshow", touch(event_id="1", event_type="roadshow_visit"))

    assert counts(build(lake, NOW)) == (2, 2, 0, 0)


def test_the_line_end_makes_no_other_event(lake: Lake) -> None:
    line = json.dumps(touch()).encode()
    land_bytes(lake, "webinar", line + b"\n" + line + b"\r\n" + line)

    assert counts(build(lake, NOW)) == (3, 1, 2, 0)


def test_more_batches_than_one_commit_takes_are_all_built(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "BATCHES_PER_COMMIT", 2)
    for number in range(5):
        land_lines(lake, "webinar", touch(n=number), touch(), at=NOW + timedelta(minutes=number))

    assert counts(build(lake, NOW)) == (10, 6, 4, 0)
    assert [row["curated"] for row in sorted(read_table(lake, BATCHES), key=lambda row: str(row["key"]))] == [
        2,
        1,
        1,
        1,
        1,
    ]


def test_points_are_given_by_the_rules_that_hold(lake: Lake) -> None:
    lines = [ATTENDED, ATTENDED | {"duration": 29.9}, ATTENDED | {"duration": 30, "questions": 3}, touch()]
    land_lines(lake, "webinar", *lines)
    land_lines(lake, "online", touch(event_type="page_view", page="pricing", seconds=60))
    land_lines(lake, "sales", touch(event_type="sales_action", action="call"))
    build(lake, NOW)

    points = [(row["engagement_points"], row["intent_points"]) for row in read_table(lake, EVENTS)]
    assert sorted(points, key=str) == sorted([(8, 0), (8, 0), (18, 20), (4, 0), (5, 5), (None, None)], key=str)


def test_a_field_of_another_event_type_is_an_attribute(lake: Lake) -> None:
    event = event_of(lake, touch(duration=5))

    assert (event["duration"], event["attributes"]) == (None, '{"duration":5}')


def test_an_import_names_its_own_source(lake: Lake) -> None:
    assert event_of(lake, touch(event_type="crm_contact", lead_source=" cellular "), "crm")["source"] == "cellular"


# --- who -------------------------------------------------------------------------------------------------------------


def leads_of(lake: Lake) -> dict[str, set[int]]:
    """The line numbers under each lead."""
    found: dict[str, set[int]] = {}
    for event in read_table(lake, EVENTS):
        found.setdefault(str(event["lead_id"]), set()).add(event["line_number"])
    return found


def test_an_address_is_one_however_it_is_written(lake: Lake) -> None:
    forms = ["JOHN@Example.COM", "  john@example.com\t", "\uff4aohn@example.com", "john@example\uff0ecom"]
    others = ["john2@example.com", "jöhn@example.com"]
    land_lines(lake, "webinar", *(touch(n=n, email=email) for n, email in enumerate([*forms, *others])))
    build(lake, NOW)

    assert sorted(leads_of(lake).values(), key=min) == [{1, 2, 3, 4}, {5}, {6}]


def test_an_address_and_a_key_become_one_lead_when_an_event_names_both(lake: Lake) -> None:
    land_lines(lake, "webinar", touch(), touch(email=None, lead_key="7"), touch(email=None, lead_key="8"))
    build(lake, NOW)
    assert len(leads_of(lake)) == 3

    land_lines(lake, "sales", touch(event_type="sales_action", action="call", lead_key="7"))
    build(lake, NOW)

    by_line = {(row["stream"], row["line_number"]): row["lead_id"] for row in read_table(lake, EVENTS)}
    assert by_line["webinar", 1] == by_line["webinar", 2] == by_line["sales", 1] != by_line["webinar", 3]


def test_links_join_through_others_over_many_builds(tmp_path: Path) -> None:
    chain = [("a", "1"), ("b", "2"), ("c", "3"), ("d", "4"), ("b", "1"), ("d", "2")]
    together = lake_in(tmp_path / "together")
    lines = [touch(n=n, email=f"{name}@example.com", lead_key=key) for n, (name, key) in enumerate(chain)]
    land_lines(together, "webinar", *lines)
    build(together, NOW)
    apart = lake_in(tmp_path / "apart")
    for place in range(0, len(lines), 2):
        land_lines(apart, "webinar", *lines[place : place + 2], at=NOW + timedelta(minutes=place))
        build(apart, NOW)

    assert len(leads_of(together)) == len(leads_of(apart)) == 2
    assert {row["lead_id"] for row in read_table(apart, EVENTS)} == {
        row["lead_id"] for row in read_table(together, EVENTS)
    }
    assert read_tables(apart)[IDENTITIES] == read_tables(together)[IDENTITIES]


def test_addresses_stand_in_the_identities_alone(lake: Lake) -> None:
    land_lines(lake, "webinar", touch(email="ann@example.com", lead_key="crm-1"))
    build(lake, NOW)

    tables = read_tables(lake)
    holding = [name for name, rows in tables.items() if "ann@" in str(rows) or "crm-1" in str(rows)]
    assert holding == [IDENTITIES]
    assert [row["identity"] for row in read_table(lake, IDENTITIES)] != []
