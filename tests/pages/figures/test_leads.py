"""The figures of Leads: how many there are, and which come first."""

from __future__ import annotations

import pytest

from tests.pages.conftest import OpenPage
from tests.pages.figures.reckoning import LABELS, mature
from tests.pages.known_leads import Known

PAGE = 50


def test_the_list_counts_what_the_filters_leave(known: Known, open_page: OpenPage) -> None:
    page = open_page(known.home, "leads.py", created=[known.since, known.until], outcome="Converted")
    leads = mature(known, known.since, known.until)
    assert not page.exception
    total = int(leads["converted"].sum())
    assert any(f"of {total:,}. " in text.value or f"of {total:,};" in text.value for text in page.caption)
    (frame,) = [table.value for table in page.dataframe if "lead_id" in table.value]
    assert frame["converted"].all()
    assert len(frame) == min(50, total)


@pytest.mark.parametrize(("order", "ascending"), [("Highest or newest first", False), ("Lowest or oldest first", True)])
def test_the_list_is_in_the_order_of_creation(known: Known, open_page: OpenPage, order: str, ascending: bool) -> None:
    page = open_page(known.home, "leads.py", created=[known.since, known.until], sort="Created", order=order)

    assert not page.exception
    (frame,) = [table.value for table in page.dataframe if "lead_id" in table.value]
    expected = mature(known, known.since, known.until).sort_values("created_at", ascending=ascending).head(PAGE)
    assert frame["created_at"].tolist() == expected["created_at"].tolist()
    moments = expected["created_at"]
    alone = ~moments.duplicated(keep=False)  # where two came at once, either may stand first
    for column in ("source", "converted"):
        wanted = expected[column].replace(LABELS) if column == "source" else expected[column]
        assert frame.loc[alone.to_numpy(), column].tolist() == wanted[alone].tolist()
