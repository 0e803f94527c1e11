"""The versions of the model: which is champion, how good each is, two beside each other, and how to make a new one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from app import formatting
from app.acting import acting
from app.cards import row_apart, table_card
from app.lake_session import settings, state
from app.links import note_unknown
from app.model_views import actions as model_actions
from app.model_views import jobs as model_jobs
from app.model_views import view as model_view
from app.model_views import words as model_words
from lake_access.errors import LeadlakeError
from lake_access.permissions import Action, may
from training.comparison.kept import newest_comparison
from training.promotion.records import Champion, champion
from training.registry import card, versions
from training.versions import ALGORITHMS, ModelVersion


def started(kind: model_actions.Kind, parameters: Mapping[str, object]) -> None:
    """Have the worker do something, and draw the page anew with its progress; or say why it was refused."""
    try:
        model_jobs.watch(model_actions.start(kind, parameters))
    except LeadlakeError as exc:
        model_view.draw_refusal(exc)
        return
    st.rerun()


def draw_champion(live: Champion | None) -> None:
    """Which version is live, since when, and the way back."""
    if live is None:
        st.info("No version is champion yet. Request a promotion for one.", icon=":material/info:")
        return
    tenure = live.tenure
    with row_apart(border=True):
        with st.container(gap=None, width="content"):
            st.subheader(f"Champion: version {tenure.version}")
            st.text(
                f"Since {formatting.moment(tenure.since)}, {tenure.how} by {tenure.by} "
                f"(row {tenure.ledger_row} of the ledger)."
            )
        if live.previous is not None and may(acting(), Action.ROLL_BACK):
            draw_rollback(live)


def draw_rollback(live: Champion) -> None:
    """The form that makes the champion of before champion again."""
    back = live.previous.version if live.previous else ""
    with st.popover(f"Roll back to version {back}", icon=":material/undo:"), st.form("rollback", border=False):
        st.write("One step: the artifact is loaded first, then the champion moves.")
        reason = st.text_area("Reason", key="rollback_reason", max_chars=2_000)
        if st.form_submit_button("Roll back", type="primary"):
            roll_back_now(reason)


def roll_back_now(reason: str) -> None:
    """Roll back, and draw the page anew."""
    from jobs.promotion_sources import promotion_sources
    from training.promotion.moving import roll_back

    now = datetime.now(UTC)
    try:
        with st.spinner("Loading the artifact"):
            registry = promotion_sources(settings(), acting(), now).registry
            roll_back(state(), registry, acting(), reason, now)
    except LeadlakeError as exc:
        model_view.draw_refusal(exc)
        return
    st.rerun()


def draw_list(found: Sequence[ModelVersion], live: Champion | None) -> None:
    """All versions, a row each, the newest first."""
    rows = [
        {
            "Version": each.version,
            "Live": "Champion" if live is not None and live.version == each.version else "",
            "ROC AUC": " (".join(model_words.figure_of("roc_auc", each.metrics["roc_auc"])) + ")",
            "Brier score": model_words.figure_of("brier", each.metrics["brier"])[0],
            "Algorithm": model_words.ALGORITHMS.get(each.algorithm, each.algorithm),
            "Leads": formatting.count(each.counts.get("used", 0)),
            "Leakage audit": "clean" if not each.leakage_findings else f"{len(each.leakage_findings)} found",
            "Trained": f"{formatting.moment(each.created_at)} by {each.created_by}",
        }
        for each in found
    ]
    table_card(
        "Versions",
        pd.DataFrame(rows),
        key="versions",
        file_name="model-versions",
        made_of="From the registry of models, which keeps what each training measured; no query gives it.",
        note="The newest first. Metrics are on the newest fifth of the leads of each training, with 95% bootstrap "
        "intervals.",
    )


def draw_request(version: str) -> None:
    """The form that asks for a promotion."""
    # Another key after each request: what was sent closes.
    popover = st.popover(
        "Request promotion", icon=":material/rocket_launch:", key=f"request_{model_jobs.newest_watched()}"
    )
    with popover, st.form("request", border=False):
        st.write("The gates run in the worker, and another person decides.")
        reason = st.text_area("Reason", key="request_reason", max_chars=2_000)
        if st.form_submit_button("Request", type="primary"):
            started("request_promotion", {"version": version, "reason": reason})


def draw_version_tab(found: Sequence[ModelVersion], live: Champion | None, labels: Mapping[str, str]) -> None:
    """The card of the version that the reader chooses."""
    note_unknown("version", "Version", [each.version for each in found])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Version", [each.version for each in found], key="version", bind="query-params", width=220
        )
        if may(acting(), Action.REQUEST_PROMOTION) and (live is None or live.version != chosen):
            draw_request(chosen)
    version = next(each for each in found if each.version == chosen)
    model_view.draw_version(version, card(settings(), version.version), labels)


def draw_compare_tab(found: Sequence[ModelVersion], live: Champion | None, labels: Mapping[str, str]) -> None:
    """Two versions beside each other, as the worker last compared them."""
    names = [each.version for each in found]
    if len(names) < 2:
        st.info("There is one version; a comparison takes two.", icon=":material/info:")
        return
    before = names.index(live.version) if live is not None and live.version in names else len(names) - 1
    after = next(place for place in range(len(names)) if place != before)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        first = st.selectbox("Before", names, index=before, key="first", bind="query-params", width=160)
        second = st.selectbox("After", names, index=after, key="second", bind="query-params", width=160)
        asked = may(acting(), Action.RETRAIN) and st.button(
            "Compare on the newest leads", icon=":material/compare_arrows:"
        )
    if asked:
        started("compare", {"first": first, "second": second})
    kept = newest_comparison(state(), first, second)
    if kept is None:
        st.info(f"Versions {first} and {second} have not been compared yet.", icon=":material/info:")
        return
    since, until = (formatting.day(each.date()) for each in (kept.leads_since, kept.leads_until))
    counted = formatting.count(kept.comparison.counted.leads)
    st.caption(f"On {counted} mature leads from {since} to {until}; compared on {formatting.moment(kept.made_at)}.")
    model_view.draw_comparison(
        kept.comparison,
        key="compared",
        labels=labels,
        minimum_cell=settings().declarations.lake.minimum_cell,
        with_leads=acting().limits is None,
        made_of=model_view.COMPARED,
    )


def draw_retrain_tab() -> None:
    """The form that has the worker train a version."""
    with st.form("retrain"):
        algorithm = st.selectbox("Algorithm", ALGORITHMS, format_func=lambda name: model_words.ALGORITHMS[name])
        search = st.number_input("Search parameters for so many seconds (0: take the defaults)", 0, 86_400, 0, 60)
        seed = st.number_input("Seed", 0, 2**32 - 1, 0)
        if st.form_submit_button("Retrain", type="primary", icon=":material/model_training:"):
            started("train", {"algorithm": algorithm, "search_seconds": search or None, "seed": seed})


found = versions(settings())
live = champion(state())
labels = {name: declared.label for name, declared in settings().declarations.sources.items()}
may_retrain = may(acting(), Action.RETRAIN)
model_jobs.draw_model_jobs(acting())
if found:
    draw_champion(live)
    draw_list(found, live)
    model_jobs.choose_as_asked()
    titles = ["Version", "Compare", *(["Retrain"] if may_retrain else [])]
    tabs = st.tabs(titles, key=model_jobs.TAB, bind="query-params")
    with tabs[0]:
        draw_version_tab(found, live, labels)
    with tabs[1]:
        draw_compare_tab(found, live, labels)
    if may_retrain:
        with tabs[2]:
            draw_retrain_tab()
else:
    st.info("No model has been trained yet.", icon=":material/info:")
    if may_retrain:
        draw_retrain_tab()
