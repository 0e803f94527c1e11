"""The state of the lake as a page shows it: its tables, what builds made of what landed, what was refused."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from lake_access.iceberg.catalog import load_tables
from lake_access.iceberg.commits import committed_at
from lake_access.lake import Lake, PinnedLake
from lake_access.permissions import Action, Actor, require
from lake_access.queries import load_query
from lake_access.views import PINNED

NEWEST = 500

# Each shows what is of all leads together, so that nobody who is limited to some of them gets at it.


def table_states(pinned: PinnedLake, actor: Actor) -> pd.DataFrame:
    """A row for each table: `table`, `rows`, `files`, `bytes`, `committed_at` (UTC), `snapshot`.

    Raises:
        NotAllowedError: the actor may not.
    """
    require(actor, Action.VIEW_LAKE)
    return pd.DataFrame(
        [
            {
                "table": name,
                "rows": table.rows,
                "files": len(table.files),
                "bytes": table.bytes,
                "committed_at": table.committed_at,
                "snapshot": str(table.snapshot_id or ""),
            }
            for name, table in pinned.tables.items()
        ]
    )


def snapshots(lake: Lake, actor: Actor) -> pd.DataFrame:
    """A row for each snapshot that is left, the newest first: `committed_at` (UTC), `table`, `snapshot`, `rows`.

    Raises:
        NotAllowedError: the actor may not.
        StorageError: the catalog cannot be reached.
    """
    require(actor, Action.VIEW_LAKE)
    rows = [
        {
            "committed_at": committed_at(snapshot),
            "table": name,
            "snapshot": str(snapshot.snapshot_id),
            "rows": _rows(snapshot.summary.additional_properties if snapshot.summary else {}),
        }
        for name, table in load_tables(lake.catalog, PINNED).items()
        for snapshot in table.metadata.snapshots
    ]
    rows.sort(key=lambda row: str(row["committed_at"]), reverse=True)
    return pd.DataFrame(rows, columns=["committed_at", "table", "snapshot", "rows"])


def builds(pinned: PinnedLake, actor: Actor) -> pd.DataFrame:
    """A row for each build that took in batches, the newest 500 first, with its counts.

    Raises:
        NotAllowedError: the actor may not.
    """
    return _asked(pinned, actor, "builds", {"limit": NEWEST})


def lines_by_day(pinned: PinnedLake, actor: Actor) -> pd.DataFrame:
    """Lines landed and refused by day (UTC) and stream.

    Raises:
        NotAllowedError: the actor may not.
    """
    return _asked(pinned, actor, "lines_by_day")


def newest_batches(pinned: PinnedLake, actor: Actor, stream: str | None) -> pd.DataFrame:
    """A row for each raw batch of a stream (None: of all), the newest 500 first, with its counts.

    Raises:
        NotAllowedError: the actor may not.
    """
    return _asked(pinned, actor, "newest_batches", {"stream": stream, "limit": NEWEST})


def refused_by_reason(pinned: PinnedLake, actor: Actor) -> pd.DataFrame:
    """Refused lines by stream and reason, the most frequent first.

    Raises:
        NotAllowedError: the actor may not.
    """
    return _asked(pinned, actor, "quarantine_by_stream")


def _asked(
    pinned: PinnedLake, actor: Actor, query: str, parameters: Mapping[str, object] | None = None
) -> pd.DataFrame:
    require(actor, Action.VIEW_LAKE)
    return pinned.frame(load_query(query), parameters)


def _rows(summary: Mapping[str, str]) -> int | None:
    total = summary.get("total-records")
    return None if total is None else int(total)
