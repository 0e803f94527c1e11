"""Jobs at hand as pages draw them: how far each is, its newest lines, and a way to stop it."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from app.cards import row_apart
from app.job_views import view as job_view
from app.job_views.forms import refused
from app.lake_session import state
from jobs.job import Job
from jobs.kinds import KINDS
from jobs.requests import cancel_job, may_cancel, read_log
from lake_access.errors import LeadlakeError
from lake_access.permissions import Actor

SECONDS_BETWEEN_LOOKS = 1.5
LOG_LINES_AT_HAND = 12


def draw_job_at_hand(job: Job, usual: float | None, actor: Actor, now: datetime) -> None:
    """A job's card: what it does, how far it is, how long it may take, its newest lines, and a way to stop it."""
    with st.container(border=True, key=f"job_{job.id}"):
        with row_apart():
            st.subheader(f"{job_view.ICONS[job.state]} {job_view.title_of(job.kind, KINDS)}")
            if may_cancel(job, actor):
                cancel_button(job, actor)
        st.text(job_view.asked_of(job, now))
        if job.state == "queued":
            st.caption("Waits for a free place in the worker. Where none is running, `leadlake worker` starts one.")
            return
        st.progress(job.share or 0.0)
        st.text(" · ".join(filter(None, (job.step or "Starting", job_view.wait_of(job, usual, now)))))
        draw_log(job, actor, newest=LOG_LINES_AT_HAND)


def cancel_button(job: Job, actor: Actor) -> None:
    """Stop a job; while it has been asked to and has not ended, the button says so."""
    label = "Stopping …" if job.cancel_asked else "Cancel"
    if st.button(label, icon=":material/stop_circle:", key=f"cancel_{job.id}", disabled=job.cancel_asked):
        try:
            cancel_job(state(), job.id, actor, datetime.now(UTC))
        except LeadlakeError as error:
            refused(error)
            return
        st.rerun()


def draw_log(job: Job, actor: Actor, newest: int | None = None) -> None:
    """A job's newest log lines, in the order in which they came; nothing where there are none."""
    lines = read_log(state(), job.id, actor, newest=newest)
    if lines:
        st.code("\n".join(f"{at:%H:%M:%S}  {line}" for at, line in lines), language=None, wrap_lines=True)
