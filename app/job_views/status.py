"""The live status of the jobs in every page's sidebar."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import streamlit as st
from sqlalchemy import Engine
from streamlit.navigation.page import StreamlitPage

from app.acting import acting
from app.job_views import view as job_view
from app.lake_session import state
from jobs.job import Job, State
from jobs.kinds import KINDS
from jobs.requests import count_jobs, list_jobs
from jobs.tables import open_jobs
from lake_access.errors import LeadlakeError
from lake_access.permissions import Action, may

log = logging.getLogger(__name__)

SECONDS_WHILE_BUSY = 4
# A look has the browser draw the sidebar anew, a fifth of a second of its time: every open tab pays it.
SECONDS_AT_REST = 20


@dataclass(frozen=True)
class Standing:
    """How many jobs there are by state, today's for those that ended, and the newest that run."""

    counts: Mapping[State, int]
    running: Sequence[Job]

    @property
    def is_busy(self) -> bool:
        return bool(self.counts.get("running") or self.counts.get("queued"))


def draw(jobs_page: StreamlitPage) -> None:
    """Say in the sidebar what runs, and link to the page of jobs; it looks again by itself, without the page."""
    if may(acting(), Action.VIEW_JOBS):
        with st.sidebar:
            st.fragment(_status, run_every=seconds_between_looks(_standing()))(jobs_page)


def seconds_between_looks(standing: Standing | None) -> int:
    """How soon to look again; a page that is drawn asks anew."""
    return SECONDS_WHILE_BUSY if standing is not None and standing.is_busy else SECONDS_AT_REST


def _status(jobs_page: StreamlitPage) -> None:
    standing = _standing()
    if standing is None:
        return
    counts, running = standing.counts, standing.running
    icon = ":material/play_circle:" if running else ":material/task_alt:"
    icon = ":material/error:" if counts.get("failed") and not running else icon
    st.page_link(
        jobs_page, label=job_view.status(counts, running, KINDS), icon=icon, help="Jobs: what runs now (UTC day)"
    )


def _standing() -> Standing | None:
    """None where the database does not answer: the page says so, and its status is not worth a second box."""
    try:
        engine = _opened(state())
        now = datetime.now(UTC)
        counts = count_jobs(engine, now.replace(hour=0, minute=0, second=0, microsecond=0))
        running = list_jobs(engine, acting(), states=["running"], limit=5) if counts.get("running") else []
    except LeadlakeError:
        log.exception("The status of the jobs cannot be read")
        return None
    return Standing(counts, running)


@st.cache_resource(show_spinner=False, hash_funcs={Engine: lambda engine: str(engine.url)})
def _opened(engine: Engine) -> Engine:
    """The same database, its tables of jobs made: looked for once a process, not at every look."""
    open_jobs(engine)
    return engine
