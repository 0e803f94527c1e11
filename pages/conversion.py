"""Where conversion comes from: rates by any dimension of the leads, the funnel, the cohorts, and what changed."""

from __future__ import annotations

import streamlit as st

from app import filters, notices
from app.comparison import comparison
from app.conversion_view import reading_of
from app.conversion_views import change, choices, cohorts, explore, funnel, leads_behind
from app.conversion_views.shown import Shown
from app.lake_session import conversion_of, created_range_of, pinned_lake, settings, sources_of
from app.loading import end_page

DRAWN_BY = {"explore": explore.draw, "funnel": funnel.draw, "cohorts": cohorts.draw, "change": change.draw}
COMPARING = ("funnel", "change")

pinned = pinned_lake()
lake = settings().declarations.lake
days = created_range_of(pinned)
if days is None:
    notices.empty_lake()
    end_page()

sources = sources_of(pinned)
reading = reading_of(settings().declarations, sources)
counted = filters.lead_filters(sources, reading.source_labels, days)
st.caption(filters.summary(counted, days, len(sources)))

view = choices.choose_view()
compared = comparison(counted, days, filters.compare_with()) if view in COMPARING else None
shown = Shown(pinned, counted, days, compared, reading, lake)
if not DRAWN_BY[view](shown):
    notices.nothing_matches(conversion_of(pinned, (), counted).immature, lake.outcome_window_days)
    filters.clear_button(days, key="clear_filters_here")
    end_page()
leads_behind.draw(shown)
