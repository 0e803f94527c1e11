"""Which leads a page of leads is about: the lake at hand, the filters in the sidebar, and how its values are read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import streamlit as st

from app import filters, notices
from app.acting import acting
from app.conversion_views.view import Reading, reading_of
from app.lake_session import created_range_of, pinned_lake, settings, sources_of
from app.lead_views import choice
from app.loading import end_page
from app.navigation import link_to
from lake_access.conversion import ConversionFilters
from lake_access.lake import PinnedLake
from lake_access.permissions import Action, may


@dataclass(frozen=True)
class AskedLeads:
    """The first and last day with a lead, how values are read, and the leads that the filters leave in."""

    pinned: PinnedLake
    days: tuple[date, date]
    reading: Reading
    counted: ConversionFilters

    def tell(self, mature: str = "mature leads") -> None:
        """Draw what is counted, with the values that are filtered by, for readers whose sidebar is closed.

        `mature` says what is counted where young leads are left out.
        """
        with st.container(key="described"):
            st.text(filters.described(self.counted, self.days, self.reading.source_labels, mature))


def link_to_leads(counted: ConversionFilters, with_young: bool = False) -> None:
    """A way to the leads that the figures count: the page Leads, under the same filters.

    `with_young`: a figure counts young leads too, whatever the filters say, and so does the list that opens.
    """
    if not may(acting(), Action.VIEW_LEADS):
        return
    mature = "" if with_young or counted.all_leads else "mature "
    st.page_link(
        link_to("leads.py"),
        label=f"Open the {mature}leads behind these numbers",
        icon=":material/group:",
        query_params=choice.behind_link(with_young=with_young and not counted.all_leads),
        help='Young leads are counted by this figure: the link turns on "Count young leads too".'
        if with_young and not counted.all_leads
        else None,
    )


def asked_leads() -> AskedLeads:
    """Draw the filters and read them; where there is no lead yet, the page says so and ends."""
    pinned = pinned_lake()
    days = created_range_of(pinned)
    if days is None:
        notices.empty_lake()
        end_page()
    sources = sources_of(pinned)
    reading = reading_of(settings().declarations, sources)
    counted = filters.lead_filters(sources, reading.source_labels, days)
    return AskedLeads(pinned, days, reading, counted)
