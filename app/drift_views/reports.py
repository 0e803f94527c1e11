"""The section Reports of the page Drift: Evidently's reports, shown in a sandbox, with our own numbers beside."""

from __future__ import annotations

import json

import pandas as pd
import streamlit as st

from app import table_columns
from app.acting import acting
from app.cards import table_card
from app.drift_views import view as drift_view
from app.drift_views.choice import Sides
from app.drift_views.course import FROM_ALL, ask_for
from app.job_views.forms import show_told
from app.lake_session import opened_lake
from app.serving.marks import is_behind_the_door
from app.serving.reports import FOLDER
from lake_access.permissions import Action, may
from lake_access.storage import ObjectStore
from monitoring.kept_reports import HTML, JSON, OURS, StoredReport, list_reports, read_part

FRAME_PIXELS = 900
FIGURE = table_columns.figure(4)


def draw(sides: Sides | None) -> None:
    """Ask for a report of these sides; the kept ones, and one of them whole."""
    show_told()
    if acting().limits is not None:
        st.info(FROM_ALL, icon=":material/lock:")
        return
    offered = sides is not None and may(acting(), Action.RUN_DRIFT)
    if offered and st.button("Make Evidently's report", type="primary", icon=":material/lab_profile:"):
        ask_for("drift_report", sides.parameters if sides else {})
    store = opened_lake().store
    reports = list_reports(store)
    if not reports:
        st.info("No report has been made yet.", icon=":material/info:")
        return
    table_card(
        "Reports",
        drift_view.reports_frame(reports),
        key="drift_reports",
        file_name="drift-reports",
        made_of="From the reports that are kept beside the lake; no query gives them.",
        height=min(280, 40 + 36 * len(reports)),
    )
    by_id = {report.id: report for report in reports}
    chosen = st.selectbox(
        "Report",
        list(by_id),
        format_func=lambda report_id: drift_view.report_label(by_id[report_id]),
        key="report",
        bind="query-params",
    )
    _draw_report(store, by_id[chosen])


def _draw_report(store: ObjectStore, report: StoredReport) -> None:
    st.text(drift_view.rows_told("Reference", report.reference_rows, report.seed))
    st.text(drift_view.rows_told("Current", report.current_rows, report.seed))
    if not report.classified:
        st.text("Too few mature leads on a side, or outcomes all alike: nothing is classified in it.")
    with st.container(horizontal=True):
        for label, name, mime in (("HTML", HTML, "text/html"), ("JSON", JSON, "application/json")):
            st.download_button(
                label,
                data=lambda name=name: read_part(store, report, name),  # type: ignore[misc]
                file_name=f"drift-{report.id}.{label.lower()}",
                mime=mime,
                icon=":material/download:",
                key=f"report_{label}",
                on_click="ignore",
            )
    table_card(
        "Our own numbers, over every row",
        ours_frame(read_part(store, report, OURS)),
        key="drift_report_ours",
        file_name=f"drift-{report.id}-ours",
        made_of="As the report kept them when a job made it; no query of now gives them.",
        column_config=dict.fromkeys(("Value", "Noise floor", "PSI"), FIGURE),
        height=300,
    )
    with st.container(border=True, key="card_evidently"):
        st.subheader("Evidently's report")
        if is_behind_the_door():
            prefix = str(st.get_option("server.baseUrlPath") or "").strip("/")
            st.iframe(f"{'/' + prefix if prefix else ''}{FOLDER}{report.id}", height=FRAME_PIXELS)
        else:
            st.caption("Shown here where the dashboard is served by `leadlake up`; the HTML file has it too.")


def ours_frame(content: bytes) -> pd.DataFrame:
    """Our comparison as the report keeps it, a row a column."""
    return pd.DataFrame(
        [
            {
                "Column": column["column"],
                "Test": column["test"],
                "Value": column["value"],
                "Threshold": column["threshold"],
                "Noise floor": column["noise"],
                "Drifted": column["drifted"],
                "Beyond chance": column["beyond_chance"],
                "PSI": column["psi"],
                "Note": column["note"],
            }
            for column in json.loads(content)["columns"]
        ]
    )
