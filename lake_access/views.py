"""The tables as their readers see them: views over one snapshot each, whole or within somebody's limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import duckdb
from pyiceberg.manifest import DataFile

from lake_access.iceberg.commits import KNOWN_UNTIL, Column, PinnedTable, apart_of, month_number, partition_of, quoted
from lake_access.iceberg.tables import (
    BATCHES,
    EVENTS,
    FEATURES,
    LEADS,
    QUARANTINE,
    ROLLED_UP,
    SCORES,
    SQL_TYPES,
    TableDefinition,
    table_definitions,
)
from lake_access.permissions import RowLimits
from lake_access.queries import load_query
from lake_access.rollup_definitions import ROLLUP_NAMES, ROLLUPS, Rollup
from lake_access.settings import Settings

# What a dashboard may read; identities never, and of quarantined lines only where and why.
READABLE = (EVENTS, LEADS, SCORES, FEATURES, *ROLLUP_NAMES, QUARANTINE, BATCHES)
# The tables behind that.
PINNED = (EVENTS, LEADS, SCORES, FEATURES, ROLLED_UP, QUARANTINE, BATCHES)

# Ids from here on are of no field in any data file.
NO_FIELD = 1_000_000_000
# No filter of a reader's own is moved below it: else an error in it would tell of rows that the limits leave out.
BARRIER = f"LIMIT {2**63 - 1}"


def create_views(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    tables: Mapping[str, PinnedTable],
    limits: RowLimits | None = None,
) -> None:
    """Name the pinned tables in a database as readers know them; one without a snapshot is empty.

    Within limits, every view has only the leads that these leave in, and what belongs to those. A rollup that cannot
    tell whose rows are whose is not there, and neither is what was refused and built: no lead is told in it.
    """
    definitions = table_definitions(settings.declarations)
    for namespace in sorted({name.split(".")[0] for name in READABLE}):
        connection.execute(f"CREATE SCHEMA {namespace}")
    pinned = {name: _as_declared(tables.get(name), definitions[name]) for name in PINNED}
    window = settings.declarations.lake.outcome_window_days
    first_young = _first_young_day(known_until(tables), window)
    connection.execute(_leads_view(pinned[LEADS], first_young, window, _condition(limits)))
    for rollup in limited_rollups(limits):
        connection.execute(_rollup_view(rollup, pinned[ROLLED_UP], first_young, window, _condition(limits)))
    of_leads = "" if limits is None else f"WHERE lead_id IN (SELECT lead_id FROM {LEADS}) {BARRIER}"  # noqa: S608  (ours)
    for name in (EVENTS, SCORES, FEATURES):
        connection.execute(f"CREATE VIEW {name} AS SELECT * FROM {pinned[name].scan()} {of_leads}")  # noqa: S608
    if limits is None:
        batches = pinned[BATCHES].scan()
        connection.execute(load_query("view_quarantine").format(scan=pinned[QUARANTINE].scan(), batches=batches))
        connection.execute(f"CREATE VIEW {BATCHES} AS SELECT * FROM {batches}")  # noqa: S608


def limited_rollups(limits: RowLimits | None) -> list[Rollup]:
    """The rollups that can tell which of their rows are within the limits."""
    return [rollup for rollup in ROLLUPS if _limited_columns(limits) <= set(rollup.dimensions)]


def files_of_rollup(rollup: Rollup, rolled_up: PinnedTable) -> Mapping[str, DataFile]:
    """The data files that hold the rows of one rollup."""
    return {path: file for path, file in rolled_up.files.items() if apart_of(file) == rollup.name}


def known_until(tables: Mapping[str, PinnedTable]) -> datetime | None:
    """When the newest batch of these events landed: what happened later, these tables cannot know."""
    known = tables[EVENTS].properties.get(KNOWN_UNTIL) if EVENTS in tables else None
    return None if known is None else datetime.fromisoformat(known)


def _first_young_day(now: datetime | None, window: int) -> date | None:
    """The first day (UTC) of whose leads the outcome window was still open by then; None while nothing is known."""
    return None if now is None else now.astimezone(UTC).date() - timedelta(days=window)


def _limited_columns(limits: RowLimits | None) -> set[str]:
    return set() if limits is None else {column for column, values in _allowed(limits) if values is not None}


def _condition(limits: RowLimits | None) -> str:
    """What a lead, or a row of a rollup, has to be in order to be within the limits.

    A view takes no parameters; the values are those of the settings, and no reader's.
    """
    told = [] if limits is None else [(column, values) for column, values in _allowed(limits) if values is not None]
    if not told:
        return "true"
    among = (f"{column} IN ({', '.join(map(quoted, values)) or 'NULL'})" for column, values in told)
    return f"{' AND '.join(among)} {BARRIER}"


def _allowed(limits: RowLimits) -> tuple[tuple[str, tuple[str, ...] | None], ...]:
    return (("source", limits.sources), ("location", limits.locations))


def _leads_view(leads: PinnedTable, first_young: date | None, window: int, condition: str) -> str:
    turn = None if first_young is None else month_number(first_young)
    months = {path: partition_of(file) for path, file in leads.files.items()}
    parts = {
        "mature": [path for path, month in months.items() if turn is not None and month < turn],
        "open": [path for path, month in months.items() if month == turn],
        "young": [path for path, month in months.items() if turn is None or month > turn],
    }
    scans = {name: leads.scan(files=files) for name, files in parts.items()}
    return load_query("view_leads").format(
        **scans, mature_before=f"{_day(first_young)}::TIMESTAMPTZ", window=window, condition=condition
    )


def _rollup_view(rollup: Rollup, rolled_up: PinnedTable, first_young: date | None, window: int, condition: str) -> str:
    return load_query("view_rollup").format(
        name=rollup.name,
        columns=", ".join(rollup.columns),
        scan=rolled_up.scan(files=list(files_of_rollup(rollup, rolled_up))),
        mature_before=_day(first_young),
        window=window,
        condition=condition,
    )


def _day(day: date | None) -> str:
    return f"{'NULL' if day is None else quoted(day.isoformat())}::DATE"


def _as_declared(table: PinnedTable | None, definition: TableDefinition) -> PinnedTable:
    """The table with every declared column: one that no build has made yet is there, and NULL."""
    known = () if table is None else table.columns
    missing = [name for name in definition.columns if name not in {column.name for column in known}]
    made_up = [
        Column(NO_FIELD + place, name, SQL_TYPES[definition.columns[name]]) for place, name in enumerate(missing)
    ]
    columns = (*known, *made_up)
    return PinnedTable(definition.name, columns) if table is None else replace(table, columns=columns)
