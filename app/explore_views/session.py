"""The query that a reader has on its way or has had answered, from one run of the page to the next."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from app import formatting
from app.acting import acting
from app.explore_views.view import shown
from app.lake_session import settings, state
from app.tables_as_files import as_csv, as_parquet
from lake_access.errors import LeadlakeError
from lake_access.lake import PinnedLake
from lake_access.ledger import record
from lake_access.permissions import Action, Actor, require
from lake_access.saved_queries import PastQuery, note_query
from lake_access.sql import RunningSql, SqlLimits, start_sql

RUNNING, ANSWERED = "_running_query", "_answered_query"
EXPORTED_ROWS = 1_000_000


@dataclass(frozen=True)
class Running:
    """A query on its way, since a moment (as `time.monotonic` tells it), over these snapshots."""

    sql: RunningSql
    pinned: PinnedLake
    began: float


@dataclass(frozen=True)
class Answered:
    """A query that has ended: its result as a frame, or why there is none."""

    sql: str
    pinned: PinnedLake
    seconds: float
    frame: pd.DataFrame | None
    truncated: bool
    refused: str


def limits() -> SqlLimits:
    """What a query here may take, by the settings."""
    explore = settings().declarations.explore
    return SqlLimits(explore.rows, explore.seconds, explore.memory)


def begin(pinned: PinnedLake, sql: str) -> None:
    """Start a query; one that is still on its way is cancelled.

    Raises:
        NotAllowedError: the reader may not ask in SQL.
    """
    require(acting(), Action.EXPLORE_SQL)
    cancel()
    st.session_state[RUNNING] = Running(start_sql(pinned, sql, limits()), pinned, time.monotonic())


def running() -> Running | None:
    """The query that is on its way."""
    found = st.session_state.get(RUNNING)
    return found if isinstance(found, Running) else None


def answered() -> Answered | None:
    """The query that has ended last."""
    found = st.session_state.get(ANSWERED)
    return found if isinstance(found, Answered) else None


def cancel() -> None:
    """Stop the query that is on its way; its end is then told as any other."""
    found = running()
    if found is not None:
        found.sql.cancel()


def settle(found: Running) -> None:
    """Keep the answer of a query that has ended, and note it in the reader's history."""
    seconds = time.monotonic() - found.began
    frame, truncated, refused = None, False, ""
    try:
        result = found.sql.result(timeout=0)
        frame, truncated = shown(result.table), result.truncated
    except LeadlakeError as exc:
        refused = str(exc)
    st.session_state[ANSWERED] = Answered(found.sql.sql, found.pinned, seconds, frame, truncated, refused)
    st.session_state[RUNNING] = None
    rows = None if frame is None else len(frame)
    note_query(
        state(), acting(), PastQuery(datetime.now(UTC), found.sql.sql, rows, round(seconds, 3), refused or "done")
    )


def export(of: Answered, actor: Actor, as_: str) -> bytes:
    """The whole result as a file, up to a million rows; the query runs again for what was not on screen.

    Raises:
        NotAllowedError: the actor may not export.
        QueryRefusedError: the result is longer than that; nothing was exported.
    """
    require(actor, Action.EXPORT)
    frame = of.frame
    if frame is None or of.truncated:
        result = start_sql(of.pinned, of.sql, SqlLimits(EXPORTED_ROWS, limits().seconds, limits().memory)).result()
        if result.truncated:
            raise LeadlakeError(
                f"the result has more than {formatting.count(EXPORTED_ROWS)} rows; nothing was exported. "
                "`leadlake query SQL --out FILE` writes any number."
            )
        frame = shown(result.table)
    # The ledger never forgets, and a query may name a person: its text stands in the history alone.
    asked = {"sql_sha256": hashlib.sha256(of.sql.encode()).hexdigest(), "rows": len(frame), "format": as_}
    record(state(), actor, "export.query", "a query", asked, datetime.now(UTC))
    return as_csv(frame) if as_ == "csv" else as_parquet(frame)
