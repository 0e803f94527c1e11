"""The way from "Whom to call" to the leads to call: the page Leads, from the cut-off up."""

from __future__ import annotations

import streamlit as st

from app.acting import acting
from app.asked_leads import link_to_leads
from app.lead_views import choice
from app.navigation import link_to
from lake_access.conversion import ConversionFilters
from lake_access.lake import PinnedLake
from lake_access.permissions import Action, may
from lake_access.score_histograms import ScoreKind


def link_to_calls(pinned: PinnedLake, kind: ScoreKind, lowest: int, counted: ConversionFilters) -> None:
    """Draw it for who may see leads: those that have not converted, young ones too, the highest score first.

    The list knows a lead by the newest score that it has; where none of those is of this kind, it has no such cut-off,
    and the way is that to all leads behind the numbers.
    """
    if not may(acting(), Action.VIEW_LEADS):
        return
    if not kind.is_rules and (kind.mode != "online" or kind.version not in choice.versions_offered(pinned)):
        link_to_leads(counted)
        st.caption("The page Leads goes by the newest score of each lead: it cannot be cut off by this one.")
        return
    st.page_link(
        link_to("leads.py"),
        label="Open the leads to call",
        icon=":material/call:",
        query_params=choice.calls_link(kind, lowest),
    )
    if not kind.is_rules:
        st.caption(
            "By the score they have now; the figures above count the first score that the version gave. "
            "The list leaves out who has converted; it sets the filters Model version and Count young leads too."
        )
