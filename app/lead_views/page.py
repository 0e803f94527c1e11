"""One lead on the page Leads: what is known of it, its timeline, its scores and what lay between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from app import formatting, table_columns
from app.cards import chart_card, data_menu, row_apart, table_card
from app.charts import leads as lead_charts
from app.lead_views import view as leads_view
from app.lead_views.factors import draw_factors
from lake_access.lead_history import MOST_EVENTS, LeadHistory, ScoreMove
from lake_access.permissions import Actor

MOVES_SHOWN = 20
ROW_PIXELS = 35  # of a row of `st.dataframe`
FACT_PIXELS = 205  # the longest name of a fact, whole
_EVENT_COLUMNS: dict[str, Any] = {
    "at": st.column_config.TextColumn("When", pinned=True),
    "kind": "Kind",
    "event": "Event",
    "source": "Source",
    "engagement": table_columns.signed_count("Engagement"),
    "intent": table_columns.signed_count("Intent"),
    "rule_score": st.column_config.NumberColumn("Rules' score then"),
    "rules": "Rules",
    "fields": st.column_config.TextColumn("Fields", width="large"),
}


def draw_lead(
    lead_id: str, history: LeadHistory, bands: Mapping[str, int], actor: Actor, label_of: Callable[[str], str]
) -> None:
    """Draw all of one lead for this reader, who calls a source by what `label_of` says; files have its key."""
    asked = {"lead_id": lead_id}
    writers = {"source": label_of}
    st.code(lead_id, language=None)
    _headline(history, bands)
    chart_card(
        "Timeline",
        lead_charts.timeline(history),
        key="timeline",
        alt=f"Scores of the lead over time, and its {len(history.events)} events",
        frame=leads_view.events_frame(history.events),
        file_name=f"lead-{lead_id}",
        sql=history.queries["lead_events"],
        parameters={**asked, "most": MOST_EVENTS},
        note=lead_charts.timeline_note(history),
        column_config=_EVENT_COLUMNS,
        writers=writers,
    )
    left, right = st.columns(2, gap="small")
    with left:
        _facts(lead_id, history, label_of)
    with right:
        table_card(
            "Scores by model versions",
            leads_view.scores_frame(history.scores),
            key="scores",
            file_name=f"lead-{lead_id}-scores",
            sql=history.queries["lead_scores"],
            parameters=asked,
            note="" if history.scores else "No model version has scored this lead.",
            column_config={"at": "When", "version": "Version", "mode": "Mode", "score": "Score"},
        )
    draw_factors(lead_id, history.scores, actor)
    _moves(history)
    cut = history.events_found > len(history.events)
    table_card(
        "Events and their points",
        leads_view.events_frame(history.events),
        key="events",
        file_name=f"lead-{lead_id}-events",
        sql=history.queries["lead_events"],
        parameters={**asked, "most": MOST_EVENTS},
        note=(
            f"The newest {formatting.count(len(history.events))} of {formatting.count(history.events_found)} events; "
            "without the others, the rules' score after each is not known."
            if cut
            else "The rules' score: both kinds of points summed, each within its limit. Every event keeps the version "
            "of the rules that gave its points."
        ),
        column_config=_EVENT_COLUMNS,
        writers=writers,
    )


def _facts(lead_id: str, history: LeadHistory, label_of: Callable[[str], str]) -> None:
    """What is known of it, every line in sight."""
    with st.container(border=True, height="stretch", key="card_facts"):
        with row_apart():
            st.subheader("Facts")
            data_menu(
                leads_view.facts_frame(history.facts),
                key="facts",
                file_name=f"lead-{lead_id}-facts",
                sql=history.queries["lead_facts"],
                parameters={"lead_id": lead_id},
                with_table=False,
            )
        facts = leads_view.facts_frame(history.facts, label_of)
        st.dataframe(
            facts,
            column_config={
                "fact": st.column_config.TextColumn("Fact", width=FACT_PIXELS),
                "value": st.column_config.TextColumn("Value", width="small"),
            },
            hide_index=True,
            height=ROW_PIXELS * (len(facts) + 1) + 3,
            alt="Facts",
        )


def _headline(history: LeadHistory, bands: Mapping[str, int]) -> None:
    facts = history.facts
    final, model = facts["final_score"], facts["model_score"]
    if facts["converted"]:
        outcome = ("Yes", formatting.moment(facts["converted_at"]))
    elif facts["mature"]:
        outcome = ("No", "window closed")
    else:
        outcome = ("Not yet", "window open")
    actions = facts["sales_actions"]
    figures = (
        ("Rules' score", "–" if final is None else str(final), leads_view.band_of(final, bands)),
        (
            "Model score",
            "–" if model is None else str(model),
            "newest of all" if model is not None else "not scored",
        ),
        ("Sales actions", formatting.count(actions), "contacted" if actions else "not contacted"),
        ("Converted", *outcome),
    )
    with st.grid(len(figures), min_column_width=170):
        for label, value, note in figures:
            st.metric(label, value, delta=note, delta_color="off", delta_arrow="off", border=True)


def _moves(history: LeadHistory) -> None:
    """What lay between two successive scores: new events, changed features, another model."""
    if not history.moves:
        return
    with st.container(border=True, key="card_moves"):
        st.subheader("What lay between two scores")
        st.caption("What was new when the score changed. It goes with the change, and need not be its cause.")
        for move in list(reversed(history.moves))[:MOVES_SHOWN]:
            with st.expander(leads_view.move_title(move), expanded=move is history.moves[-1]):
                _move(move)
        if len(history.moves) > MOVES_SHOWN:
            st.caption(f"The newest {MOVES_SHOWN} of {len(history.moves)} changes; the table above has all scores.")


def _move(move: ScoreMove) -> None:
    if move.other_model:
        st.text(
            f"Another model: version {move.before.version} ({move.before.mode}) before, "
            f"version {move.after.version} ({move.after.mode}) after."
        )
    if move.events:
        st.dataframe(
            leads_view.events_frame(move.events)[["at", "event", "engagement", "intent", "fields"]],
            column_config=_EVENT_COLUMNS,
            hide_index=True,
            alt="Events between the two scores, with their points by the rules",
        )
    if not move.features_known:
        st.caption("The features as of these two scores are not kept, so nothing can be said of them.")
    elif move.changes:
        st.dataframe(
            leads_view.changes_frame(move.changes),
            column_config={"feature": "Feature", "before": "Before", "after": "After"},
            hide_index=True,
            alt="Features that differ between the two scores",
        )
    else:
        st.caption("No feature differs.")
