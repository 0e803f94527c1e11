"""The forms of the page Alerts: a rule, an acknowledgement, a mute; what they hold is checked by those beneath."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import streamlit as st

from app.job_views.forms import refused, tell
from app.lake_session import ask, pinned_lake, settings, sources_of, state
from lake_access.conversion import ConversionFilters
from lake_access.errors import LeadlakeError
from lake_access.feature_groups import feature_columns
from lake_access.lake import PinnedLake
from lake_access.permissions import Actor
from lake_access.score_histograms import score_histograms
from monitoring.alerts.metrics import METRICS, Metric, Segment, in_unit
from monitoring.alerts.records import Alert, acknowledge
from monitoring.alerts.rules import DAYS_BEFORE, Rule, RuleWish, mute_rule, set_rule

MUTES = {0: "Not muted", 1: "1 hour", 8: "8 hours", 24: "1 day", 72: "3 days", 168: "1 week", 720: "30 days"}
ALL: Final = "all"


def do(act: Callable[[datetime], str]) -> None:
    """Do it and draw the page anew with the sentence that it gives; or say why it was refused."""
    try:
        sentence = act(datetime.now(UTC))
    except LeadlakeError as error:
        refused(error)
        return
    tell(sentence)
    st.rerun()


def rule_form(actor: Actor, channels: Mapping[str, str], rule: Rule | None = None) -> None:
    """Add a rule, or change one."""
    key = f"rule_{rule.id if rule else 'new'}"
    names = list(METRICS)
    metric = METRICS[
        st.selectbox(
            "Metric",
            names,
            index=names.index(rule.metric) if rule else 0,
            format_func=lambda name: METRICS[name].title,
            key=f"{key}_metric",
        )
    ]
    st.caption(metric.help)
    values: dict[str, Any] = {"metric": metric.name}
    left, right = st.columns(2)
    with left:
        values |= _segment_fields(metric, rule, key)
    with right:
        values |= _comparison_fields(metric, rule, key)
    values |= _period_fields(metric, rule, key)
    values |= _telling_fields(channels, rule, key)
    values["name"] = st.text_input(
        "Name", value=rule.name if rule else "", placeholder=metric.title, key=f"{key}_name", max_chars=200
    )
    wish = RuleWish(**{**values, "name": values["name"] or metric.title})
    if st.button("Save the rule", type="primary", icon=":material/save:", key=f"{key}_save"):
        do(lambda now: _saved(set_rule(state(), actor, wish, channels, now, rule.id if rule else None)))


def acknowledge_form(actor: Actor, alert: Alert) -> None:
    """Take an alert on, with a note."""
    with (
        st.popover("Acknowledge", icon=":material/front_hand:", key=f"acknowledge_{alert.id}"),
        st.form(f"acknowledge_form_{alert.id}", border=False),
    ):
        note = st.text_area("Note", key=f"note_{alert.id}", max_chars=2_000, height=80)
        st.caption("Nobody is reminded any more. You are told when it recovers.")
        if st.form_submit_button("Acknowledge"):
            do(lambda now: f"Alert {acknowledge(state(), actor, alert.id, note, now).id} is yours.")


def mute_form(actor: Actor, rule: Rule, key: str) -> None:
    """Tell nobody for a while."""
    with st.popover("Mute", icon=":material/notifications_paused:", key=f"mute_{key}"):
        hours = st.selectbox("For", list(MUTES), index=3, format_func=lambda each: MUTES[each], key=f"mute_for_{key}")
        st.caption("It is checked all the same, and the page shows it.")
        if st.button("Mute", key=f"mute_now_{key}"):
            do(lambda now: _muted(mute_rule(state(), actor, rule.id, hours, now)))


def versions_of(pinned: PinnedLake) -> tuple[str, ...]:
    """The model versions whose scores the lake holds, online."""
    found = score_histograms(pinned, ConversionFilters(all_leads=True)).histograms
    return tuple(each.kind.version for each in found if each.kind.version and each.kind.mode == "online")


def _segment_fields(metric: Metric, rule: Rule | None, key: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if metric.name == "column_drift":
        columns = ["score", "converted", *feature_columns(settings().declarations)]
        values["column"] = st.selectbox(
            "Column", columns, index=_place(columns, rule.column if rule else None), key=f"{key}_column"
        )
    if len(metric.segments) == 1:
        return values
    before: Segment = rule.segment if rule and rule.segment in metric.segments else ALL
    segment: Segment = st.segmented_control(
        "Of", list(metric.segments), default=before, required=True, key=f"{key}_segment_{metric.name}"
    )
    values["segment"] = segment
    if segment != ALL:
        known = _known(segment)
        values["segment_value"] = st.selectbox(
            segment.capitalize(),
            known,
            index=_place(known, rule.segment_value if rule else None) if known else None,
            key=f"{key}_{segment}",
        )
    return values


def _known(segment: Segment) -> Sequence[str]:
    declarations = settings().declarations
    if segment == "stream":
        return list(declarations.sources)
    if segment == "band":
        return list(declarations.bands)
    return sources_of(pinned_lake()) if segment == "source" else list(ask(versions_of, pinned_lake()))


def _comparison_fields(metric: Metric, rule: Rule | None, key: str) -> dict[str, Any]:
    offered = ["above", "below", *(["beyond chance"] if metric.against else [])]
    comparison = st.segmented_control(
        "Is",
        offered,
        default=rule.comparison if rule and rule.comparison in offered else offered[0],
        required=True,
        key=f"{key}_comparison_{metric.name}",
    )
    if comparison == "beyond chance":
        against = "the period before" if metric.against == "before" else "what was expected"
        st.caption(f"Other than {against}, at 99%.")
        return {"comparison": comparison}
    given = rule.threshold if rule and rule.metric == metric.name else None
    in_percent = metric.unit == "share"
    shown = None if given is None else 100 * given if in_percent else given
    label = f"Threshold{' (%)' if in_percent else ' (hours)' if metric.unit == 'hours' else ''}"
    entered = st.number_input(label, value=shown, min_value=0.0, key=f"{key}_threshold_{metric.name}")
    return {
        "comparison": comparison,
        "threshold": None if entered is None else entered / 100 if in_percent else entered,
    }


def _period_fields(metric: Metric, rule: Rule | None, key: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    same = rule if rule and rule.metric == metric.name else None
    fields = st.columns(3)
    if metric.days:
        values["days"] = fields[0].number_input(
            "Days",
            min_value=1,
            max_value=730,
            value=same.days if same else metric.days,
            key=f"{key}_days_{metric.name}",
        )
    if metric.against == "before":
        values["days_before"] = fields[1].number_input(
            "Days before",
            min_value=1,
            max_value=730,
            value=same.days_before if same else DAYS_BEFORE * metric.days,
            key=f"{key}_before_{metric.name}",
            help="The days before the period, which chance and drift hold it against.",
        )
    values["checks"] = fields[2].number_input(
        "Checks in a row", min_value=1, max_value=1_000, value=rule.checks if rule else 1, key=f"{key}_checks"
    )
    return values


def _telling_fields(channels: Mapping[str, str], rule: Rule | None, key: str) -> dict[str, Any]:
    left, right = st.columns([2, 1])
    chosen = left.multiselect(
        "Tell",
        list(channels),
        default=[each for each in rule.channels if each in channels] if rule else [],
        placeholder="this page alone" if channels else "no channel is set up",
        key=f"{key}_channels",
    )
    remind = right.number_input(
        "Remind every (hours)",
        min_value=0,
        max_value=2_160,
        value=(rule.remind_hours or 0) if rule else 24,
        key=f"{key}_remind",
        help="Until somebody acknowledges it; 0 for never.",
    )
    enabled = st.checkbox("Checked", value=rule.enabled if rule else True, key=f"{key}_enabled")
    return {"channels": tuple(chosen), "remind_hours": remind or None, "enabled": enabled}


def _place(known: Sequence[str], value: str | None) -> int:
    return list(known).index(value) if value is not None and value in known else 0


def _saved(rule: Rule) -> str:
    limit = "" if rule.threshold is None else f" {rule.comparison} {in_unit(rule.threshold, rule.of.unit)}"
    return f"Rule {rule.id} is saved: {rule.of.title}{limit}."


def _muted(rule: Rule) -> str:
    return f"Rule {rule.id} is muted." if rule.muted_until else f"Rule {rule.id} is not muted."
