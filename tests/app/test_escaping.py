from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.escaping import FORMULA_STARTS, plotly_text, spreadsheet_text


def test_tags_and_entities_reach_plotly_as_text() -> None:
    assert plotly_text("<b>bold</b>") == "&lt;b&gt;bold&lt;/b&gt;"
    assert plotly_text('<a href="javascript:alert(1)">x</a>') == '&lt;a href="javascript:alert(1)"&gt;x&lt;/a&gt;'
    assert plotly_text("R&amp;D") == "R&amp;amp;D"


@given(st.text())
def test_no_text_brings_a_tag_into_a_figure(text: str) -> None:
    assert "<" not in plotly_text(text)
    assert ">" not in plotly_text(text)


@pytest.mark.parametrize("formula", ['=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_a_formula_reaches_a_spreadsheet_as_text(formula: str) -> None:
    assert spreadsheet_text(formula) == f"'{formula}"


@given(st.text())
def test_no_text_starts_a_formula_and_harmless_text_stays_as_it_is(text: str) -> None:
    assert not spreadsheet_text(text).startswith(FORMULA_STARTS)
    assert spreadsheet_text(text).removeprefix("'") in (text, text.removeprefix("'"))
