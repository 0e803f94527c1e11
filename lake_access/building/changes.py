"""What is new of which leads, found once for all stages that were made from the same version of the events."""

from __future__ import annotations

from lake_access.building.workshop import Delta, Workshop
from lake_access.iceberg.commits import PinnedTable
from lake_access.queries import load_query


def tell_changes(workshop: Workshop, events: PinnedTable, delta: Delta) -> None:
    """Make the temporary tables `changed_leads`, who changed since `delta.base`, and `changed_events`, all they did."""
    base = events if delta.base is None else delta.base
    between = (base.snapshot_id, events.snapshot_id)
    if workshop.changes_told == between:
        return
    query = load_query("changed_leads").format(
        added=events.scan(files=delta.added),
        removed=base.scan(files=delta.removed),
        columns=", ".join(f'"{column.name}"' for column in events.columns),
    )
    workshop.connection.execute(query)
    tell_changed_events(workshop, events)
    workshop.changes_told = between


def tell_changed_events(workshop: Workshop, events: PinnedTable) -> None:
    """Make `changed_events` for the `changed_leads` as they are now, read from the data files once."""
    workshop.changes_told = None
    workshop.connection.execute(load_query("changed_events").format(scan=events.scan()))
