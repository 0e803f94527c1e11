"""SQL that is shown: it says what the bound query says, whatever its values hold."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from uuid import UUID

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.shown_sql import Query, is_asked_alone, literal, runnable
from lake_access.queries import load_query

QUERIES = Path(__file__).parents[2] / "lake_access" / "queries"
VALUES = [
    None,
    True,
    False,
    0,
    -3,
    2**40,
    0.1,
    -0.5,
    1e300,
    5e-324,
    math.inf,
    "",
    "O'Brien's",
    '"quoted"',
    "$since and $1 and $$",
    "-- no comment /* either */",
    "a\r\nb\tc\\d'e",
    "no\0end",
    "München\u2028Ost",
    date(2026, 1, 2),
    datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
    datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=-5))),
    datetime(2026, 1, 2, 3),  # noqa: DTZ001  (one without a zone is meant)
    UUID("0123abcd-0123-4567-89ab-0123456789ab"),
    [],
    ["a'", "b\n", "$c"],
    [1, -2],
]


def bound_and_shown(value: object) -> tuple[object, object]:
    sql = "SELECT typeof($value), $value"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        bound = connection.execute(sql, {"value": value}).fetchone()
        return bound, connection.execute(runnable(sql, {"value": value})).fetchone()


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_literal_is_what_is_bound(value: object) -> None:
    bound, shown = bound_and_shown(value)
    assert shown == bound


@given(value=st.text(st.characters(codec="utf-8")))
def test_any_text_is_one_literal(value: str) -> None:
    bound, shown = bound_and_shown(value)
    assert shown == bound


def test_a_text_stays_on_its_line_as_a_browsers_field_changes_breaks() -> None:
    assert literal("one\r\ntwo") == r"E'one\x0d\x0atwo'"


def test_only_parameters_are_replaced_and_each_once() -> None:
    sql = """SELECT '$a', "$a", $a, E'\\'$a', $$ $a $$, $tag$ $a $tag$, $1, b$a, $unknown -- $a isn't
/* $a */, $ab, -$n"""
    assert runnable(sql, {"a": "$b", "b": "never", "ab": ["$a"], "n": -1}) == (
        """SELECT '$a', "$a", '$b', E'\\'$a', $$ $a $$, $tag$ $a $tag$, $1, b$a, $unknown -- $a isn't
/* $a */, ['$a'], -(-1)"""
    )


def test_a_value_of_another_kind_is_refused() -> None:
    with pytest.raises(TypeError, match="value of dict"):
        literal({})


def test_a_header_tells_what_is_asked_and_not_how_it_was_made() -> None:
    shown = runnable(load_query("lead_list"), {})
    assert shown.splitlines()[:3] == [
        "-- What: leads under filters, in an order of the reader's choice; of two that are equal in it, by their ids.",
        "-- Grain: a lead.",
        "-- Reads: curated.leads.",
    ]
    assert shown.splitlines()[3].startswith("SELECT")
    assert runnable("-- Slots: none. Reads: a.b. Parameters: $c: d.\n-- Not: ours.\nSELECT 1", {}) == (
        "-- Reads: a.b.\nSELECT 1"
    )


@pytest.mark.parametrize("file", sorted(QUERIES.rglob("*.sql")), ids=lambda file: file.stem)
def test_no_querys_header_tells_of_slots_or_parameters(file: Path) -> None:
    sql = file.read_text(encoding="utf-8")
    shown = runnable(sql, {})
    header = [line for line in shown.splitlines() if line.startswith("--")]

    assert [line for line in header if "Slot" in line or "Parameters:" in line or "planning.py" in line] == []
    assert any(line.startswith("-- What: ") for line in header)
    assert ("\n-- Grain: " in shown) == ("-- Grain: " in sql)
    assert shown.endswith(sql.strip().splitlines()[-1])


def test_queries_that_build_on_one_another_are_told_from_those_asked_alone() -> None:
    alone: list[Query] = [("-- What: x.\nWITH a AS (SELECT 1) FROM a", {}), ("SELECT 1", {})]
    assert is_asked_alone(alone)
    assert not is_asked_alone([("-- What: y.\nCREATE TEMP TABLE b AS SELECT 1", {}), ("SELECT * FROM b", {})])
