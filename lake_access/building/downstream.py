"""Tables made from `curated.events`: the leads and their scores.

Each says in its own commit which version of the events it was made from, and follows what changed since.
"""

from __future__ import annotations

from collections.abc import Mapping

from lake_access.building.changes import tell_changes
from lake_access.building.portions import lead_portions
from lake_access.building.rewriting import replace_all, replace_rows
from lake_access.building.workshop import Delta, Workshop, changes_since, upstream_property
from lake_access.iceberg.commits import MADE_BY, PinnedTable, pin
from lake_access.iceberg.tables import EVENTS, LEADS, SCORES
from lake_access.queries import load_query, query_digest

_UPSTREAM = upstream_property(EVENTS)


def build_leads(workshop: Workshop) -> None:
    """Bring `curated.leads` up to the events: only leads of whom they tell otherwise are made anew."""
    connection, declarations = workshop.connection, workshop.declarations
    table, definition = workshop.table(LEADS)
    pinned, events = pin(table), pin(workshop.table(EVENTS)[0])
    parameters = {
        "touches": declarations.streams_of("touch"),
        "scores": declarations.streams_of("score"),
        "sales": declarations.streams_of("sales"),
        "outcomes": declarations.streams_of("outcome"),
        "engagement_max": declarations.scoring.engagement_max,
        "intent_max": declarations.scoring.intent_max,
    }
    properties = _made_from(events, query_digest(load_query("leads"), parameters))
    if events.version is None or properties.items() <= pinned.properties.items():
        return
    delta = _changes(workshop, events, pinned, properties)
    told, number = events.scan(), events.rows
    if delta.base is not None:
        tell_changes(workshop, events, delta)
        told, number = "changed_events", connection.table("changed_events").shape[0]
    into = "CREATE OR REPLACE TABLE new_leads AS"
    for portion in lead_portions(told, number):
        connection.execute(load_query("leads").format(into=into, events=portion), parameters)
        into = "INSERT INTO new_leads"
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
    streams = {"scores": workshop.declarations.streams_of("score")}
    properties = _made_from(events, query_digest(load_query("scores_online"), streams))
    if events.version is None or properties.items() <= pinned.properties.items():
        return
    delta = _changes(workshop, events, pinned, properties)
    if delta.removed and delta.base is not None and delta.base.files.keys() == set(delta.removed):
        # No file is left, as after a replay of everything: offline scores, which rest on no event, are held against
        # the leads that there still are.
        delta = Delta(None, delta.added, delta.removed)
    connection.execute(load_query("scores_online").format(scan=events.scan(files=delta.added)), streams)
    if delta.base is None:
        leads = pin(workshop.table(LEADS)[0]).scan()
        connection.execute(load_query("scores_offline").format(scan=pinned.scan(), leads=leads))
        replace_all(connection, table, definition, pinned, "new_scores", properties)
    else:
        connection.execute(load_query("changed_scores").format(scan=delta.base.scan(files=delta.removed)), streams)
        replace_rows(
            connection,
            table,
            definition,
            pinned,
            key="stream, event_id",
            keys="changed_scores",
            rows="new_scores",
            properties=properties,
        )
    connection.execute("DROP TABLE new_scores")


def _made_from(events: PinnedTable, digest: str) -> dict[str, str]:
    return {_UPSTREAM: str(events.version), MADE_BY: digest}


def _changes(workshop: Workshop, events: PinnedTable, made: PinnedTable, properties: Mapping[str, str]) -> Delta:
    """What came and went since a table was made; everything came where other declarations or queries made it."""
    same = made.properties.get(MADE_BY) == properties[MADE_BY]
    return changes_since(workshop.table(EVENTS)[0], events, made.properties.get(_UPSTREAM) if same else None)
