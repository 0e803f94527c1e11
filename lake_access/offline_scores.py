"""Scores that a model version gives offline: which leads lack one, and rows of `curated.scores` for them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pyarrow as pa

from lake_access.engine import give_access, open_connection
from lake_access.engine_errors import engine_errors
from lake_access.errors import ConflictError
from lake_access.feature_groups import feature_columns
from lake_access.iceberg.catalog import ensure_table
from lake_access.iceberg.commits import commit, pin, pin_by_name, write_rows
from lake_access.iceberg.tables import LEADS, SCORES, table_definitions
from lake_access.lake import Lake, PinnedLake, open_views
from lake_access.queries import load_query
from lake_access.training_rows import make_moments

ATTEMPTS = 8


def scored_versions(pinned: PinnedLake) -> frozenset[str]:
    """The versions of which the lake holds a score, online or offline.

    Raises:
        StorageError: a data file cannot be read.
    """
    return frozenset(row[0] for row in pinned.rows(load_query("scored_versions")))


def unscored_leads(pinned: PinnedLake, version: str, batch: int) -> Iterator[pa.Table]:
    """Leads that the version has not scored as of their first scoring moment, with their features, so many at a time.

    Raises:
        StorageError: a data file cannot be read.
    """
    until = pinned.known_until
    if until is None:
        return
    declarations = pinned.settings.declarations
    features = ", ".join(f'f."{name}"' for name in feature_columns(declarations))
    with open_views(pinned) as connection, engine_errors("the leads to score"):
        make_moments(connection, declarations, until)
        query = load_query("unscored_moments").format(features=features)
        reader = connection.execute(query, {"version": version}).to_arrow_reader(batch)
        waiting: list[pa.RecordBatch] = []
        for some in reader:
            waiting.append(some)
            if sum(part.num_rows for part in waiting) >= batch:
                yield pa.Table.from_batches(waiting)
                waiting = []
        if sum(part.num_rows for part in waiting):
            yield pa.Table.from_batches(waiting)


def append_offline_scores(lake: Lake, version: str, given: pa.Table, now: datetime) -> int:
    """Add these scores (`lead_id`, `score`, `scored_at`) in one commit; how many were not there yet.

    Of a lead that is gone since it was scored, as one that was forgotten, nothing is added.

    Raises:
        ConflictError: others kept committing first.
        StorageError: the lake or its database cannot be reached, read or written.
    """
    for attempt in range(ATTEMPTS):
        try:
            return _append(lake, version, given, now)
        except ConflictError:
            if attempt == ATTEMPTS - 1:
                raise
    return 0


def _append(lake: Lake, version: str, given: pa.Table, now: datetime) -> int:
    definition = table_definitions(lake.settings.declarations)[SCORES]
    location = f"{lake.settings.lake}/warehouse/{SCORES.replace('.', '/')}"
    table = ensure_table(lake.catalog, definition, location)
    leads = pin_by_name(lake.catalog, LEADS)
    if leads is None:
        return 0
    with open_connection(lake.settings) as connection, engine_errors("the offline scores"):
        give_access(connection, lake.store)
        connection.register("given", given)
        parameters = {"version": version, "now": now.astimezone(UTC)}
        connection.execute(load_query("scores_given").format(scan=pin(table).scan(), leads=leads.scan()), parameters)
        new: int = connection.table("new_scores").shape[0]
        if new:
            commit(table, write_rows(connection, table, definition, "new_scores"), [], {})
    return new
