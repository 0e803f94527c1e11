"""The stage that makes the rollups from `curated.leads`; only leads of months in which any changed are counted anew.

So the rollups always equal those built from nothing: a row's leads are all of one month of creation, and a month whose
data files are those of before has the leads of before.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from lake_access.building.workshop import Workshop, changes_since, upstream_property
from lake_access.iceberg.commits import MADE_BY, PinnedTable, commit, partition_of, pin, write_rows
from lake_access.iceberg.tables import EVENTS, LEADS, ROLLED_UP
from lake_access.queries import load_query
from lake_access.rollup_definitions import rollups_digest, rollups_query

_MONTHS_A_YEAR = 12


def build_rollups(workshop: Workshop) -> None:
    """Bring all rollups up to the leads, in one commit.

    Raises:
        ConflictError: another build committed meanwhile.
    """
    table, definition = workshop.table(ROLLED_UP)
    pinned, leads = pin(table), pin(workshop.table(LEADS)[0])
    if leads.version is None:
        return
    of_events = upstream_property(EVENTS)
    properties = {
        # A reader pins all tables at one version of the events, and asks rollups of the very leads that it pinned.
        of_events: leads.properties[of_events],
        upstream_property(LEADS): leads.version,
        MADE_BY: rollups_digest(workshop.declarations),
    }
    if properties.items() <= pinned.properties.items():
        return
    months = _changed_months(workshop, leads, pinned, properties)
    _count_anew(workshop, leads, pinned, months)
    added = write_rows(workshop.connection, table, definition, "new_rollups")
    workshop.connection.execute("DROP TABLE new_rollups")
    commit(table, added, [pinned.files[path] for path in _files_of(pinned, months)], properties)


def _changed_months(
    workshop: Workshop, leads: PinnedTable, rollups: PinnedTable, properties: Mapping[str, str]
) -> set[int] | None:
    """The months of creation in which leads changed since the rollups were made; None where all must be counted."""
    if rollups.properties.get(MADE_BY) != properties[MADE_BY]:
        return None
    delta = changes_since(workshop.table(LEADS)[0], leads, rollups.properties.get(upstream_property(LEADS)))
    if delta.base is None:
        return None
    changed = [leads.files[path] for path in delta.added] + [delta.base.files[path] for path in delta.removed]
    return {partition_of(file) for file in changed}


def _count_anew(workshop: Workshop, leads: PinnedTable, rollups: PinnedTable, months: AbstractSet[int] | None) -> None:
    """Make `new_rollups`: the rows of these months, and those of other months that stand in the same files."""
    counted = [path for path, file in leads.files.items() if months is None or partition_of(file) in months]
    query, parameters = rollups_query(workshop.declarations)
    workshop.connection.execute(query.format(scan=leads.scan(files=counted)), dict(parameters))
    if months is not None:
        columns = ", ".join(column.name for column in rollups.columns)
        kept = load_query("rollups_kept").format(scan=rollups.scan(files=_files_of(rollups, months)), columns=columns)
        workshop.connection.execute(kept, {"months": sorted(months)})


def _files_of(rollups: PinnedTable, months: AbstractSet[int] | None) -> list[str]:
    """The files that hold rows of these months, or all: leads are partitioned by the month, rollups by the year."""
    years = None if months is None else {month // _MONTHS_A_YEAR for month in months}
    return [path for path, file in rollups.files.items() if years is None or partition_of(file) in years]
