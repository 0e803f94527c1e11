"""What the worker does about models, live on the page Models: at hand, and what became of what was begun here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from app.job_views import view as job_view
from app.job_views.cards import SECONDS_BETWEEN_LOOKS, draw_job_at_hand
from app.lake_session import state
from app.model_views.actions import MODEL_JOBS
from app.navigation import JOBS, link_to
from jobs.job import ACTIVE, Job
from jobs.kinds import KINDS
from jobs.requests import list_jobs, read_job, usual_seconds
from jobs.tables import open_jobs
from lake_access.permissions import Action, Actor, may

# The key of the page's tabs, and their name in its link.
TAB = "tab"
# The jobs that the reader began here and has not put away since; and those that were at hand when it was drawn last.
_WATCHED, _SEEN = "_model_jobs_watched", "_model_jobs_seen"
# What the reader chose at an ended job, until the page is drawn with it.
_CHOSEN = "_model_jobs_chosen"


def watch(job: Job) -> None:
    """Show on this page what becomes of this job."""
    st.session_state[_WATCHED] = sorted({*st.session_state.get(_WATCHED, ()), job.id})


def newest_watched() -> int:
    """The number of the newest job that the reader began here and has not put away; 0 where there is none."""
    return max(st.session_state.get(_WATCHED, ()), default=0)


def choose_as_asked() -> None:
    """Choose on the page what the reader asked to see at an ended job; called just before it draws its choices.

    Set any earlier it would be lost at times: the jobs above look by themselves every other second, and such a look
    brings along what the browser last knew to be chosen.
    """
    for key, value in st.session_state.pop(_CHOSEN, {}).items():
        st.session_state[key] = value


def draw_model_jobs(actor: Actor) -> None:
    """The jobs about models at hand, and those of the reader that ended; nothing for who may not see jobs."""
    if not may(actor, Action.VIEW_JOBS):
        return
    open_jobs(state())
    _draw(actor)


@st.fragment(run_every=SECONDS_BETWEEN_LOOKS)
def _draw(actor: Actor) -> None:
    """Drawn anew by itself; the page follows once one has begun or ended, for there may be a version more."""
    engine, now = state(), datetime.now(UTC)
    at_hand = list_jobs(engine, actor, states=ACTIVE, kinds=MODEL_JOBS)[::-1]
    seen = [job.id for job in at_hand]
    if st.session_state.setdefault(_SEEN, seen) != seen:
        st.session_state[_SEEN] = seen
        st.rerun()
    usual = usual_seconds(engine, sorted({job.kind for job in at_hand}))
    for job in sorted(at_hand, key=lambda job: (job.state != "running", job.id)):
        draw_job_at_hand(job, usual.get(job.kind), actor, now)
    _draw_ended(
        [read_job(engine, number, actor) for number in st.session_state.get(_WATCHED, ()) if number not in seen]
    )
    if at_hand:
        st.page_link(link_to(JOBS), label="All jobs", icon=":material/manufacturing:")


def _draw_ended(ended: Sequence[Job]) -> None:
    for job in ended[::-1]:
        with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"ended_job_{job.id}"):
            with st.container(gap=None, width="stretch"):
                st.markdown(f"{job_view.ICONS[job.state]} **{job_view.title_of(job.kind, KINDS)}**: {job.state}")
                # An error may hold what a reader wrote: as text.
                st.text(f"Job {job.id}. {job_view.outcome_of(job)}")
            _draw_way_on(job)
            st.button("Put away", key=f"put_away_{job.id}", on_click=_put_away, args=(job.id,))


def _draw_way_on(job: Job) -> None:
    """To what came of it: the version's card, the comparison, or the request."""
    result = job.result or {}
    if job.state != "succeeded":
        st.page_link(link_to(JOBS), label="Its log", icon=":material/manufacturing:")
    elif job.kind == "request_promotion":
        label = f"Request {result.get('request')}"
        st.page_link(link_to("approvals.py"), label=label, icon=":material/approval:")
    elif "version" in result:
        version = str(result["version"])
        _way_to(f"Card of version {version}", f"card_of_{job.id}", {"version": version, TAB: "Version"})
    elif job.kind == "compare":
        chosen = {"first": str(result["first"]), "second": str(result["second"]), TAB: "Compare"}
        _way_to("Show the comparison", f"comparison_of_{job.id}", chosen)


def _way_to(label: str, key: str, chosen: dict[str, str]) -> None:
    """A button that chooses this on the page; the whole page is drawn anew, of which this is a part alone."""
    if st.button(label, key=key, on_click=_show, args=(chosen,)):
        st.rerun()


def _show(chosen: dict[str, str]) -> None:
    st.session_state[_CHOSEN] = chosen


def _put_away(number: int) -> None:
    st.session_state[_WATCHED] = [each for each in st.session_state.get(_WATCHED, ()) if each != number]
