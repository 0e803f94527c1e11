"""What the worker found, or is finding, of the factors of one lead's score."""

from __future__ import annotations

from sqlalchemy import Engine, select

from jobs.job import Job, digest_of, job_of
from jobs.tables import JOBS, open_jobs
from lake_access.database import reading
from lake_access.permissions import Action, Actor, require

KIND = "lead_factors"


def newest_factors(engine: Engine, actor: Actor, lead_id: str, version: str) -> Job | None:
    """The newest job about a lead's factors by a version, whatever its state; None where nobody asked yet.

    Raises:
        NotAllowedError: the actor may not see jobs, or only some leads.
        StorageError: the database cannot be reached or read.
    """
    require(actor, Action.VIEW_JOBS)
    open_jobs(engine)
    digest = digest_of(KIND, {"lead_id": lead_id, "version": version})
    newest = select(JOBS).where(JOBS.c.digest == digest).order_by(JOBS.c.id.desc()).limit(1)
    with reading(engine) as connection:
        row = connection.execute(newest).mappings().first()
    return None if row is None else job_of(row)
