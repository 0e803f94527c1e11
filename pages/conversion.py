"""Where conversion comes from: rates by any dimension of the leads, the funnel, the cohorts, and what changed."""

from __future__ import annotations

from app import filters, notices
from app.asked_leads import asked_leads
from app.comparison import comparison
from app.conversion_views import change, choices, cohorts, explore, funnel, leads_behind
from app.conversion_views.shown import Shown
from app.lake_session import conversion_of, settings
from app.loading import end_page

DRAWN_BY = {"explore": explore.draw, "funnel": funnel.draw, "cohorts": cohorts.draw, "change": change.draw}
COMPARING = ("funnel", "change")

asked = asked_leads()
pinned, days, reading, counted = asked.pinned, asked.days, asked.reading, asked.counted
lake = settings().declarations.lake
asked.tell()

view = choices.choose_view()
compared = comparison(counted, days, filters.compare_with()) if view in COMPARING else None
shown = Shown(pinned, counted, days, compared, reading, lake)
if not DRAWN_BY[view](shown):
    notices.nothing_matches(conversion_of(pinned, (), counted).immature, lake.outcome_window_days)
    filters.clear_button(days, key="clear_filters_here")
    end_page()
leads_behind.draw(shown)
