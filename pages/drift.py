"""Whether leads, scores and outcomes are still what the model learnt from."""

from __future__ import annotations

from typing import Final

import streamlit as st

from app import notices
from app.drift_views import compare as drift_compare
from app.drift_views import course as drift_course
from app.drift_views import outcomes as drift_outcomes
from app.drift_views import reports as drift_reports
from app.drift_views.alerts import draw_alerts
from app.drift_views.choice import choose_sides
from app.lake_session import ask, created_range_of, pinned_lake, settings, sources_of
from app.links import note_unknown
from app.loading import end_page
from lake_access.drift.scores import moments_span, scored_versions

COLUMNS, WEEKS, SCORES, OUTCOMES, REPORTS = "Columns", "Weeks", "Scores", "Outcomes", "Reports"
SECTIONS: Final = (COLUMNS, WEEKS, SCORES, OUTCOMES, REPORTS)

pinned = pinned_lake()
span = ask(moments_span, pinned)
if created_range_of(pinned) is None or span is None:
    notices.empty_lake()
    end_page()

versions = [version for version, _ in ask(scored_versions, pinned)]
labels = {name: declared.label for name, declared in settings().declarations.sources.items()}
draw_alerts(pinned)
note_unknown("section", "Section", SECTIONS)
section = st.segmented_control(
    "Section",
    SECTIONS,
    default=COLUMNS,
    key="section",
    bind="query-params",
    required=True,
    label_visibility="collapsed",
)
if section in (COLUMNS, REPORTS):
    sides = choose_sides(versions, span, sources_of(pinned), labels)
    if sides is None:
        st.info("Choose the first and the last day of both periods.", icon=":material/date_range:")
    elif sides.reference == sides.current:
        st.info("Both sides are the same; choose another.", icon=":material/compare_arrows:")
        sides = None
    if section == COLUMNS and sides is not None:
        drift_compare.draw(pinned, sides, sources_of(pinned), labels)
    elif section == REPORTS:
        drift_reports.draw(sides)
elif section == WEEKS:
    drift_course.draw_weeks(pinned, versions, span)
elif section == SCORES:
    drift_course.draw_scores(pinned, versions, labels)
else:
    drift_outcomes.draw_outcomes(pinned, versions)
