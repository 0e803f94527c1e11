"""What works in the background: what runs now, what became of the rest, and what comes again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from app.acting import acting
from app.cards import data_menu, row_apart
from app.job_views import view as job_view
from app.job_views.cards import SECONDS_BETWEEN_LOOKS, draw_job_at_hand, draw_log
from app.job_views.forms import refused, request_form, schedule_form, show_told, tell
from app.lake_session import settings, state
from jobs.job import ACTIVE, FINISHED, Job
from jobs.kinds import KINDS
from jobs.queue import wake_worker
from jobs.requests import list_jobs, run_again, usual_seconds
from jobs.schedules import Schedule, enable_schedule, list_schedules, remove_schedule
from lake_access.errors import LeadlakeError
from lake_access.permissions import Action, Actor, may

ENDED_SHOWN = 200
ACTIVE_SEEN = "_active_jobs_seen"
KEPT = f"From the queue in the database of state: the newest {ENDED_SHOWN} jobs that ended, at most."


@st.fragment(run_every=SECONDS_BETWEEN_LOOKS)
def jobs_at_hand(actor: Actor) -> None:
    """The jobs that run or wait, drawn anew by themselves; the page follows once one of them has ended or begun."""
    engine, now = state(), datetime.now(UTC)
    at_hand = list_jobs(engine, actor, states=ACTIVE)[::-1]
    seen = [job.id for job in at_hand]
    if st.session_state.setdefault(ACTIVE_SEEN, seen) != seen:
        st.session_state[ACTIVE_SEEN] = seen
        st.rerun()
    usual = usual_seconds(engine, sorted({job.kind for job in at_hand}))
    if not at_hand:
        st.info("Nothing runs or waits.", icon=":material/task_alt:")
    for job in sorted(at_hand, key=lambda job: (job.state != "running", job.id)):
        draw_job_at_hand(job, usual.get(job.kind), actor, now)


def ended_jobs(actor: Actor) -> None:
    """The jobs that ended, newest first; one that is selected is shown whole below."""
    with st.container(border=True, key="card_ended_jobs"):
        heading = row_apart()
        heading.subheader("Ended")
        of_worker = st.toggle(
            "Builds that the worker did by itself, too", key="of_worker", help="Those that failed are always shown."
        )
        ended = list_jobs(state(), actor, states=FINISHED, of_worker=of_worker, limit=ENDED_SHOWN)
        if not ended:
            st.caption("No job has ended yet.")
            return
        frame = job_view.jobs_frame(ended, KINDS, datetime.now(UTC))
        with heading:
            data_menu(frame, key="ended_jobs", file_name="jobs", made_of=KEPT, with_table=False)
        selected = st.dataframe(
            frame,
            hide_index=True,
            alt="Jobs that ended",
            key="ended_jobs",
            on_select="rerun",
            selection_mode="single-row",
            column_config={
                "job": st.column_config.NumberColumn("Job", width=55),
                "state": st.column_config.TextColumn("State", width=100),
                "kind": st.column_config.TextColumn("Kind", width=130),
                "outcome": st.column_config.TextColumn("Outcome", width=210),
                "took": st.column_config.TextColumn("Took", width=65),
                "by": st.column_config.TextColumn("By", width=80),
                "ended": st.column_config.TextColumn("Ended", width=145),
            },
        )
        st.caption(f"The newest {ENDED_SHOWN} at most; select a row to see the job whole.")
        chosen = [ended[row] for row in selected.selection.rows if row < len(ended)]
        if chosen:
            draw_ended_job(chosen[0], actor)


def draw_ended_job(job: Job, actor: Actor) -> None:
    """An ended job whole: what was asked, what came of it, its log; and a way to run it again."""
    with row_apart():
        st.subheader(f"{job_view.ICONS[job.state]} Job {job.id}")
        kind = KINDS.get(job.kind)
        if job.state != "succeeded" and kind is not None and may(actor, kind.action):
            again_button(job, actor)
    st.text(job_view.asked_of(job, datetime.now(UTC)))
    outcome = job_view.outcome_of(job)
    if outcome:
        st.text(outcome)
    draw_log(job, actor)


def again_button(job: Job, actor: Actor) -> None:
    """Run a failed or cancelled job again."""
    if st.button("Run again", icon=":material/replay:", key=f"again_{job.id}"):
        try:
            new = run_again(state(), KINDS, job.id, actor, datetime.now(UTC))
            wake_worker(settings())
        except LeadlakeError as error:
            refused(error)
            return
        tell(f"Job {new.id} does it again.")
        st.rerun()


def schedules(actor: Actor) -> None:
    """The schedules, and for who may change them the ways to do so."""
    found = list_schedules(state(), actor)
    may_change = may(actor, Action.MANAGE_SCHEDULES)
    with st.container(border=True, key="card_schedules"):
        with row_apart():
            st.subheader("Schedules")
            if may_change:
                with st.popover("Add", icon=":material/add:", key="add_schedule"):
                    schedule_form(actor)
        if not found:
            st.caption("Nothing is scheduled. What lands is built every minute all the same.")
        draw_schedules(found, actor if may_change else None)


def draw_schedules(found: Sequence[Schedule], actor: Actor | None) -> None:
    """A line for each schedule, with its buttons for an actor who may change it."""
    for schedule in found:
        with row_apart():
            with st.container(width="stretch", gap=None):
                st.markdown(f"**{job_view.title_of(schedule.kind, KINDS)}**")
                st.text(
                    " · ".join(filter(None, (job_view.written(schedule.parameters), job_view.schedule_line(schedule))))
                )
            if actor is not None:
                schedule_buttons(schedule, actor)


def schedule_buttons(schedule: Schedule, actor: Actor) -> None:
    """Pause a schedule or have it go on, and remove it."""
    number = schedule.id
    label, icon = ("Pause", ":material/pause:") if schedule.enabled else ("Resume", ":material/play_arrow:")
    try:
        if st.button(label, icon=icon, key=f"pause_{number}"):
            enable_schedule(state(), number, not schedule.enabled, actor, datetime.now(UTC))
            st.rerun()
        if st.button("Remove", icon=":material/delete:", key=f"remove_{number}"):
            remove_schedule(state(), number, actor, datetime.now(UTC))
            tell(f"Schedule {number} is removed.")
            st.rerun()
    except LeadlakeError as error:
        refused(error)


show_told()
reader = acting()
with row_apart():
    st.subheader("Now")
    if any(may(reader, kind.action) for kind in KINDS.values()):
        with st.popover("Run a job", icon=":material/play_arrow:", key="run_a_job"):
            request_form(reader)
jobs_at_hand(reader)
ended_jobs(reader)
schedules(reader)
