"""The open alerts that are about drift, scores or calibration, above all sections of the page Drift."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from app.acting import acting
from app.alert_views import view as alert_view
from app.cards import row_apart
from app.lake_session import state
from app.navigation import link_to
from lake_access.lake import PinnedLake
from lake_access.permissions import may
from monitoring.alerts.board import VIEWING
from monitoring.alerts.records import list_alerts
from monitoring.alerts.rules import described

SUBJECTS = ("drift.py", "scores.py")  # the pages of the metrics that ask whether a model is still right
MOST_SHOWN = 5


def draw_alerts(pinned: PinnedLake) -> None:
    """What is open or taken on, for readers without row limits: alerts are made from all leads."""
    if pinned.limits is not None or not may(acting(), VIEWING):
        return
    found = [alert for alert in list_alerts(state(), ended=False) if alert.rule.of.page in SUBJECTS]
    if not found:
        return
    found.sort(key=lambda alert: (alert.state != "open", -alert.id))
    now = datetime.now(UTC)
    with st.container(border=True, key="card_drift_alerts"):
        with row_apart():
            still = sum(alert.state == "open" for alert in found)
            taken = len(found) - still
            told = [f"{still} open" if still else "", f"{taken} acknowledged" if taken else ""]
            st.subheader(f"Alerts: {', '.join(each for each in told if each)}")
            st.page_link(link_to("alerts.py"), label="Open Alerts", width="content")
        for alert in found[:MOST_SHOWN]:
            # Names and notes are a person's words: as text.
            st.text(f"{alert.rule.name}: {described(alert.rule)}\n{alert_view.since_line(alert, now)}")
        if len(found) > MOST_SHOWN:
            st.caption(f"And {len(found) - MOST_SHOWN} more.")
