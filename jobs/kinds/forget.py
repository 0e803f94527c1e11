"""The job `forget`: a person goes from the lake for good, known to the queue by the id of their lead alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Engine

from jobs.job import Job
from jobs.kind import JobKind, JobTask, Parameter
from jobs.requests import request_job
from lake_access.errors import RefusedError
from lake_access.forgetting.person import refuse_reason
from lake_access.permissions import Action, Actor, require


def request_forgetting(engine: Engine, actor: Actor, lead_id: str, reason: str, now: datetime) -> Job:
    """Have the worker forget the person of this lead; while the same is asked for already, it is that job.

    Raises:
        NotAllowedError: the actor may not.
        RefusedError: no reason, one that may hold an address, or no id of a lead.
        StorageError: the database cannot be reached or written.
    """
    require(actor, Action.FORGET_PERSON)
    refuse_reason(reason)
    wish = {"lead": lead_id.strip().lower(), "reason": reason.strip()}
    return request_job(engine, {FORGET.name: FORGET}, FORGET.name, wish, actor, now)


def _run(task: JobTask, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    from jobs.forgetting import forget_person
    from lake_access.database import open_database
    from lake_access.lake import open_lake

    engine = open_database(task.settings)
    try:
        done = forget_person(
            open_lake(task.settings),
            engine,
            task.actor,
            UUID(parameters["lead"]),
            parameters["reason"],
            lambda: datetime.now(UTC),
            lambda step: task.progress(step, None),
        )
    finally:
        engine.dispose()
    for key in done.unreadable:
        task.log(f"{key}: corrupt, so nobody can tell whether it names the person; remove it by hand.")
    return {
        "leads": done.leads,
        "raw_lines": done.lines,
        "batches": done.batches,
        "snapshots": done.snapshots,
        "reports": len(done.reports),
        "rows_elsewhere": sum(done.elsewhere.values()),
        "batches_unreadable": len(done.unreadable),
    }


def is_lead_id(text: object) -> bool:
    """Whether a text is the whole id of a lead."""
    try:
        return isinstance(text, str) and bool(UUID(text))
    except ValueError:
        return False


def _check(parameters: Mapping[str, Any]) -> None:
    """Refuse what may hold an address before the queue does."""
    if not is_lead_id(parameters["lead"]):
        raise RefusedError("forget: lead is the id of a lead, as its page has it; nothing was changed.")
    refuse_reason(parameters["reason"])


FORGET = JobKind(
    "forget",
    "Forget a person",
    Action.FORGET_PERSON,
    _run,
    (
        Parameter("lead", "Id of the person's lead", needed=True, help="The whole id, as the lead's page has it."),
        Parameter("reason", "Reason", needed=True, help="The ledger keeps it: no address may stand in it."),
    ),
    _check,
)
