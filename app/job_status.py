"""The live status of the jobs in every page's sidebar."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import streamlit as st
from sqlalchemy import Engine
from streamlit.navigation.page import StreamlitPage

from app import job_view
from app.acting import acting
from app.lake_session import state
from jobs.kinds import KINDS
from jobs.requests import count_jobs, list_jobs
from jobs.tables import open_jobs
from lake_access.errors import LeadlakeError
from lake_access.permissions import Action, may

log = logging.getLogger(__name__)

SECONDS_BETWEEN_LOOKS = 4


def draw(jobs_page: StreamlitPage) -> None:
    """Say in the sidebar what runs, and link to the page of jobs; it looks again by itself, without the page."""
    if may(acting(), Action.VIEW_JOBS):
        with st.sidebar:
            _status(jobs_page)


@st.fragment(run_every=SECONDS_BETWEEN_LOOKS)
def _status(jobs_page: StreamlitPage) -> None:
    try:
        engine = _opened(state())
        now = datetime.now(UTC)
        counts = count_jobs(engine, now.replace(hour=0, minute=0, second=0, microsecond=0))
        running = list_jobs(engine, acting(), states=["running"], limit=5) if counts.get("running") else []
    except LeadlakeError:
        # The page says what is wrong with the database; its status is not worth a second box.
        log.exception("The status of the jobs cannot be read")
        return
    icon = ":material/play_circle:" if running else ":material/task_alt:"
    icon = ":material/error:" if counts.get("failed") and not running else icon
    st.page_link(
        jobs_page, label=job_view.status(counts, running, KINDS), icon=icon, help="Jobs: what runs now (UTC day)"
    )


@st.cache_resource(show_spinner=False, hash_funcs={Engine: lambda engine: str(engine.url)})
def _opened(engine: Engine) -> Engine:
    """The same database, its tables of jobs made: looked for once a process, not at every look."""
    open_jobs(engine)
    return engine
