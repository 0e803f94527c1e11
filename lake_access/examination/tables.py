"""How the tables do: their size, whether upkeep is due, and whether they agree with each other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from lake_access.examination.finding import Finding
from lake_access.iceberg.catalog import CONTRADICTION_REMEDY, contradicted_columns, load_tables
from lake_access.iceberg.commits import PinnedTable, pin
from lake_access.iceberg.consistency import by_version_read
from lake_access.iceberg.tables import EVENTS, IDENTITIES, table_definitions
from lake_access.lake import Lake, PinnedLake
from lake_access.queries import load_query
from lake_access.upkeep.compaction import files_saved
from lake_access.upkeep.expiry import expirable
from lake_access.upkeep.maintain import retention_cutoff
from lake_access.views import PINNED
from lake_access.wording import counted, file_size

# So many files too many are felt by readers; fewer are what some builds leave.
TOO_MANY_FILES = 50
# With upkeep once a day, no snapshot is past the retention for longer.
PAST_RETENTION = timedelta(days=1)
MAINTAIN = "Run `leadlake maintain`, once a day."


def tables(lake: Lake, pinned: PinnedLake, now: datetime) -> Iterator[Finding]:
    """Each table's size, and what upkeep would mend."""
    loaded = load_tables(lake.catalog, table_definitions(lake.settings.declarations))
    for name in PINNED:
        snapshots = len(loaded[name].metadata.snapshots) if name in loaded else 0
        yield _size(name, pinned.tables.get(name), snapshots)
    yield _small_files({name: pin(table) for name, table in loaded.items()})
    past = expirable(loaded, PINNED, retention_cutoff(lake, now) - PAST_RETENTION)
    number = sum(map(len, past.values()))
    days = lake.settings.declarations.lake.snapshot_retention_days
    if number:
        detail = f"{number:,} past the retention of {days} days"
        yield Finding("old snapshots", "warning", detail, MAINTAIN)
    else:
        yield Finding("old snapshots", "ok", f"none past the retention of {days} days")


def columns(lake: Lake) -> Finding:
    """Whether the tables' columns have the types that are declared now: where one has not, every build is refused."""
    definitions = table_definitions(lake.settings.declarations)
    loaded = load_tables(lake.catalog, definitions)
    wrong = [told for name, table in loaded.items() for told in contradicted_columns(table, definitions[name])]
    if wrong:
        return Finding(
            "columns", "failure", "; ".join(wrong), f"{CONTRADICTION_REMEDY[0].upper()}{CONTRADICTION_REMEDY[1:]}"
        )
    return Finding("columns", "ok", "of the types that are declared")


def agreement(lake: Lake, pinned: PinnedLake) -> Finding:
    """Whether leads, identities and events speak of the same people."""
    identities = _identities(lake, pinned)
    if identities is None:
        return Finding("agreement", "ok", "no rows yet")
    query = load_query("rows_without_events").format(identities=identities.scan())
    ((without_events, without_lead, unknown, unheard_of),) = pinned.rows(query)
    wrong = [
        f"{counted(number, 'lead')} {what}"
        for number, what in (
            (without_events, "without events"),
            (without_lead, "of events that curated.leads has not"),
            (unknown, "of events without an identity"),
        )
        if number
    ]
    if wrong:
        remedy = "Run `leadlake replay`; if that does not mend it, report it."
        return Finding("agreement", "failure", "; ".join(wrong), remedy)
    # Not wrong: whoever a refused line names, or a copy of an event under another address, is kept as met.
    met = f"; {counted(unheard_of, 'identity', 'identities')} of refused lines alone" if unheard_of else ""
    return Finding("agreement", "ok", f"every lead has its events, and every event its lead{met}")


def _size(name: str, table: PinnedTable | None, snapshots: int) -> Finding:
    if table is None or table.snapshot_id is None:
        return Finding(name, "ok", "no rows yet")
    counts = f"{counted(table.rows, 'row')} in {counted(len(table.files), 'file')}, {file_size(table.bytes)}"
    return Finding(name, "ok", f"{counts}, {counted(snapshots, 'snapshot')}, the newest {table.snapshot_id}")


def _small_files(pinned: dict[str, PinnedTable]) -> Finding:
    saved = {name: files_saved(table) for name, table in pinned.items()}
    many = [
        f"{name}: {len(pinned[name].files):,} files could be {len(pinned[name].files) - number:,}"
        for name, number in saved.items()
        if number >= TOO_MANY_FILES
    ]
    if many:
        return Finding("small files", "warning", "; ".join(many), MAINTAIN)
    return Finding("small files", "ok", "few")


def _identities(lake: Lake, pinned: PinnedLake) -> PinnedTable | None:
    """The identities that the pinned events were made with; a build beside us may have newer ones."""
    version = pinned.tables[EVENTS].version if EVENTS in pinned.tables else None
    table = load_tables(lake.catalog, [IDENTITIES]).get(IDENTITIES)
    followed = None if version is None or table is None else by_version_read(table).get(version)
    return None if table is None or followed is None else pin(table, followed)
