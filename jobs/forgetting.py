"""Forgetting a person everywhere: the lake's own steps, and all that training and jobs keep in the database.

Whoever adds a table that may name a lead adds its eraser here; `tests/jobs/test_forgetting.py` finds what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Column, Connection, Engine, RowMapping, Table, select, update

from jobs.kinds.forget import FORGET, is_lead_id
from jobs.tables import JOB_LOG, JOBS, METADATA, SCHEDULES
from lake_access.forgetting.forget import Clock, Forgotten, Progress, forget
from lake_access.forgetting.traces import GONE, Eraser, Traces
from lake_access.lake import Lake
from lake_access.permissions import Actor
from training.comparison.kept import ERASER as OF_COMPARISONS
from training.promotion.frozen import ERASER as OF_REQUESTS

# What of each table people and jobs write themselves, beside numbers, moments and names of ours.
WRITTEN: Final[Mapping[Table, tuple[Column[Any], ...]]] = {
    JOBS: (JOBS.c.parameters, JOBS.c.digest, JOBS.c.step, JOBS.c.result, JOBS.c.error),
    JOB_LOG: (JOB_LOG.c.line,),
    SCHEDULES: (SCHEDULES.c.parameters,),
}


def forget_person(
    lake: Lake, database: Engine, actor: Actor, whom: str | UUID, reason: str, clock: Clock, progress: Progress
) -> Forgotten:
    """Erase the person of this address or lead from the lake and from all that is kept beside it.

    Raises:
        NotAllowedError: the actor may not.
        RefusedError: no reason, no address, or nothing in the lake is of the person; nothing was changed.
        ConflictError: others kept committing first; repeat it.
        StorageError: the lake or its database cannot be reached, read or written; repeat it.
    """
    return forget(lake, database, actor, whom, reason, clock, progress, ERASERS)


def _erase(connection: Connection, traces: Traces) -> int:
    """Clear the texts of jobs, their logs and schedules that name the person; how many rows."""
    met = 0
    for table, columns in WRITTEN.items():
        keys = tuple(table.primary_key.columns)
        for row in connection.execute(select(table)).mappings().all():
            told = {column.name: row[column] for column in columns}
            cleared = _cleared(table, row, told, traces)
            changed = {name: value for name, value in cleared.items() if value != told[name]}
            if changed:
                here = [key == row[key] for key in keys]
                connection.execute(update(table).where(*here).values(changed))
                met += 1
    return met


def _cleared(table: Table, row: RowMapping, told: Mapping[str, Any], traces: Traces) -> Mapping[str, Any]:
    """The texts without the person. Of a job that was about them alone nothing is left but that it was.

    A job that forgets them keeps the id, or it could not be run again: a keyed hash, as the ledger keeps it too.
    """
    cleared: dict[str, Any] = traces.cleared(told)
    if table is not JOBS or cleared["parameters"] == told["parameters"]:
        return cleared
    lead = told["parameters"].get("lead")
    if row[JOBS.c.kind] == FORGET.name and is_lead_id(lead):
        return {**cleared, "parameters": {**cleared["parameters"], "lead": lead}}
    # Its result may tell of the lead without naming it, and its digest be made again from the lead's id.
    return {**cleared, "digest": f"{GONE} {row[JOBS.c.id]}", "step": None, "result": None, "error": None}


ERASERS: Final = (Eraser("jobs", METADATA, _erase), OF_COMPARISONS, OF_REQUESTS)
