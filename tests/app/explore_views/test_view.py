from __future__ import annotations

import json
import uuid
from datetime import date
from decimal import Decimal

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from app.explore_views.view import EXAMPLES, MOST_MARKS, axes_of, figure, sentence, shown
from lake_access.errors import QueryRefusedError


def test_ids_are_shown_as_text_decimals_as_numbers_and_two_columns_of_a_name_apart() -> None:
    one = uuid.uuid4()
    table = pa.table(
        [pa.array([one.bytes], pa.uuid()), pa.array([Decimal("1.50")]), pa.array([[1, 2]]), pa.array([1])],
        names=["id", "sum", "list", "id"],
    )

    frame = shown(table)

    assert list(frame.columns) == ["id", "sum", "list", "id (2)"]
    assert frame.iloc[0].tolist() == [str(one), 1.5, "[1, 2]", 1]


@pytest.mark.parametrize(
    "value", ["INTERVAL 1 MONTH", "'abc'::BLOB", "'101'::BIT", "TIME '10:00'", "DATE '0001-01-01'"]
)
def test_every_kind_of_value_can_be_drawn(value: str) -> None:
    frame = shown(duckdb.sql(f"SELECT {value} AS value, 1 AS n").to_arrow_table())

    drawn = figure(frame, "value", "n", "Bars")

    assert len(json.loads(drawn.to_json())["data"][0]["x"]) == 1


def test_a_day_that_no_table_shows_is_refused_in_a_sentence() -> None:
    with pytest.raises(QueryRefusedError, match="cast that column to VARCHAR"):
        shown(duckdb.sql("SELECT DATE 'infinity' AS day, 1 AS n").to_arrow_table())


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"source": ["a", "b"], "leads": [1, 2]}, ("source", "leads", "Bars")),
        ({"week": [date(2025, 1, 6), date(2025, 1, 13)], "leads": [1, 2]}, ("week", "leads", "Line")),
        ({"score": [1, 2], "rate": [0.1, 0.2]}, ("score", "rate", "Points")),
        ({"source": ["a"], "flag": [True], "n": [3], "rate": [0.5]}, ("source", "rate", "Bars")),
    ],
)
def test_a_first_chart_is_guessed(columns: dict[str, list[object]], expected: tuple[str, str, str]) -> None:
    axes = axes_of(pd.DataFrame(columns))

    assert axes is not None
    assert (axes.first_across, axes.first_up, axes.kind) == expected


@pytest.mark.parametrize("columns", [{"a": [1]}, {"a": ["x"], "b": ["y"]}, {"a": [], "b": []}])
def test_what_makes_no_chart_is_none(columns: dict[str, list[object]]) -> None:
    assert axes_of(pd.DataFrame(columns)) is None


def test_hostile_values_and_names_are_text_in_the_figure() -> None:
    hostile = "<b>x</b>"
    frame = pd.DataFrame({hostile: [hostile, "b"], "n": [1, 2]})

    drawn = figure(frame, hostile, "n", "Bars", by=hostile)

    assert hostile not in str(drawn.to_dict())
    assert [trace.name for trace in drawn.data] == ["&lt;b&gt;x&lt;/b&gt;", "b"]


def test_no_more_marks_are_drawn_than_a_browser_likes() -> None:
    frame = pd.DataFrame({"x": range(MOST_MARKS + 10), "y": range(MOST_MARKS + 10)})

    assert len(figure(frame, "x", "y", "Points").data[0].x) == MOST_MARKS


def test_the_sentence_says_whether_there_is_more() -> None:
    assert sentence(1, False, 0.123, 10) == "1 row, all of them. 0.12 s."
    assert sentence(1234, False, 12.3, 10_000) == "1,234 rows, all of them. 12 s."
    assert sentence(10, True, 1, 10) == "The first 10 rows are shown, there are more; a download has them. 1.00 s."


def test_examples_have_names_of_their_own() -> None:
    assert len({title for title, _ in EXAMPLES}) == len(EXAMPLES)
