"""The stage that makes the rollups from `curated.leads`; only leads of the months in which any changed are counted anew.

So the rollups always equal those built from nothing: a row's leads are all of one month of creation, and a month whose
data files are those of before has the leads of before.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from lake_access.building.workshop import Workshop, changes_since, upstream_property
from lake_access.iceberg.commits import MADE_BY, PinnedTable, commit, partition_of, pin, write_rows
from lake_access.iceberg.tables import EVENTS, LEADS
from lake_access.queries import load_query
from lake_access.rollup_definitions import ROLLUPS, Rollup, rollup_digest, rollup_query

_MONTHS_A_YEAR = 12


def build_rollups(workshop: Workshop) -> None:
    """Bring every rollup up to the leads, one commit each.

    Raises:
        ConflictError: another build committed meanwhile.
    """
    leads = pin(workshop.table(LEADS)[0])
    if leads.version is None:
        return
    of_events = upstream_property(EVENTS)
    for rollup in ROLLUPS:
        pinned = pin(workshop.table(rollup.name)[0])
        properties = {
            # A reader pins all tables at one version of the events, and answers from a rollup of the leads it pinned.
            of_events: leads.properties[of_events],
            upstream_property(LEADS): leads.version,
            MADE_BY: rollup_digest(rollup, workshop.declarations),
        }
        if not properties.items() <= pinned.properties.items():
            months = _changed_months(workshop, leads, pinned, properties[MADE_BY])
            _count_anew(workshop, rollup, leads, pinned, months)
            added = write_rows(workshop.connection, *workshop.table(rollup.name), "new_rollup")
            gone = [file for file in pinned.files.values() if months is None or partition_of(file) in _years(months)]
            commit(workshop.table(rollup.name)[0], added, gone, properties)
            workshop.connection.execute("DROP TABLE new_rollup")


def _changed_months(workshop: Workshop, leads: PinnedTable, rollup: PinnedTable, digest: str) -> set[int] | None:
    """The months of creation in which leads changed since the rollup was made; None where all must be counted."""
    if rollup.properties.get(MADE_BY) != digest:
        return None
    delta = changes_since(workshop.table(LEADS)[0], leads, rollup.properties.get(upstream_property(LEADS)))
    if delta.base is None:
        return None
    changed = [leads.files[path] for path in delta.added] + [delta.base.files[path] for path in delta.removed]
    return {partition_of(file) for file in changed}


def _count_anew(
    workshop: Workshop, rollup: Rollup, leads: PinnedTable, pinned: PinnedTable, months: AbstractSet[int] | None
) -> None:
    """Make `new_rollup`: the rows of these months, and those of other months that stand in the same files."""
    counted = [path for path, file in leads.files.items() if months is None or partition_of(file) in months]
    query, parameters = rollup_query(rollup, workshop.declarations)
    workshop.connection.execute(query.format(scan=leads.scan(files=counted)), dict(parameters))
    if months is not None:
        shared = [path for path, file in pinned.files.items() if partition_of(file) in _years(months)]
        columns = ", ".join(workshop.table(rollup.name)[1].columns)
        kept = load_query("rollup_kept").format(scan=pinned.scan(files=shared), columns=columns)
        workshop.connection.execute(kept, {"months": sorted(months)})


def _years(months: AbstractSet[int]) -> set[int]:
    """Leads are partitioned by the month and rollups by the year, both counted from 1970."""
    return {month // _MONTHS_A_YEAR for month in months}
