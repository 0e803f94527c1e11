"""JSON as RFC 8259 has it: what Python's own reader takes too, but for keys that stand twice and endless nesting."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake_access.building.json_strictness import DUPLICATE_KEY, MAX_DEPTH, NOT_A_NUMBER, NOT_JSON, TOO_DEEP, json_fault

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=20,
)


@given(VALUES)
def test_whatever_is_json_has_no_fault(value: object) -> None:
    assert json_fault(json.dumps(value)) is None
    assert json_fault(json.dumps(value, ensure_ascii=False, indent=1)) is None


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('{"a": 1, "a": 1}', DUPLICATE_KEY),
        ('{"a": {"b": 1, "\\u0062": 2}}', DUPLICATE_KEY),
        ('{"a": [NaN]}', NOT_A_NUMBER),
        ('{"a": -Infinity}', NOT_A_NUMBER),
        ('{"a": nan}', NOT_JSON),
        ('{"a": inf}', NOT_JSON),
        ('{"a": 1,}', NOT_JSON),
        ('{"a": [1,]}', NOT_JSON),
        ("", NOT_JSON),
        ("{" * 10_000, TOO_DEEP),
    ],
)
def test_a_fault_is_named(line: str, fault: str) -> None:
    assert json_fault(line) == fault


@pytest.mark.parametrize("numbers", ["9" * 5_000, "-" + "9" * 5_000, "1e99999", "0." + "1" * 9_000])
def test_a_number_may_be_as_long_as_it_likes(numbers: str) -> None:
    assert json_fault(f'{{"a": {numbers}, "a name": "Nancy"}}') is None


@pytest.mark.parametrize("pair", [("[", "]"), ('{"a":', "}"), (' [ "[{\\"", ', " ] ")])
def test_nesting_is_taken_up_to_its_limit(pair: tuple[str, str]) -> None:
    opening, closing = pair

    assert json_fault(opening * MAX_DEPTH + "1" + closing * MAX_DEPTH) is None
    assert json_fault(opening * (MAX_DEPTH + 1) + "1" + closing * (MAX_DEPTH + 1)) == TOO_DEEP


def test_brackets_side_by_side_or_in_texts_are_no_nesting() -> None:
    assert json_fault("[" + ",".join(["[]"] * 10_000) + "]") is None
    assert json_fault('["' + "[{" * 10_000 + '"]') is None
