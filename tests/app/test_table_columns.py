"""Tables write numbers as the rest of a page does; the cells stay numbers, and the words are in one place."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app import formatting
from app.conversion_views.funnel import CHANGE_WRITERS
from app.table_columns import written

ROOT = Path(__file__).parents[2]
# An opacity of a colour, or what a signature is made over: a machine reads it, and not a person.
OF_MACHINES = ("app/palette.py", "app/charts/rates.py", "app/sign_in/cookies.py")


def files() -> Iterator[Path]:
    """The modules of the pages; the command line writes for scripts too, and to more digits."""
    for folder in ("app", "pages"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            if "cli" not in file.relative_to(ROOT).parts and file.name not in ("formatting.py", "table_columns.py"):
                yield file


def number_formats(file: Path) -> Iterator[str]:
    """Formats of numbers within f-strings: `{share:.2%}`, `{leads:,}`."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            text = ast.unparse(node.format_spec)
            if re.search(r"[,%]|\d?[fge]'$", text) and "%Y" not in text and "%H" not in text:
                yield f"{file.relative_to(ROOT)}:{node.lineno} {text}"


def column_formats(file: Path) -> Iterator[str]:
    """Formats of columns of numbers and moments that do not come from `app.table_columns`."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and re.search(r"(Number|Date|Datetime)Column$", ast.unparse(node.func)):
            yield from (f"{file.relative_to(ROOT)}:{node.lineno}" for key in node.keywords if key.arg == "format")


def test_numbers_of_pages_are_formatted_in_one_place() -> None:
    formats = [each for file in files() for each in number_formats(file)]

    assert [each for each in formats if not each.startswith(OF_MACHINES)] == []
    assert len(formats) <= len(OF_MACHINES)


def test_columns_of_tables_are_formatted_in_one_place() -> None:
    assert [each for file in files() for each in column_formats(file)] == []


@pytest.mark.parametrize(
    ("points", "shown"), [(-0.0049, "0.00"), (-1e-17, "0.00"), (0.004, "0.00"), (-0.006, "-0.01"), (1.2, "+1.20")]
)
def test_a_change_of_the_funnel_that_rounds_to_nothing_has_no_sign(points: float, shown: str) -> None:
    assert [CHANGE_WRITERS[name](points) for name in ("points", "points_low", "points_high")] == [shown] * 3


def test_a_table_shows_words_and_still_holds_numbers() -> None:
    def page() -> None:
        import pandas as pd
        import streamlit as st

        from app import formatting
        from app.table_columns import written

        frame = pd.DataFrame({"share": [0.56824, None, 0.0], "points": [-0.001, 1.5, None], "other": [2.0, 0.25, 0.1]})
        st.dataframe(written(frame, {"share": formatting.percentage, "points": formatting.points}))

    table = AppTest.from_function(page).run().dataframe[0]
    shown = displayed(table)

    assert list(shown["share"]) == ["56.8%", "–", "0.0%"]
    assert list(shown["points"]) == ["0.00", "+1.50", "–"]
    assert list(shown["other"]) == ["2", "0.25", "0.1"]
    assert table.value["share"][0] == 0.56824
    assert table.value["points"][0] == -0.001


def test_a_frame_of_repeated_labels_is_written_too_and_not_changed() -> None:
    frame = pd.concat([pd.DataFrame({"rate": [0.5]})] * 2)

    assert written(frame, {"rate": formatting.percentage}).to_html().count("50.0%") == 2
    assert list(frame.index) == [0, 0]
    assert written(frame, {"share": formatting.percentage}) is frame


def displayed(table: object) -> pd.DataFrame:
    """What the grid shows of a table that has writers."""
    import pyarrow as pa

    shown: pd.DataFrame = pa.ipc.open_stream(table.proto.arrow_data.styler.display_values).read_pandas()  # type: ignore[attr-defined]
    return shown
