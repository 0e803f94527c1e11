"""Forgetting a person, on the page Leads: the form at an open lead, and how far the worker is with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import streamlit as st

from app import formatting
from app.acting import acting
from app.job_views import view as job_view
from app.job_views.cards import SECONDS_BETWEEN_LOOKS, draw_job_at_hand
from app.job_views.forms import refused
from app.lake_session import settings, state
from jobs.job import ACTIVE, Job
from jobs.kinds.forget import FORGET, request_forgetting
from jobs.queue import wake_worker
from jobs.requests import list_jobs, read_job, usual_seconds
from lake_access.errors import LeadlakeError
from lake_access.permissions import Action, may

HEAD_LENGTH: Final = 8
# The jobs that the reader began here and has not put away since; and those that were at hand when it was drawn last.
_WATCHED, _SEEN = "_forgettings_watched", "_forgettings_seen"
# What a result counts, by its names in the job: one of it, and several.
_ERASED: Final = {
    "leads": ("lead", "leads"),
    "raw_lines": ("line of raw events", "lines of raw events"),
    "batches": ("raw batch written anew", "raw batches written anew"),
    "snapshots": ("earlier snapshot", "earlier snapshots"),
    "reports": ("report", "reports"),
    "rows_elsewhere": ("row of jobs, queries and requests", "rows of jobs, queries and requests"),
}


def forget_form(lead_id: str) -> None:
    """Have the person of this lead forgotten, with a reason and the head of the id typed; for who may."""
    if not may(acting(), Action.FORGET_PERSON):
        return
    with st.popover("Forget this person…", icon=":material/person_remove:"):
        with st.form(f"forget_{lead_id}", border=False):
            st.markdown("**Forget this person for good**")
            st.caption(
                "Raw events, tables, reports and everything else that names them go, and every earlier state of the "
                "lake. It cannot be undone, and takes as long as building the whole lake again."
            )
            reason = st.text_input(
                "Reason",
                max_chars=500,
                key=f"forget_reason_{lead_id}",
                placeholder="asked for it, case 12",
                help="The ledger keeps it for ever: no address may stand in it.",
            )
            typed = st.text_input(
                f"Type {lead_id[:HEAD_LENGTH]} to confirm: the lead's first digits",
                key=f"forget_typed_{lead_id}",
                max_chars=36,
            )
            meant = st.form_submit_button("Forget for good", type="primary", icon=":material/delete_forever:")
        # Here, as what is drawn elsewhere lies behind.
        if meant:
            _ask(lead_id, reason, typed)


def draw_forgettings() -> None:
    """What is being forgotten, and what became of what the reader asked for; nothing for who may not forget."""
    if may(acting(), Action.FORGET_PERSON):
        _draw()


def _ask(lead_id: str, reason: str, typed: str) -> None:
    if typed.strip().lower() not in (lead_id, lead_id[:HEAD_LENGTH]):
        st.warning("Nothing was done.", icon=":material/block:")
        st.text(f"What was typed is not the lead's id, which begins with {lead_id[:HEAD_LENGTH]}.")
        return
    try:
        job = request_forgetting(state(), acting(), lead_id, reason, datetime.now(UTC))
        wake_worker(settings())
    except LeadlakeError as error:
        refused(error)
        return
    st.session_state[_WATCHED] = sorted({*st.session_state.get(_WATCHED, ()), job.id})
    st.rerun()


@st.fragment(run_every=SECONDS_BETWEEN_LOOKS)
def _draw() -> None:
    """Drawn anew by itself; the page follows once one has begun or ended, for a lead is gone then."""
    engine, actor, now = state(), acting(), datetime.now(UTC)
    at_hand = list_jobs(engine, actor, states=ACTIVE, kinds=[FORGET.name])[::-1]
    seen = [job.id for job in at_hand]
    if st.session_state.setdefault(_SEEN, seen) != seen:
        st.session_state[_SEEN] = seen
        st.rerun()
    usual = usual_seconds(engine, [FORGET.name]) if at_hand else {}
    for job in at_hand:
        draw_job_at_hand(job, usual.get(job.kind), actor, now)
    watched = st.session_state.get(_WATCHED, ())
    _draw_ended([read_job(engine, number, actor) for number in watched if number not in seen])


def _draw_ended(ended: Sequence[Job]) -> None:
    for job in ended[::-1]:
        with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"forgotten_{job.id}"):
            with st.container(gap=None, width="stretch"):
                st.markdown(f"{job_view.ICONS[job.state]} **{_headline(job)}**")
                # An error may hold what a reader wrote: as text.
                st.text(_erased(job) if job.state == "succeeded" else job_view.outcome_of(job))
                if job.state != "succeeded":
                    st.caption(
                        "A part may be erased already. Run it again on the page Jobs: it finishes what it began."
                    )
            st.button("Put away", key=f"put_away_forgotten_{job.id}", on_click=_put_away, args=(job.id,))


def _headline(job: Job) -> str:
    return "The person is forgotten" if job.state == "succeeded" else f"Forgetting a person: {job.state}"


def _erased(job: Job) -> str:
    """What went, in one sentence."""
    result = job.result or {}
    parts = []
    for name, (one, several) in _ERASED.items():
        number = int(result.get(name, 0))
        if number:
            parts.append(f"{formatting.count(number)} {one if number == 1 else several}")
    unreadable = int(result.get("batches_unreadable", 0))
    left = f" {unreadable} corrupt raw batches could not be searched: job {job.id} names them." if unreadable else ""
    return f"Erased: {', '.join(parts)}. The ledger keeps that it was done.{left}"


def _put_away(number: int) -> None:
    st.session_state[_WATCHED] = [each for each in st.session_state.get(_WATCHED, ()) if each != number]
