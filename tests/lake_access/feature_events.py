"""Events for the tests of features: drawn at random with many coincidences, and as a table that the queries read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa
from hypothesis import strategies as st

from lake_access.declarations import Declarations
from lake_access.features import derive_features, moments_step, outcomes_step, run, tell_events
from lake_access.iceberg.tables import EVENTS, SQL_TYPES, table_definitions
from lake_access.queries import load_query

Row = dict[str, Any]
Moment = tuple[UUID, datetime]

_ARROW = {
    "VARCHAR": pa.string(),
    "UUID": pa.string(),
    "TIMESTAMPTZ": pa.timestamp("us", "UTC"),
    "BOOLEAN": pa.bool_(),
    "BIGINT": pa.int64(),
    "INTEGER": pa.int32(),
    "DOUBLE": pa.float64(),
}
START = datetime(2025, 3, 1, tzinfo=UTC)
LEADS = tuple(UUID(int=number) for number in range(4))
TOUCHES = (
    ("webinar", "webinar_registration"),
    ("webinar", "webinar_attendance"),
    ("online", "page_view"),
    ("crm", "crm_contact"),
)
# Few days and few values: the same day, place or device twice is where a rule about time or order shows.
days = st.integers(0, 8).map(lambda number: START + timedelta(days=number))
moments = st.tuples(st.sampled_from(LEADS), days)
places = st.sampled_from([None, "Berlin", "Zürich"])
attributes = st.sampled_from(
    [
        None,
        {"age": 44},
        {"age": "45.5", "job": "nurse"},
        {"age": "unknown"},
        {"age": None, "job": "admin"},
        {"age": 1e9},
    ]
)


def event(stream: str, event_type: str, **values: Any) -> Row:
    """An event with what every one has, and these values besides."""
    return {
        "lead_id": LEADS[0],
        "event_id": "1",
        "source": stream,
        "stream": stream,
        "event_type": event_type,
        "occurred_at": START,
        "ingested_at": START,
        "history": False,
        "location": None,
        "device_model": None,
        "duration": None,
        "attributes": None,
        "engagement_points": None,
        "intent_points": None,
        "converted": None,
    } | values


@st.composite
def _touch(draw: st.DrawFn) -> Row:
    stream, event_type = draw(st.sampled_from(TOUCHES))
    found = draw(attributes)
    values = {
        "location": draw(places),
        "device_model": draw(st.sampled_from([None, "X1", "X2", "X3"])),
        "duration": draw(st.sampled_from([None, 12.25, 40.5])) if event_type == "webinar_attendance" else None,
        "attributes": None if found is None else json.dumps(found),
        "engagement_points": draw(st.sampled_from([None, -2, 10])),
        "intent_points": draw(st.sampled_from([None, 0, 5])),
    }
    return event(stream, event_type, **values)


_feedback = st.sampled_from(
    [
        event("sales", "sales_action"),
        event("scores", "score"),
        event("outcomes", "outcome", converted=True),
        event("outcomes", "outcome", converted=False),
    ]
)


@st.composite
def _any_event(draw: st.DrawFn) -> Row:
    told: Row = draw(st.one_of(_touch(), _touch(), _feedback))
    when = {"occurred_at": draw(days), "ingested_at": draw(days), "history": draw(st.booleans())}
    return told | when | {"lead_id": draw(st.sampled_from(LEADS[:3])), "event_id": draw(st.sampled_from("123456789"))}


events = st.lists(_any_event(), min_size=5, max_size=30, unique_by=lambda told: (told["stream"], told["event_id"]))


def features_from(events: Sequence[Row], asked: Iterable[Moment], declarations: Declarations) -> dict[Moment, Row]:
    """What the queries make of these events as of these moments."""
    with _told(events, declarations) as connection:
        connection.register("asked", moments_table(asked))
        connection.execute(load_query("asked_moments"))
        run(connection, outcomes_step(declarations))
        connection.execute(load_query("outcomes_told"))
        derive_features(connection, declarations)
        found = connection.execute("SELECT * FROM new_features")
        columns = [column[0] for column in found.description or []]
        rows = [dict(zip(columns, row, strict=True)) for row in found.fetchall()]
    return {(row["lead_id"], row["as_of"]): row for row in rows}


def moments_from(events: Sequence[Row], declarations: Declarations) -> set[Moment]:
    """The moments for which a build of these events makes features."""
    with _told(events, declarations) as connection:
        run(connection, moments_step(declarations))
        return set(connection.execute("FROM moments").fetchall())


def moments_table(asked: Iterable[Moment]) -> pa.Table:
    pairs = list(asked)
    return pa.table(
        {
            "lead_id": pa.array([str(lead) for lead, _ in pairs], pa.string()),
            "as_of": pa.array([moment for _, moment in pairs], pa.timestamp("us", "UTC")),
        }
    )


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """One for all examples, each with a cursor and so with temporary tables of its own: opening one takes long."""
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    return connection


def _told(events: Sequence[Row], declarations: Declarations) -> duckdb.DuckDBPyConnection:
    connection = _database().cursor()
    columns = {name: SQL_TYPES[kind] for name, kind in table_definitions(declarations)[EVENTS].columns.items()}
    rows = [{name: told.get(name) for name in columns} | {"lead_id": str(told["lead_id"])} for told in events]
    schema = pa.schema({name: _ARROW[kind] for name, kind in columns.items()})
    connection.register("rows", pa.Table.from_pylist(rows, schema))
    typed = ", ".join(f'"{name}"::{kind} AS "{name}"' for name, kind in columns.items())
    connection.execute(f"CREATE TEMP TABLE told_events AS SELECT {typed} FROM rows")
    tell_events(connection, "told_events")
    return connection
