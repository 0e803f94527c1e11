"""The stages that make the features: what is known of outcomes, and `features.lead_features` from it and the events.

Both follow the events as the leads do: only leads of whom they tell otherwise are made anew. But a lead's
features depend on other leads' outcomes too: where more is known of them about an earlier time than before, leads with
features as of a moment after that are made anew as well. So the tables always equal those built from nothing.
"""

from __future__ import annotations

from pyiceberg.manifest import DataFile
from pyiceberg.table import Table

from lake_access.building.changes import tell_changed_events, tell_changes
from lake_access.building.identity import changed_rows
from lake_access.building.portions import lead_portions
from lake_access.building.rewriting import replace_all, replace_files, replace_rows
from lake_access.building.workshop import Delta, Workshop, changes_since, upstream_property
from lake_access.features import derive_features, features_digest, moments_step, outcomes_step, run, tell_events
from lake_access.iceberg.catalog import translated
from lake_access.iceberg.commits import PinnedTable, commit, pin, write_rows
from lake_access.iceberg.tables import EVENTS, FEATURES, KNOWN_OUTCOMES
from lake_access.queries import load_query

# Which queries and declarations made the rows: by others than before, all of them are made anew.
_MADE_BY = "leadlake.features"


def build_features(workshop: Workshop) -> None:
    """Bring the known outcomes, and then the features, up to the events.

    Raises:
        ConflictError: another build committed meanwhile.
    """
    events, outcomes = pin(workshop.table(EVENTS)[0]), pin(workshop.table(KNOWN_OUTCOMES)[0])
    made = pin(_features_table(workshop))
    if events.version is None or _made_from(workshop, events, outcomes).items() <= made.properties.items():
        return
    news = _changes(workshop, events, made)
    if news is None:
        tell_events(workshop.connection, events.scan())
    else:
        tell_changes(workshop, events, news)
        tell_events(workshop.connection, "changed_events")
    _build_outcomes(workshop, events, only_changed=news is not None)
    _build_features(workshop, events, only_changed=news is not None)


def _build_outcomes(workshop: Workshop, events: PinnedTable, *, only_changed: bool) -> None:
    connection = workshop.connection
    table, definition = workshop.table(KNOWN_OUTCOMES)
    pinned, properties = pin(table), _made_from(workshop, events)
    if properties.items() <= pinned.properties.items():
        return
    run(connection, outcomes_step(workshop.declarations))
    if not only_changed:
        replace_all(connection, table, definition, pinned, "new_outcomes", properties)
        return
    # Few of the leads that changed have another outcome by that: the files of the others stay.
    columns = ", ".join(definition.columns)
    connection.execute(load_query("outcomes_moved").format(scan=pinned.scan(), columns=columns))
    rows = "moved_outcomes"
    replace_rows(
        connection, table, definition, pinned, key="lead_id", keys="moved_leads", rows=rows, properties=properties
    )


def _build_features(workshop: Workshop, events: PinnedTable, *, only_changed: bool) -> None:
    connection = workshop.connection
    table, definition = workshop.table(FEATURES)
    pinned, outcomes = pin(table), pin(workshop.table(KNOWN_OUTCOMES)[0])
    only_changed = only_changed and _include_leads_after(workshop, events, outcomes, pinned)
    connection.execute(load_query("outcomes_kept").format(scan=outcomes.scan()))
    properties = _made_from(workshop, events, outcomes)
    if only_changed:
        added = _write_features(workshop, "changed_events", connection.table("changed_events").shape[0])
        keys = "changed_leads"
        replace_files(
            connection, table, definition, pinned, key="lead_id", keys=keys, added=added, properties=properties
        )
    else:
        added = _write_features(workshop, events.scan(), events.rows)
        commit(table, added, list(pinned.files.values()), properties)


def _write_features(workshop: Workshop, told: str, number: int) -> list[DataFile]:
    """Data files of the features of all leads of so many events, as `known_outcomes` has it."""
    connection, declarations = workshop.connection, workshop.declarations
    table, definition = workshop.table(FEATURES)
    written: list[DataFile] = []
    for portion in lead_portions(told, number):
        tell_events(connection, portion)
        run(connection, moments_step(declarations))
        derive_features(connection, declarations)
        written += write_rows(connection, table, definition, "new_features")
        connection.execute("DROP TABLE new_features")
    return written


def _include_leads_after(workshop: Workshop, events: PinnedTable, outcomes: PinnedTable, features: PinnedTable) -> bool:
    """Count among the changed leads those whose features know of an outcome that is told otherwise now.

    False where it is no longer known which outcomes the features were made from: then every lead's are made anew.
    """
    news = _changes(workshop, outcomes, features)
    if news is None:
        return False
    added, removed = _scans(outcomes, news)
    columns = ", ".join(workshop.table(KNOWN_OUTCOMES)[1].columns)
    query = load_query("leads_after_outcomes")
    query = query.format(features=features.scan(), added=added, removed=removed, columns=columns)
    if changed_rows(workshop.connection.execute(query)):
        tell_changed_events(workshop, events)
    return True


def _features_table(workshop: Workshop) -> Table:
    """The table, without the columns of attributes that the settings name no more."""
    table, definition = workshop.table(FEATURES)
    gone = [name for name in table.schema().column_names if name not in definition.columns]
    if gone:
        with translated(definition.name), table.update_schema() as update:
            for name in gone:
                update.delete_column(name)
    return table


def _made_from(workshop: Workshop, *upstream: PinnedTable) -> dict[str, str]:
    versions = {upstream_property(table.name): str(table.version) for table in upstream}
    return {**versions, _MADE_BY: features_digest(workshop.declarations)}


def _changes(workshop: Workshop, upstream: PinnedTable, made: PinnedTable) -> Delta | None:
    """What has changed upstream since these rows were made; None where all of them must be made anew."""
    if made.properties.get(_MADE_BY) != features_digest(workshop.declarations):
        return None
    version = made.properties.get(upstream_property(upstream.name))
    delta = changes_since(workshop.table(upstream.name)[0], upstream, version)
    return None if delta.base is None else delta


def _scans(current: PinnedTable, news: Delta) -> tuple[str, str]:
    """The files that came, and those that went."""
    earlier = current if news.base is None else news.base
    return current.scan(files=news.added), earlier.scan(files=news.removed)
