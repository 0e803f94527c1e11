"""A lake of many leads and no events, for the queries: two years of leads, made by DuckDB as a build would write them.

Four sources, 101 scores, 60 locations, 12 devices, 20 campaigns, 4 model versions; the better a lead's score, the more
often it converts. The data files and the commit are the lake's own; a file a month.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pyiceberg.manifest import DataFile

from bench.lakes import IDENTITY_KEY, bench_lake
from bench.queries import load_query
from lake_access.building.rollups import build_rollups
from lake_access.building.workshop import Workshop, open_workshop, upstream_property
from lake_access.iceberg.commits import KNOWN_UNTIL, commit, pin, write_rows
from lake_access.iceberg.tables import BATCHES, EVENTS, LEADS, QUARANTINE, SCORES

# When the newest of it landed: with a window of 60 days, leads from before 2 November are mature.
NOW = datetime(2026, 1, 1, tzinfo=UTC)
FIRST_YEAR = 2024
MONTHS = 24


def make_lead_lake(home: Path, leads: int, *, with_scores: bool = False) -> None:
    """Write a lake of so many leads, with the scores that models gave them or without, and build their rollups."""
    lake = bench_lake(home)
    workshop = open_workshop(lake.settings, lake.store, lake.catalog, IDENTITY_KEY.encode(), NOW)
    with workshop.connection:
        version = _know_until_now(workshop)
        scores = _write_leads(workshop, leads, version, with_scores=with_scores)
        for name, files in ((SCORES, scores), (QUARANTINE, []), (BATCHES, [])):
            commit(workshop.table(name)[0], files, [], {upstream_property(EVENTS): version})
        build_rollups(workshop)
    lake.close()


def _know_until_now(workshop: Workshop) -> str:
    """Events without a row, which say how far the lake's knowledge goes; their version."""
    return str(pin(commit(workshop.table(EVENTS)[0], [], [], {KNOWN_UNTIL: NOW.isoformat()})).version)


def _write_leads(workshop: Workshop, leads: int, version: str, *, with_scores: bool) -> list[DataFile]:
    """Commit the leads; the files of their scores, which are not committed yet."""
    table, definition = workshop.table(LEADS)
    added, scores = [], []
    for month in range(MONTHS):
        parameters = {
            "first": leads * month // MONTHS,
            "following": leads * (month + 1) // MONTHS,
            "begins": _month(month),
            "ends": _month(month + 1),
            "month": month,
            "settled": NOW,
        }
        workshop.connection.execute(load_query("made_leads"), parameters)
        added += write_rows(workshop.connection, table, definition, "made_leads")
        if with_scores:
            workshop.connection.execute(load_query("made_scores"))
            scores += write_rows(workshop.connection, *workshop.table(SCORES), "made_scores")
    commit(table, added, [], {upstream_property(EVENTS): version})
    return scores


def _month(place: int) -> datetime:
    return datetime(FIRST_YEAR + place // 12, 1 + place % 12, 1, tzinfo=UTC)
