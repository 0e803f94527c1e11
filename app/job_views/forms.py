"""Forms that ask for a job or set a schedule, with a field for each parameter of the kind."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from app.job_views.view import title_of
from app.lake_session import settings, state
from jobs.crontab import in_words, next_time, parse_crontab
from jobs.kind import JobKind, Parameter
from jobs.kinds import KINDS
from jobs.queue import wake_worker
from jobs.requests import request_job
from jobs.schedules import presets, set_schedule
from lake_access.errors import LeadlakeError
from lake_access.permissions import Actor, may

TOLD = "_told_of_jobs"
OWN_TIMES = "Times of my own"


def tell(sentence: str) -> None:
    """Say this in the next run of the page."""
    st.session_state[TOLD] = sentence


def show_told() -> None:
    """Show what the run before had to say."""
    if sentence := st.session_state.pop(TOLD, None):
        st.toast(sentence, icon=":material/info:")


def refused(error: LeadlakeError) -> None:
    """Say in one sentence why nothing was done; it may hold what a reader wrote, and stays text."""
    st.warning("Nothing was done.", icon=":material/block:")
    st.text(str(error))


def request_form(actor: Actor) -> None:
    """Ask for a job of a kind that the reader may run."""
    kind = _kind_field(actor, "request")
    if kind is None:
        return
    parameters = _parameter_fields(kind, "request")
    if st.button("Run", type="primary", icon=":material/play_arrow:", key="request_job"):
        try:
            job = request_job(state(), KINDS, kind.name, parameters, actor, datetime.now(UTC))
            wake_worker(settings())
        except LeadlakeError as error:
            refused(error)
            return
        tell(f"Job {job.id} is {job.state}: {kind.title}.")
        st.rerun()


def schedule_form(actor: Actor) -> None:
    """Have a job come again: one of the usual schedules, or times of one's own."""
    offered = {preset.title: preset for preset in presets(KINDS) if may(actor, KINDS[preset.kind].action)}
    choice = st.selectbox("Schedule", [*offered, OWN_TIMES], key="schedule_preset")
    if choice in offered:
        kind, crontab = KINDS[offered[choice].kind], offered[choice].crontab
        parameters: Mapping[str, Any] = {}
    else:
        chosen = _kind_field(actor, "schedule")
        if chosen is None:
            return
        kind, parameters = chosen, _parameter_fields(chosen, "schedule")
        crontab = st.text_input(
            "Times (crontab, UTC)",
            value="0 3 * * 1",
            key="schedule_crontab",
            help="Minute, hour, day of the month, month, day of the week. `0 3 * * 1` is every Monday at 03:00, "
            "`*/15 * * * *` every quarter of an hour.",
        )
    now = datetime.now(UTC)
    try:
        times = parse_crontab(crontab)
        comes = next_time(times, now)
    except LeadlakeError as error:
        st.text(str(error))
        return
    words = in_words(times)
    often = "" if words is None else f", {words}"
    st.caption(f"{kind.title}{often}, next at {comes:%Y-%m-%d %H:%M} UTC. It runs with the roles that you have now.")
    if st.button("Set the schedule", icon=":material/event_repeat:", key="set_schedule"):
        try:
            schedule = set_schedule(state(), KINDS, kind.name, parameters, crontab, actor, now)
        except LeadlakeError as error:
            refused(error)
            return
        tell(f"Schedule {schedule.id} is set.")
        st.rerun()


def _kind_field(actor: Actor, form: str) -> JobKind | None:
    names = [name for name, kind in KINDS.items() if may(actor, kind.action)]
    if not names:
        return None
    return KINDS[st.selectbox("Kind of job", names, format_func=lambda name: title_of(name, KINDS), key=f"{form}_kind")]


def _parameter_fields(kind: JobKind, form: str) -> Mapping[str, Any]:
    return {parameter.name: _field(parameter, f"{form}_{kind.name}_{parameter.name}") for parameter in kind.parameters}


def _field(parameter: Parameter, key: str) -> Any:
    title, help_text = parameter.title, parameter.help or None
    if parameter.type is bool:
        return st.checkbox(title, value=bool(parameter.default), key=key, help=help_text)
    if parameter.type is list and parameter.choices:
        return st.multiselect(title, parameter.choices, key=key, help=help_text)
    if parameter.choices:
        place = parameter.choices.index(str(parameter.default)) if parameter.default is not None else None
        return st.selectbox(title, parameter.choices, index=place, key=key, help=help_text)
    written = "" if parameter.default is None else str(parameter.default)
    return st.text_input(
        title, value=written, key=key, help=help_text, placeholder="" if parameter.needed else "not set"
    )
