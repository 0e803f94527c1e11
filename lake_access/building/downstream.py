"""Tables made from `curated.events`: the leads, their scores, and the record of what was built.

Each says in its own commit which version of the events it was made from, and follows what changed since.
"""

from __future__ import annotations

import json
from datetime import datetime

import pyarrow as pa

from lake_access.building.changes import tell_changes
from lake_access.building.rewriting import replace_all, replace_rows
from lake_access.building.workshop import Workshop, changes_since, upstream_property
from lake_access.iceberg.commits import BUILT_AT, CONSUMED, VERSION, commit, pin, write_rows
from lake_access.iceberg.tables import BATCHES, EVENTS, LEADS, SCORES
from lake_access.queries import load_query
from lake_access.raw import batch_of

_UPSTREAM = upstream_property(EVENTS)


def build_leads(workshop: Workshop) -> None:
    """Bring `curated.leads` up to the events: only leads of whom they tell otherwise are made anew."""
    connection, declarations = workshop.connection, workshop.declarations
    table, definition = workshop.table(LEADS)
    pinned, events = pin(table), pin(workshop.table(EVENTS)[0])
    if events.version is None or pinned.properties.get(_UPSTREAM) == events.version:
        return
    delta = changes_since(workshop.table(EVENTS)[0], events, pinned.properties.get(_UPSTREAM))
    told = events.scan()
    if delta.base is not None:
        tell_changes(workshop, events, delta)
        told = "changed_events"
    parameters = {
        "touches": declarations.streams_of("touch"),
        "scores": declarations.streams_of("score"),
        "sales": declarations.streams_of("sales"),
        "outcomes": declarations.streams_of("outcome"),
        "engagement_max": declarations.scoring.engagement_max,
        "intent_max": declarations.scoring.intent_max,
    }
    connection.execute(load_query("leads").format(events=told), parameters)
    properties = {_UPSTREAM: events.version}
    if delta.base is None:
        replace_all(connection, table, definition, pinned, "new_leads", properties)
    else:
        replace_rows(
            connection,
            table,
            definition,
            pinned,
            key="lead_id",
            keys="changed_leads",
            rows="new_leads",
            properties=properties,
        )
    connection.execute("DROP TABLE new_leads")


def build_scores(workshop: Workshop) -> None:
    """Bring the online scores of `curated.scores` up to the events; offline ones stay as they are."""
    connection = workshop.connection
    table, definition = workshop.table(SCORES)
    pinned, events = pin(table), pin(workshop.table(EVENTS)[0])
    if events.version is None or pinned.properties.get(_UPSTREAM) == events.version:
        return
    delta = changes_since(workshop.table(EVENTS)[0], events, pinned.properties.get(_UPSTREAM))
    streams = {"scores": workshop.declarations.streams_of("score")}
    connection.execute(load_query("scores_online").format(scan=events.scan(files=delta.added)), streams)
    if delta.base is None:
        connection.execute(load_query("online_scores").format(scan=pinned.scan()))
    else:
        connection.execute(load_query("changed_scores").format(scan=delta.base.scan(files=delta.removed)), streams)
    replace_rows(
        connection,
        table,
        definition,
        pinned,
        key="event_id",
        keys="changed_scores",
        rows="new_scores",
        properties={_UPSTREAM: events.version},
    )
    connection.execute("DROP TABLE new_scores")


def record_batches(workshop: Workshop) -> None:
    """Bring `curated.batches`, the record of what was built, up to the commits of the events."""
    table, definition = workshop.table(BATCHES)
    pinned, events_table = pin(table), workshop.table(EVENTS)[0]
    current = pin(events_table).version
    if current is None or pinned.properties.get(_UPSTREAM) == current:
        return
    rows = []
    for snapshot in reversed(events_table.metadata.snapshots):
        properties = {} if snapshot.summary is None else snapshot.summary.additional_properties
        if properties.get(VERSION) == pinned.properties.get(_UPSTREAM):
            break
        for key, counts in json.loads(properties.get(CONSUMED, "{}")).items():
            batch = batch_of(key)
            built_at = datetime.fromisoformat(properties[BUILT_AT])
            rows.append({**counts, **vars(batch), "built_at": built_at})
    workshop.connection.register("recorded", _as_table(rows))
    workshop.connection.execute("CREATE OR REPLACE TABLE new_batches AS FROM recorded")
    added = write_rows(workshop.connection, table, definition, "new_batches")
    commit(table, added, [], {_UPSTREAM: current})


def _as_table(rows: list[dict[str, object]]) -> pa.Table:
    moment = pa.timestamp("us", "UTC")
    schema = pa.schema(
        {
            "batch_id": pa.string(), "stream": pa.string(), "key": pa.string(), "landed_at": moment,
            "history": pa.bool_(),
            "read": pa.int64(), "curated": pa.int64(), "duplicates": pa.int64(), "quarantined": pa.int64(),
            "refused": pa.string(), "built_at": moment,
        }
    )  # fmt: skip
    return pa.Table.from_pylist(rows, schema)
