"""docs/pages.md is held to the pages."""

from __future__ import annotations

import re
from pathlib import Path

from app import filters
from app.conversion_views.view import DIMENSION_NAMES, MOST_MONTHS, MOST_VALUES
from app.grain import TREND
from app.navigation import PAGES
from lake_access.conversion import DIMENSIONS

ROOT = Path(__file__).parents[2]
DOC = (ROOT / "docs" / "pages.md").read_text(encoding="utf-8")
SCRIPTS = {script.stem for script in (ROOT / "pages").glob("*.py")} - {"__init__"}


def test_every_page_has_a_section_and_every_section_a_page() -> None:
    titles = re.findall(r"^## (.+)$", DOC, flags=re.MULTILINE)
    titles.remove("The filter bar")
    assert {title.lower().replace(" ", "_") for title in titles} == SCRIPTS
    for script in SCRIPTS:
        assert f"`pages/{script}.py`" in DOC


def test_every_page_is_in_the_navigation() -> None:
    assert {entry.file.removesuffix(".py") for entry in PAGES} == SCRIPTS


def test_every_parameter_of_the_shared_filters_is_described() -> None:
    described = set(re.findall(r"^\| `(\w+)` \|", DOC, flags=re.MULTILINE))
    assert described >= {*filters.PARAMETERS, filters.ROWS, filters.COLUMNS, TREND}


def test_every_dimension_is_named() -> None:
    assert set(DIMENSION_NAMES) == set(DIMENSIONS)
    for name in DIMENSION_NAMES.values():
        assert f"`{name}`" in DOC


def test_the_limits_of_the_charts_are_told() -> None:
    assert (MOST_VALUES, MOST_MONTHS) == (12, 36)
    assert "the twelve values with the most leads, or the latest 36 months" in DOC
