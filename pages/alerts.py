"""What is not as it should be: the open alerts, the rules and where each stands, who is told, and what was before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from app import formatting
from app.acting import acting
from app.alert_views import view as alert_view
from app.alert_views.forms import acknowledge_form, do, mute_form, rule_form
from app.cards import chart_card, data_menu, row_apart, table_card
from app.charts.alerts import checks_figure
from app.job_views.forms import show_told
from app.lake_session import settings, state
from app.navigation import PAGES, link_to
from jobs.kinds import KINDS
from jobs.queue import wake_worker
from jobs.requests import request_job
from lake_access.permissions import Action, Actor, may
from monitoring.alerts.board import Board, board
from monitoring.alerts.channels import VARIABLE, try_channel
from monitoring.alerts.outbox import Message, send_again
from monitoring.alerts.records import Alert
from monitoring.alerts.rules import Rule, described, remove_rule

UNDELIVERED_SHOWN = 5
KEPT = "From the database of state, where rules, checks, alerts and messages are kept; no query of the lake gives them."


def check_now(actor: Actor) -> str:
    """Have the worker check the rules."""
    job = request_job(state(), KINDS, "check_alerts", {}, actor, datetime.now(UTC))
    wake_worker(settings())
    return f"Job {job.id} is {job.state}: the rules are checked."


def draw_open(alert: Alert, actor: Actor, now: datetime) -> None:
    """An alert that has not ended, with what can be done about it."""
    with st.container(border=True, key=f"alert_{alert.id}"):
        with row_apart():
            icon = ":red[:material/notifications_active:]" if alert.state == "open" else ":material/front_hand:"
            st.markdown(f"{icon} **{alert.state.capitalize()}**", width="content")
            with st.container(horizontal=True, width="content"):
                if may(actor, Action.MANAGE_ALERTS):
                    if alert.state == "open":
                        acknowledge_form(actor, alert)
                    mute_form(actor, alert.rule, f"alert_{alert.id}")
        st.text(f"{alert.rule.name}: {described(alert.rule)}")  # names are a person's words: as text
        st.text(alert_view.since_line(alert, now))
        offered = {entry.file: entry for entry in PAGES}
        entry = offered.get(alert.rule.of.page)
        if entry is not None and may(actor, entry.action):
            st.page_link(link_to(entry.file), label=f"Open {entry.title}")


def draw_rules(shown: Board, actor: Actor, now: datetime) -> None:
    """The rules; one that is selected is shown whole below."""
    with st.container(border=True, key="card_rules"):
        heading = row_apart()
        heading.subheader("Rules")
        if not shown.rules:
            st.caption("No rule yet: nothing is watched.")
            return
        frame = alert_view.rules_frame(shown, now)
        with heading:
            data_menu(
                frame.drop(columns="course"), key="rules", file_name="alert-rules", made_of=KEPT, with_table=False
            )
        selected = st.dataframe(
            frame,
            hide_index=True,
            alt="The rules, where each stands, and its last value",
            key="rules",
            on_select="rerun",
            selection_mode="single-row",
            column_config={
                "state": st.column_config.TextColumn("State", width=90),
                "name": st.column_config.TextColumn("Rule", width=165),
                "value": st.column_config.TextColumn("Last value", width=90),
                "course": st.column_config.LineChartColumn("Course", width=80),
                "watched": st.column_config.TextColumn("Opens when", width=310),
                "checked": st.column_config.TextColumn("Checked", width=125),
                # Where no rule tells anybody, there is room for the rest.
                "told": st.column_config.TextColumn("Tells", width=220) if tells_somebody(shown.rules) else None,
            },
        )
        st.caption(
            "Select a rule to see its checks" + (", and to change it." if may(actor, Action.MANAGE_ALERTS) else ".")
        )
    chosen = [shown.rules[row] for row in selected.selection.rows if row < len(shown.rules)]
    if chosen:
        draw_rule(chosen[0], shown, actor)


def tells_somebody(rules: Sequence[Rule]) -> bool:
    """Whether any rule has a channel, or is muted for a while."""
    return any(rule.channels or rule.muted_until for rule in rules)


def draw_rule(rule: Rule, shown: Board, actor: Actor) -> None:
    """One rule whole: its checks, and the ways to change it."""
    checks = shown.checks[rule.id]
    if checks:
        st.text(f"{rule.name}: {checks[-1].detail}")
        chart_card(
            "Checks",
            checks_figure(checks, rule.of.unit, rule.threshold),
            key=f"checks_{rule.id}",
            alt=alert_view.checks_alt(rule, checks),
            frame=alert_view.checks_frame(checks),
            file_name=f"alert-rule-{rule.id}",
            made_of=KEPT,
            note="The newest 200 checks at most; red ones were too much.",
        )
    st.text(f"Set by {rule.set_by}" + (f" on {formatting.moment(rule.set_at)}." if rule.set_at else "."))
    if not may(actor, Action.MANAGE_ALERTS):
        return
    with st.container(horizontal=True):
        mute_form(actor, rule, f"rule_{rule.id}")
        if st.button("Remove", icon=":material/delete:", key=f"remove_rule_{rule.id}"):
            do(lambda now: removed(rule, actor, now))
    with st.expander("Change this rule", icon=":material/edit:"):
        st.caption("A changed rule begins anew: an open alert of it ends.")
        rule_form(actor, shown.channels, rule)


def removed(rule: Rule, actor: Actor, now: datetime) -> str:
    """Remove a rule."""
    remove_rule(state(), actor, rule.id, now)
    return f"Rule {rule.id} is removed."


def draw_channels(shown: Board, actor: Actor) -> None:
    """The channels by name: their addresses are in the environment and nowhere else."""
    with st.container(border=True, key="card_channels"):
        st.subheader("Channels")
        if not shown.channels:
            st.caption(f"None: alerts show on this page alone. `{VARIABLE}` in the environment names them.")
        for name, kind in shown.channels.items():
            with row_apart():
                st.text(f"{name} · {kind}", width="content")
                if may(actor, Action.MANAGE_ALERTS) and st.button(
                    "Send a test", icon=":material/send:", key=f"test_{name}"
                ):
                    with st.spinner("Sending"):
                        do(lambda now, name=name: tested(name, actor, now))  # type: ignore[misc]


def tested(name: str, actor: Actor, now: datetime) -> str:
    """Send a test message."""
    try_channel(settings(), state(), actor, name, now)
    return f"The channel {name} took the test."


def draw_undelivered(messages: tuple[Message, ...], actor: Actor) -> None:
    """Messages that did not get through, or perhaps not."""
    with st.container(border=True, key="card_undelivered"):
        st.subheader(":orange[:material/warning:] Not delivered")
        for message in messages[:UNDELIVERED_SHOWN]:
            with row_apart():
                st.text(f"{message.title}, to {message.channel} ({message.state})\n{message.error}")
                again = message.state in ("failed", "unsure") and may(actor, Action.MANAGE_ALERTS)
                if again and st.button("Send again", icon=":material/replay:", key=f"send_again_{message.id}"):
                    do(lambda now, number=message.id: sent_again(number, actor, now))  # type: ignore[misc]
        more = len(messages) - UNDELIVERED_SHOWN
        if more > 0:
            st.caption(f"And {more} more, among the messages below.")
        st.caption("What was refused is tried again by itself, up to seven times in some 17 hours.")


def sent_again(number: int, actor: Actor, now: datetime) -> str:
    """Have a message sent by the next check."""
    send_again(state(), actor, number, now)
    return "The next check sends it again."


show_told()
reader, moment = acting(), datetime.now(UTC)
shown = board(state(), settings(), reader)
with row_apart():
    st.subheader("Open")
    offers_check = shown.rules and may(reader, KINDS["check_alerts"].action)
    if offers_check and st.button("Check now", icon=":material/refresh:", key="check_now"):
        do(lambda _now: check_now(reader))
if not shown.open:
    told = "No alert is open." if shown.rules else "No alert is open, as no rule watches anything yet."
    st.info(told, icon=":material/task_alt:")
for each in sorted(shown.open, key=lambda alert: (alert.state != "open", -alert.id)):
    draw_open(each, reader, moment)
if shown.undelivered:
    draw_undelivered(shown.undelivered, reader)
draw_rules(shown, reader, moment)
if may(reader, Action.MANAGE_ALERTS):
    with st.expander("Add a rule", icon=":material/add_alert:", expanded=not shown.rules):
        rule_form(reader, shown.channels)
draw_channels(shown, reader)
if shown.ended:
    table_card("Ended", alert_view.ended_frame(shown.ended), key="ended_alerts", file_name="alerts", made_of=KEPT)
if shown.messages:
    table_card(
        "Messages",
        alert_view.messages_frame(shown.messages),
        key="messages",
        file_name="alert-messages",
        made_of=KEPT,
    )
