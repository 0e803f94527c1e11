"""Tables made from `curated.events`: the leads and their scores.

Each says in its own commit which version of the events it was made from, and follows what changed since.
"""

from __future__ import annotations

from lake_access.building.rewriting import replace_all, replace_rows
from lake_access.building.workshop import Workshop, changes_since, upstream_property
from lake_access.iceberg.commits import pin
from lake_access.iceberg.tables import EVENTS, LEADS, SCORES
from lake_access.queries import load_query

_UPSTREAM = upstream_property(EVENTS)
# By which columns online scores are told apart: where a table was made by others, they are made anew.
SCORES_BY = "leadlake.scores_by"
_SCORES_KEY = "stream, event_id"


def build_leads(workshop: Workshop) -> None:
    """Bring `curated.leads` up to the events: only leads that a changed data file speaks of are made anew."""
    connection, declarations = workshop.connection, workshop.declarations
    table, definition = workshop.table(LEADS)
    pinned, events = pin(table), pin(workshop.table(EVENTS)[0])
    if events.version is None or pinned.properties.get(_UPSTREAM) == events.version:
        return
    delta = changes_since(workshop.table(EVENTS)[0], events, pinned.properties.get(_UPSTREAM))
    only = ""
    if delta.base is not None:
        added, removed = events.scan(files=delta.added), delta.base.scan(files=delta.removed)
        connection.execute(load_query("changed_leads").format(added=added, removed=removed))
        only = "SEMI JOIN changed_leads USING (lead_id)"
    parameters = {
        "touches": declarations.streams_of("touch"),
        "scores": declarations.streams_of("score"),
        "sales": declarations.streams_of("sales"),
        "outcomes": declarations.streams_of("outcome"),
        "engagement_max": declarations.scoring.engagement_max,
        "intent_max": declarations.scoring.intent_max,
    }
    connection.execute(load_query("leads").format(scan=events.scan(), only=only), parameters)
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
    properties = {_UPSTREAM: str(events.version), SCORES_BY: _SCORES_KEY}
    if events.version is None or properties.items() <= pinned.properties.items():
        return
    made_alike = pinned.properties.get(SCORES_BY) == _SCORES_KEY
    version = pinned.properties.get(_UPSTREAM) if made_alike else None
    delta = changes_since(workshop.table(EVENTS)[0], events, version)
    streams = {"scores": workshop.declarations.streams_of("score")}
    connection.execute(load_query("scores_online").format(scan=events.scan(files=delta.added)), streams)
    if delta.base is None:
        connection.execute(load_query("scores_offline").format(scan=pinned.scan()))
        replace_all(connection, table, definition, pinned, "new_scores", properties)
    else:
        connection.execute(load_query("changed_scores").format(scan=delta.base.scan(files=delta.removed)), streams)
        replace_rows(
            connection,
            table,
            definition,
            pinned,
            key=_SCORES_KEY,
            keys="changed_scores",
            rows="new_scores",
            properties=properties,
        )
    connection.execute("DROP TABLE new_scores")
