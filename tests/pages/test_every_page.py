"""What holds of every page in the navigation, whatever it shows."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from app.navigation import FOLDER, PAGES
from tests.pages.conftest import HOSTILE, OpenPage

LONG = "x" * 10_000
# Parameters that open what a plain link to a page does not draw.
FURTHER: dict[str, list[dict[str, str]]] = {
    "conversion.py": [
        {"rows": "Location", "columns": "Device", "all_leads": "true"},
        {"rows": "Model version", "columns": "Campaign", "all_leads": "true", "leads": "All that are counted"},
        {"view": "Funnel", "all_leads": "true"},
        {"view": "Cohorts", "all_leads": "true"},
        {"view": "What changed", "all_leads": "true"},
    ],
    "overview.py": [{"location": HOSTILE}],
    "scores.py": [
        {"scores_view": view, "all_leads": "true"} for view in ("Quality", "Gain and lift", "Bands", "Whom to call")
    ],
    "drift.py": [{"section": name} for name in ("Columns", "Weeks", "Scores", "Outcomes", "Reports")],
    "leads.py": [{"all_leads": "true"}],
    "lake.py": [{"lake_section": name} for name in ("Tables", "Builds", "Quarantine", "Raw batches", "Snapshots")],
}
VIEWS = [(entry.file, view) for entry in PAGES for view in [{}, *FURTHER.get(entry.file, [])]]


@pytest.mark.parametrize(("file", "view"), VIEWS, ids=[" ".join([file, *view.values()])[:60] for file, view in VIEWS])
def test_what_an_event_brought_is_text(
    file: str, view: dict[str, str], open_page: OpenPage, hostile_home: Path
) -> None:
    page = open_page(hostile_home, file, **view)
    assert not page.exception
    assert not page.error
    shown = [
        *page.markdown, *page.caption, *page.title, *page.subheader, *page.info, *page.warning, *page.success
    ]  # fmt: skip
    labels = [*(expander.label for expander in page.expander), *(metric.label for metric in page.metric)]
    read_as_markdown = [*(str(element.value) for element in shown), *labels]
    for text in read_as_markdown:
        assert "<script>" not in text
        assert "**bold**" not in text
        assert LONG not in text
    drawn = json.dumps([json.loads(chart.proto.spec) for chart in page.get("plotly_chart")])
    assert "<script>" not in drawn
    assert LONG not in re.sub(r"\\u003c.*?\\u003e", "", drawn)


@pytest.mark.parametrize("entry", PAGES, ids=lambda entry: entry.file)
def test_a_page_ends_early_by_end_page(entry: object) -> None:
    """After `st.stop` the sign that the page is on its way could not be cleared, and no job status be drawn."""
    source = (FOLDER / entry.file).read_text(encoding="utf-8")  # type: ignore[attr-defined]
    assert "st.stop(" not in source


def test_pages_stand_in_sections_each_whole() -> None:
    sections = [entry.section for entry in PAGES]
    assert sections == sorted(sections, key=list(dict.fromkeys(sections)).index)
