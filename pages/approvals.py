"""Promotions: what waits for a decision with its gates and its impact, and what was decided before, and why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from app import formatting
from app.acting import acting
from app.cards import table_card
from app.lake_session import settings, state
from app.model_views import view as model_view
from app.model_views import words as model_words
from lake_access.errors import LeadlakeError
from lake_access.permissions import Action, may
from training.promotion.deciding import approve, override_gate, reject
from training.promotion.impact import Impact, impact_from_json
from training.promotion.records import Request, requests
from training.promotion.requesting import withdraw
from training.registry import card

HISTORY = "From the database of state, where each request stays with what was decided; the ledger has the same steps."


def decide(act: Callable[[datetime], object]) -> None:
    """Do it, and draw the page anew; or say why it was refused."""
    try:
        with st.spinner("Checking what it is bound to"):
            act(datetime.now(UTC))
    except LeadlakeError as exc:
        model_view.draw_refusal(exc)
        return
    st.rerun()


def approve_now(request: Request, reason: str, now: datetime) -> None:
    """Approve with the evidence of this lake; what reads it takes seconds to import."""
    from jobs.promotion_sources import promotion_sources

    approve(state(), promotion_sources(settings(), acting(), now), acting(), request.id, reason, now)


def is_own(request: Request) -> bool:
    """Whether the reader asked for it, and so cannot decide on it."""
    return request.requested_by == acting().name and not acting().alone


def draw_decision(request: Request) -> None:
    """The forms of those who may decide, or of the one who asked."""
    if request.requested_by == acting().name and may(acting(), Action.REQUEST_PROMOTION):
        with st.popover("Withdraw", icon=":material/undo:"), st.form(f"withdraw_{request.id}", border=False):
            why = st.text_area("Reason", key=f"withdraw_reason_{request.id}", max_chars=2_000)
            if st.form_submit_button("Withdraw the request"):
                decide(lambda now: withdraw(state(), acting(), request.id, why, now))
    if not may(acting(), Action.DECIDE_PROMOTION):
        return
    if is_own(request):
        st.caption("You asked for it, so another person decides.")
        return
    with st.form(f"decide_{request.id}"):
        if request.requested_by == acting().name:
            st.caption("It is your own request. Without sign-in you may decide all the same, and the ledger says so.")
        reason = st.text_area("Reason", key=f"reason_{request.id}", max_chars=2_000, height=80)
        with st.container(horizontal=True):
            approved = st.form_submit_button(
                "Approve", type="primary", icon=":material/check:", disabled=bool(request.failed)
            )
            rejected = st.form_submit_button("Reject", icon=":material/close:")
        if request.failed:
            st.caption("A gate that failed holds the approval up until it is overridden.")
    if approved:
        decide(lambda now: approve_now(request, reason, now))
    if rejected:
        decide(lambda now: reject(state(), acting(), request.id, reason, now))


def draw_overrides(request: Request) -> None:
    """A form for the failed gates that can be overridden."""
    failed = {gate.gate: model_words.gate_name(gate) for gate in request.failed if gate.can_be_overridden}
    if not failed or not may(acting(), Action.OVERRIDE_GATE) or is_own(request):
        return
    # Another key after each override: what was sent closes.
    popover = st.popover(
        "Override a gate", icon=":material/gavel:", key=f"override_popover_{request.id}_{len(request.failed)}"
    )
    with popover, st.form(f"override_{request.id}", border=False):
        gate = st.selectbox("Gate", list(failed), format_func=lambda name: failed[name], key=f"gate_{request.id}")
        reason = st.text_area("Reason", key=f"override_reason_{request.id}", max_chars=2_000)
        if st.form_submit_button("Override"):
            decide(lambda now: override_gate(state(), acting(), request.id, gate, reason, now))


def shuffled_of(version: str) -> dict[str, float | None]:
    """What leads dealt at random gave this version; nothing where its card was made before that, or was changed."""
    try:
        return dict(card(settings(), version).get("shuffled", {}))
    except LeadlakeError:
        return {}  # of a changed file the gates tell


def draw_impact(request: Request, impact: Impact | None) -> None:
    """What would change, as it was frozen with the request."""
    if impact is None:
        st.info("Nothing could be measured: the gates say why.", icon=":material/info:")
        return
    leads = impact.leads
    st.caption(
        f"Measured on {formatting.count(leads.leads)} mature leads from {formatting.day(leads.since.date())} to "
        f"{formatting.day(leads.until.date())}, {formatting.count(leads.conversions)} converted; "
        "frozen with the request."
    )
    table_card(
        "From validation to today",
        model_words.gaps_table(impact.gaps, shuffled_of(request.version)),
        key=f"gaps_{request.id}",
        file_name=f"gaps-{request.version}",
        made_of=f"{model_view.FROZEN} Shuffled stands on the version's card.",
        note="Validation: the leads that calibrated it. Gap: the newest leads less validation, "
        "which is what leads that came later cost it, or gave it. Shuffled: the same training where leads of all times "
        "are dealt at random. What the newest leads fall short of that comes of the time.",
    )
    if impact.comparison is not None:
        model_view.draw_comparison(
            impact.comparison,
            key=f"impact_{request.id}",
            labels={name: declared.label for name, declared in settings().declarations.sources.items()},
            minimum_cell=settings().declarations.lake.minimum_cell,
            with_leads=acting().limits is None,
            made_of=model_view.FROZEN,
        )


def draw_waiting(request: Request) -> None:
    """A request that waits: who asked and why, its gates, the decision, and its impact."""
    against = request.bound.champion_version
    with st.container(border=True):
        st.subheader(
            f"Request {request.id}: version {request.version}"
            + (f" in place of {against}" if against is not None else " as the first champion")
        )
        st.text(f"{request.requested_by} asked on {formatting.moment(request.requested_at)}: {request.reason}")
        left, right = st.columns([3, 2], gap="medium")
        with left:
            model_view.draw_gates(request.gates)
            draw_overrides(request)
        with right:
            draw_decision(request)
    draw_impact(request, impact_from_json(request.evidence))


def draw_history(decided: list[Request]) -> None:
    """What was decided, the newest first."""
    rows = [
        {
            "Request": each.id,
            "Version": each.version,
            "State": each.state,
            "Decision": each.decision_reason,
            "Decided": f"{formatting.moment(each.decided_at)} by {each.decided_by}" if each.decided_at else "",
            "Asked for": each.reason,
            "Asked": f"{formatting.moment(each.requested_at)} by {each.requested_by}",
            "Gates overridden": ", ".join(gate.gate for gate in each.gates if gate.override),
            "Ledger row": each.decision_row,
        }
        for each in decided
    ]
    table_card("History", pd.DataFrame(rows), key="history", file_name="promotions", made_of=HISTORY)
    for each in decided:
        overridden = [gate for gate in each.gates if gate.override is not None]
        if overridden:
            with st.expander(f":red[Request {each.id}: gates overridden]", icon=":material/gavel:"):
                model_view.draw_gates(overridden)


every = requests(state())
waiting = [each for each in every if each.state == "requested"]
decided = [each for each in every if each.state != "requested"]
if not waiting:
    st.info("No request waits for a decision. Models has the button to ask for a promotion.", icon=":material/info:")
for each in waiting:
    draw_waiting(each)
if decided:
    draw_history(decided)
