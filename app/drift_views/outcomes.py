"""The section Outcomes of the page Drift: what the scores promised, what came, and estimates where it cannot yet."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from app import formatting, table_columns
from app.cards import chart_card, table_card
from app.charts import drift as drift_charts
from app.charts.drift import Line
from app.drift_views import cohorts as drift_cohorts
from app.drift_views.course import (
    COURSE_WRITERS,
    FIGURE,
    ONE_DIGIT,
    WEEK,
    called_from,
    cohorts_of,
    cohorts_query,
)
from app.table_columns import Writer
from lake_access.lake import PinnedLake
from monitoring.late_outcomes import Cohort

RATIOS = ("Came / expected", "ROC AUC (mature)", "ROC AUC (estimate, mature)", "ROC AUC (estimate, all)")
ESTIMATES = ("Called and converted (estimate)", "Called in vain (estimate)", "Missed (estimate)")
COHORT_WRITERS: dict[str, Writer] = {
    **COURSE_WRITERS,
    **dict.fromkeys(RATIOS, partial(formatting.figure, digits=3)),
    **dict.fromkeys(ESTIMATES, partial(formatting.figure, digits=1)),
}


def draw_outcomes(pinned: PinnedLake, versions: Sequence[str]) -> None:
    """Expected against what came, cohort by cohort; and estimates where nothing can have come yet."""
    if not versions:
        st.info("No version has scored leads yet.", icon=":material/info:")
        return
    version = st.selectbox("Version", versions, index=len(versions) - 1, key="version", bind="query-params", width=150)
    found = cohorts_of(pinned, version)
    if not found:
        st.info(
            "Every lead that this version scored had converted by then: there is no cohort to look at.",
            icon=":material/info:",
        )
        return
    told = [each for each in found if each.mature]
    off = sum(not each.as_expected for each in told)
    st.text(
        f"{formatting.share(off, len(told))} cohorts with mature leads are off what chance makes of the expected."
        if told
        else "No lead of this version is mature yet: all there is are estimates."
    )
    if told:
        chart_card(
            "Expected and what came",
            drift_charts.expected_against_actual(told),
            key="drift_expected",
            alt="Expected and actual conversions of mature leads by the week of their first score",
            frame=drift_cohorts.cohorts_frame(told),
            file_name="expected-and-came",
            **cohorts_query(version),
            writers=COHORT_WRITERS,
            note="Mature leads by the week of their first score; lines are chance's 95% range. Diamonds are off it.",
        )
    _draw_estimates(found, version)
    table_card(
        "Cohorts",
        drift_cohorts.cohorts_frame(found[::-1]),
        key="drift_cohorts",
        file_name="cohorts",
        **cohorts_query(version),
        column_config={
            "Week": WEEK,
            **dict.fromkeys(("Leads", "Mature"), table_columns.count()),
        },
        writers=COHORT_WRITERS,
        note=f"Estimates are from the scores alone (confidence-based, CBPE): they suppose calibrated scores. Called: a "
        f"score of {called_from()} and more.",
    )


def _draw_estimates(found: Sequence[Cohort], version: str) -> None:
    """The estimates of all weeks, those that nothing can have come of yet too, and what came true of the others."""
    lines = [
        Line("Estimate (all leads)", {each.week: each.estimated_roc_auc for each in found}, estimated=True),
        Line("True (mature leads)", {each.week: drift_cohorts.drawn_roc_auc(each) for each in found}),
    ]
    chart_card(
        "Estimated ROC AUC",
        drift_charts.week_lines(lines, "ROC AUC", from_zero=False),
        key="drift_estimates",
        alt="Estimated ROC AUC of every week's leads, and the true one of mature leads",
        frame=drift_cohorts.cohorts_frame(found)[["Week", "Leads", "Mature", *RATIOS[1:]]],
        file_name="estimated-roc-auc",
        **cohorts_query(version),
        writers=COHORT_WRITERS,
        note=f"The estimate is from the scores alone, before anything has come. {drift_cohorts.FEW_CONVERSIONS_TOLD}",
    )
    frame = drift_cohorts.estimates_frame(found[::-1])
    if not len(frame):
        return
    table_card(
        "Estimates and truth",
        frame,
        key="drift_estimates_held",
        file_name="estimates-held",
        **cohorts_query(version),
        column_config={
            "Week": WEEK,
            **dict.fromkeys(("ROC AUC (estimate)", "ROC AUC (true)"), FIGURE),
            **dict.fromkeys(ESTIMATES, ONE_DIGIT),
        },
        note=f"{drift_cohorts.estimates_told(found)} Both are over the same mature leads of a week.",
    )
