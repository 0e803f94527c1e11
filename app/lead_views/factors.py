"""The card of a lead's page that says which features moved its score by a version, and how far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from app import formatting
from app.cards import chart_card
from app.charts import models as model_charts
from app.job_views.forms import refused
from app.lake_session import settings, state
from app.model_views import actions as model_actions
from jobs.job import Job
from jobs.lead_factors import newest_factors
from lake_access.errors import LeadlakeError, ModelRefusedError
from lake_access.lead_history import LeadScore
from lake_access.permissions import Action, Actor, may
from training.registry import versions

VERSION = "factors_version"
MOST_EACH_WAY = 6
SECONDS_BETWEEN_LOOKS = 1.5


def draw_factors(lead_id: str, scores: Sequence[LeadScore], actor: Actor) -> None:
    """What moved the newest score of a registered version; nothing for who may not see models and jobs."""
    if not (may(actor, Action.VIEW_MODELS) and may(actor, Action.VIEW_JOBS)):
        return
    try:
        registered = {each.version for each in versions(settings())}
    except ModelRefusedError as error:
        with st.container(border=True, key="card_factors"):
            st.subheader("What moved the score")
            st.text(f"It cannot be told, since a version's record is refused: {error}")
        return
    newest: dict[str, LeadScore] = {}
    for score in reversed(scores):
        if score.version in registered:
            newest.setdefault(score.version, score)
    if not newest:
        return
    names = list(newest)
    version = names[0]
    if len(names) > 1:
        version = st.selectbox("Factors by version", names, key=VERSION, width=220)
    _draw(lead_id, newest[version], actor)


def _draw(lead_id: str, score: LeadScore, actor: Actor) -> None:
    job = newest_factors(state(), actor, lead_id, score.version)
    if job is not None and job.is_active:
        _wait(job.id, lead_id, score.version, actor)
        return
    found = job.result if job is not None and job.state == "succeeded" else None
    if found is not None and datetime.fromisoformat(found["scored_at"]) == score.scored_at:
        _draw_found(lead_id, found)
        return
    with st.container(border=True, key="card_factors"):
        st.subheader("What moved the score")
        if job is not None and job.error:
            st.text(f"It could not be worked out: {job.error}")  # it may quote an event: as text
        if not may(actor, Action.SCORE_OFFLINE):
            st.caption("Nobody has had it worked out yet.")
            return
        st.caption(f"How far each feature moved the score of {score.score} by version {score.version}, up or down.")
        if st.button("Work it out", icon=":material/balance:", key="work_out_factors"):
            try:
                model_actions.start("lead_factors", {"lead_id": lead_id, "version": score.version})
            except LeadlakeError as error:
                refused(error)
                return
            st.rerun()


@st.fragment(run_every=SECONDS_BETWEEN_LOOKS)
def _wait(number: int, lead_id: str, version: str, actor: Actor) -> None:
    """How far the worker is; the whole page is drawn anew once it has ended."""
    job = newest_factors(state(), actor, lead_id, version)
    if job is None or job.id != number or not job.is_active:
        st.rerun()
    with st.container(border=True, key="card_factors"):
        st.subheader("What moved the score")
        st.progress(job.share or 0.0, text=_step_of(job))


def _step_of(job: Job) -> str:
    if job.state == "queued":
        return "Waits for a free place in the worker. Where none is running, `leadlake worker` starts one."
    return job.step or "Starting"


def _draw_found(lead_id: str, found: Mapping[str, Any]) -> None:
    frame = factors_frame(found)
    shown = strongest(frame)
    chart_card(
        "What moved the score",
        model_charts.factor_bars(shown),
        key="factors",
        alt=f"Features that moved the score of {found['score']} by version {found['version']} up or down",
        frame=frame,
        file_name=f"lead-{lead_id}-factors",
        made_of="Shapley values that a job reckoned from the model of this version and the lead's features of then.",
        writers={"contribution": partial(formatting.signed, digits=3)},
        note=note_on(found, len(frame) - len(shown)),
    )


def factors_frame(found: Mapping[str, Any]) -> pd.DataFrame:
    """A row a feature, the strongest first: the lead's value as text, and its part in the log-odds."""
    rows = [
        (each["feature"], "missing" if each["value"] is None else each["value"], each["contribution"])
        for each in found["factors"]
    ]
    return pd.DataFrame(rows, columns=["feature", "value", "contribution"])


def strongest(frame: pd.DataFrame) -> pd.DataFrame:
    """The features that move it most either way, from the most up to the most down."""
    ordered = frame.sort_values("contribution", ascending=False, kind="stable")
    up, down = ordered[ordered["contribution"] > 0], ordered[ordered["contribution"] < 0]
    return pd.concat([up.head(MOST_EACH_WAY), down.tail(MOST_EACH_WAY)])


def note_on(found: Mapping[str, Any], left: int) -> str:
    """What the bars are, and whose: a score may bear the number of a version that did not give it."""
    when = formatting.moment(datetime.fromisoformat(found["scored_at"]))
    parts = [
        f"Version {found['version']}, score {found['score']} of {when}.",
        "Parts in the log-odds before calibration (Shapley values) against leads that it was fitted on.",
    ]
    if left:
        parts.append(f"The data have {formatting.count(left)} more features with less or no part.")
    if found["model_score"] != found["score"]:
        parts.append(
            f"The registered model gives {found['model_score']} for these features, and not the score on record: "
            "these are the factors of its own score."
        )
    return " ".join(parts)
