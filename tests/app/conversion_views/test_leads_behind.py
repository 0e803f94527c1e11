from __future__ import annotations

import pandas as pd
import pytest

from app.conversion_views.leads_behind import WHICH, Which, choice_of, with_links
from lake_access.conversion import ConversionFilters
from lake_access.lead_rows import LeadChoice


@pytest.mark.parametrize(
    ("which", "scored", "contacted", "converted"),
    [
        ("counted", None, None, None),
        ("converted", None, None, True),
        ("not_converted", None, None, False),
        ("scored", True, None, None),
        ("contacted", True, True, None),
        ("reached", True, True, True),
        ("past_contact", True, False, True),
    ],
)
def test_each_choice_is_a_step_of_the_funnel_or_an_outcome(
    which: Which, scored: bool | None, contacted: bool | None, converted: bool | None
) -> None:
    filters = ConversionFilters(sources=("online",), scored=scored, contacted=contacted)
    assert choice_of(ConversionFilters(sources=("online",)), which) == LeadChoice(filters, converted)


def test_a_step_that_the_filters_leave_out_holds_nobody() -> None:
    assert choice_of(ConversionFilters(contacted=False), "reached").nothing
    assert choice_of(ConversionFilters(contacted=True), "past_contact").nothing
    assert not choice_of(ConversionFilters(contacted=True), "reached").nothing
    assert len(WHICH) == 7


def test_a_lead_is_linked_to_its_page() -> None:
    frame = with_links(pd.DataFrame({"lead_id": ["ab-12"], "source": ["online"]}))
    assert frame.to_dict("records") == [{"lead": "leads?lead=ab-12", "source": "online"}]
