"""The sections Weeks and Scores of the page Drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from app import formatting, table_columns
from app.acting import acting
from app.cards import chart_card, table_card
from app.charts import drift as drift_charts
from app.charts.drift import Line
from app.drift_views import cohorts as drift_cohorts
from app.drift_views import numbers as drift_numbers
from app.drift_views import view as drift_view
from app.job_views.forms import refused, show_told, tell
from app.lake_session import ask, settings, state
from app.table_columns import Writer
from jobs.kinds import KINDS
from jobs.queue import wake_worker
from jobs.requests import request_job
from lake_access.errors import LeadlakeError
from lake_access.lake import PinnedLake
from lake_access.permissions import Action, may
from lake_access.queries import load_query
from monitoring.drift_checks import BASELINES, DriftCheck, days_of_period, newest_check, period_words
from monitoring.late_outcomes import Cohort
from training.promotion.records import tenures

MOST_LINES = 5
FROM_ALL = "This is made from all leads, and is for those who may see all of them."
FIGURE = table_columns.figure(3)
ONE_DIGIT = table_columns.figure(1)
WEEK = table_columns.day(pinned=True)
OF_A_CHECK = "From the newest kept check against this baseline, as a job made it: no query of now gives its numbers."
OF_COHORTS = (
    "The query counts leads by version, week and score; means, expected conversions and what is estimated are reckoned "
    "from these counts in Python."
)
OF_PAIRS = "The query counts leads by both scores; bands are put to scores in Python."

RATE = ("Conversion", "95% from", "95% to")

COURSE_WRITERS: dict[str, Writer] = {
    "Came": partial(formatting.figure, digits=0),
    **dict.fromkeys(RATE, formatting.percentage),
    **dict.fromkeys(("Expected", "Mean score"), partial(formatting.figure, digits=1)),
    "Came / expected": partial(formatting.figure, digits=3),
}


def ask_for(kind: str, parameters: Mapping[str, object]) -> None:
    """Have the worker do it, and say so in the next run of the page."""
    try:
        job = request_job(state(), KINDS, kind, parameters, acting(), datetime.now(UTC))
        wake_worker(settings())
    except LeadlakeError as error:
        refused(error)
        return
    tell(f"Job {job.id} is {job.state}; the page Jobs shows it, and this page what it found.")
    st.rerun()


def draw_weeks(pinned: PinnedLake, versions: Sequence[str], days: tuple[date, date]) -> None:
    """The newest weeks against a baseline, as the newest check has them; mean score, conversion and calibration."""
    show_told()
    if pinned.limits is None:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            baseline = st.segmented_control(
                "Against", BASELINES, default=BASELINES[0], key="against", bind="query-params", required=True,
                format_func=str.capitalize,
            )  # fmt: skip
            period = _choose_period(days) if baseline == "fixed period" else None
            chosen = baseline != "fixed period" or period is not None
            if chosen and may(acting(), Action.RUN_DRIFT) and st.button("Check now", icon=":material/refresh:"):
                ends = {} if period is None else {"period_from": str(period[0]), "period_to": str(period[1])}
                ask_for("drift_check", {"baseline": baseline, **ends})
        check = newest_check(state(), baseline, None if period is None else period_words(*period)) if chosen else None
        if not chosen:
            st.info("Choose the last day too.", icon=":material/date_range:")
        elif check is None:
            st.info(
                "No check against this has been made yet. “Check now” asks for one; the page Jobs can have it come "
                "every week.",
                icon=":material/schedule:",
            )
        else:
            _draw_check(check)
    else:
        st.info(FROM_ALL, icon=":material/lock:")
    _draw_score_course(pinned, versions)


def _choose_period(days: tuple[date, date]) -> tuple[date, date] | None:
    """The fixed period that the weeks after it are compared with; None while only its first day is chosen.

    Without a choice it is that of the newest check, since the first half of what is known moves as the lake grows.
    """
    first, last = days
    kept = newest_check(state(), "fixed period")
    usual = (first, first + (last - first) // 2) if kept is None else days_of_period(kept.against)
    picked = st.date_input(
        "Period",
        usual,
        min_value=min(first, usual[0]),
        max_value=max(last, usual[1]),
        key="fixed_period",
        bind="query-params",
        format="YYYY-MM-DD",
        width=240,
    )
    ends: tuple[date, ...] = picked
    return (ends[0], ends[1]) if len(ends) == 2 else None


def _draw_check(check: DriftCheck) -> None:
    with st.container(border=True, key="card_drift_lasting"):
        st.subheader("What lasts")
        st.text(drift_view.lasting_told(check))
        st.text(f"Against {check.against}. Checked {formatting.moment(check.made_at)} by {check.made_by}.")
    if not check.weeks:
        return
    weeks = (check.weeks[0].week, check.weeks[-1].week)
    names = drift_view.moved_most(check, MOST_LINES)
    chart_card(
        "PSI by week",
        drift_charts.week_lines(
            [Line(name, drift_view.psi_by_week(check, name)) for name in names],
            "PSI",
            champions=drift_view.champions_by_day(tenures(state()), *weeks),
        ),
        key="drift_weeks",
        alt="The population stability index of the columns that moved most, by week",
        frame=drift_view.psi_frame(check, names),
        file_name="drift-psi-by-week",
        made_of=OF_A_CHECK,
        note="The columns that moved most; dotted lines are new champions. Whole weeks from Monday (UTC).",
    )
    table_card(
        "Week by week",
        drift_view.weeks_frame(check.weeks[::-1]),
        key="drift_weeks_table",
        file_name="drift-by-week",
        made_of=OF_A_CHECK,
        note="Few rows a week pass a distance of 0.1 by chance: look at what is beyond chance too.",
    )


def _draw_score_course(pinned: PinnedLake, versions: Sequence[str]) -> None:
    by_version = {version: cohorts_of(pinned, version) for version in versions}
    found = [each for cohorts in by_version.values() for each in cohorts]
    if not found:
        return
    weeks = [each.week for each in found]
    marks = drift_view.champions_by_day(tenures(state()), min(weeks), max(weeks))
    lines = {
        "Mean score": [
            Line(f"Version {name}", {each.week: each.mean_score for each in cohorts})
            for name, cohorts in by_version.items()
        ],
        "Conversion": [
            Line(f"Version {name}", {each.week: drift_cohorts.drawn_rate(each) for each in cohorts})
            for name, cohorts in by_version.items()
        ],
    }
    left, right = st.columns(2, gap="small")
    for place, (title, tick_format), note in (
        (left, ("Mean score", ".0f"), "Of the first score of each lead, by its week. Dotted: a new champion."),
        (
            right,
            ("Conversion", ".0%"),
            f"Of mature leads, by the week of their first score. {drift_cohorts.FEW_LEADS_TOLD}",
        ),
    ):
        with place:
            chart_card(
                title,
                drift_charts.week_lines(lines[title][-MOST_LINES:], title, tick_format=tick_format, champions=marks),
                key=f"drift_{title.lower().replace(' ', '_')}",
                alt=f"{title} by week and version",
                frame=drift_cohorts.cohorts_frame(found)[
                    ["Version", "Week", "Leads", "Mature", *(RATE if title in RATE else [title])]
                ],
                file_name=f"drift-{title.lower().replace(' ', '-')}",
                **cohorts_query(None),
                writers=COURSE_WRITERS,
                note=note,
            )
    _draw_calibration(by_version, marks)


def _draw_calibration(by_version: Mapping[str, Sequence[Cohort]], marks: Mapping[date, str]) -> None:
    told_of = {name: [each for each in cohorts if each.mature] for name, cohorts in by_version.items()}
    found = [each for cohorts in told_of.values() for each in cohorts]
    lines = [
        Line(f"Version {name}", {each.week: drift_cohorts.drawn_ratio(each) for each in cohorts})
        for name, cohorts in told_of.items()
        if cohorts
    ]
    if lines:
        chart_card(
            "Calibration",
            drift_charts.week_lines(lines[-MOST_LINES:], "Came / expected", tick_format=".1f", champions=marks),
            key="drift_calibration_course",
            alt="Conversions that came over those expected, by week and version",
            frame=drift_cohorts.cohorts_frame(found)[
                ["Version", "Week", "Mature", "Expected", "Came", "Came / expected"]
            ],
            file_name="drift-calibration",
            **cohorts_query(None),
            writers=COURSE_WRITERS,
            note=f"1 is as promised; below it the scores promised too much. {drift_cohorts.FEW_EXPECTED_TOLD}",
        )
    frame = drift_cohorts.cohorts_frame(found)
    told = ["Version", "Week", "Mature", "Mean score", "Expected", "Came", "Came / expected", "As expected"]
    table_card(
        "Calibration by week",
        frame[[*told, *RATE]].sort_values(["Week", "Version"], ascending=False) if len(frame) else frame,
        key="drift_calibration",
        file_name="drift-calibration-by-week",
        **cohorts_query(None),
        column_config={"Week": WEEK},
        writers=COURSE_WRITERS,
        note="Mature leads alone. Expected: the sum of their scores / 100. As expected: within chance's 95% range.",
    )


def draw_scores(pinned: PinnedLake, versions: Sequence[str], labels: Mapping[str, str]) -> None:
    """The same leads under two versions."""
    if len(versions) < 2:
        st.info("One version has scored leads; a shift takes two.", icon=":material/info:")
        return
    with st.container(horizontal=True):
        first = st.selectbox(
            "Reference", versions, index=len(versions) - 2, key="reference", bind="query-params", width=150
        )
        second = st.selectbox(
            "Current", versions, index=len(versions) - 1, key="current", bind="query-params", width=150
        )
    shift = ask(drift_numbers.shifted, pinned, first, second)
    if not shift.leads:
        st.info("No lead has a score of both versions.", icon=":material/info:")
        return
    st.text(drift_view.shift_told(shift))
    left, right = st.columns(2, gap="small")
    with left:
        chart_card(
            "Band by band",
            drift_charts.shift_matrix(shift.bands, shift.matrix, (f"version {first}", f"version {second}")),
            key="drift_shift",
            alt="Leads by their band under both versions",
            frame=pd.DataFrame(shift.matrix, columns=list(shift.bands)).assign(Reference=list(shift.bands)),
            file_name="score-shift",
            sql=load_query("drift_pairs"),
            parameters={"reference": first, "current": second},
            made_of=OF_PAIRS,
            note="Leads in each pair of bands; the stronger the colour, the greater a part of the row.",
        )
    with right:
        table_card(
            "Change of band by source",
            drift_view.moved_by_source_frame(shift, labels),
            key="drift_moved",
            file_name="score-shift-by-source",
            sql=load_query("drift_pairs"),
            parameters={"reference": first, "current": second},
            made_of=OF_PAIRS,
            column_config=dict.fromkeys(("Leads", "Change band"), table_columns.count()),
            writers={"Share": formatting.percentage},
        )
    if may(acting(), Action.VIEW_LEADS):
        table_card(
            "Leads that move most",
            drift_view.moves_frame(shift, labels),
            key="drift_moves",
            file_name="score-moves",
            sql=load_query("drift_moves"),
            parameters={"reference": first, "current": second, "most": drift_numbers.MOST_MOVES},
            note="The newest score of each version.",
        )


def cohorts_of(pinned: PinnedLake, version: str) -> tuple[Cohort, ...]:
    """A version's leads by the week of their first score; called are those of the highest band."""
    return ask(drift_numbers.cohorts_of, pinned, version, called_from())


def cohorts_query(version: str | None) -> dict[str, Any]:
    """What a card says of where cohorts come from; of each version, where none is named."""
    sql = load_query("drift_cohorts")
    return {"sql": sql, "parameters": {"version": version, "source": None}, "made_of": OF_COHORTS}


def called_from() -> int:
    """The lowest score of the highest band."""
    return max(settings().declarations.bands.values())
