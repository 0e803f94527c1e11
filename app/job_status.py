"""The live status of the jobs in every page's sidebar."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import streamlit as st
from sqlalchemy import Engine
from streamlit.navigation.page import StreamlitPage
from streamlit.runtime.scriptrunner import StopException

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


@contextmanager
def below(jobs_page: StreamlitPage) -> Iterator[None]:
    """Say what runs in the sidebar, below all that the page in the block draws there, with a link to the page of jobs.

    It stands there where the page stops early, too, and looks again by itself, without the page.
    """
    try:
        yield
    except StopException:
        _draw(jobs_page)
        raise
    _draw(jobs_page)


def _draw(jobs_page: StreamlitPage) -> None:
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
