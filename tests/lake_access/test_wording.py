"""Shares never round to nothing, one thing is not several, and sizes have the unit in which they can be told apart."""

from __future__ import annotations

import pytest

from lake_access import wording


@pytest.mark.parametrize(
    ("rate", "written"),
    [
        (0.0, "0.0%"),
        (0.14738, "14.7%"),
        (0.0042, "0.42%"),
        (0.0003, "0.03%"),
        (0.00003, "0.003%"),
        (0.000001, "0.0001%"),
        (-0.0042, "-0.42%"),
    ],
)
def test_a_small_share_has_the_digits_that_show_it(rate: float, written: str) -> None:
    assert wording.percentage(rate) == written


def test_what_rounding_left_beside_nothing_is_nothing() -> None:
    assert wording.percentage(1e-17) == "0.00%"


@pytest.mark.parametrize(("number", "written"), [(0, "0 rows"), (1, "1 row"), (1204, "1,204 rows")])
def test_one_of_something_is_not_several(number: int, written: str) -> None:
    assert wording.counted(number, "row") == written


def test_a_plural_of_its_own_is_used() -> None:
    assert [wording.counted(number, "identity", "identities") for number in (1, 2)] == ["1 identity", "2 identities"]


@pytest.mark.parametrize(
    ("size", "written"),
    [
        (1, "1 byte"),
        (999, "999 bytes"),
        (3_212, "3.2 KB"),
        (999_949, "999.9 KB"),
        (999_951, "1.0 MB"),
        (46_123_000, "46.1 MB"),
        (1_630_000_000, "1.6 GB"),
    ],
)
def test_a_size_has_the_unit_in_which_it_can_be_told(size: int, written: str) -> None:
    assert wording.file_size(size) == written


def test_what_is_left_out_of_a_list_is_told() -> None:
    reasons = ["a", "b", "c", "d", "e"]
    assert wording.first_of(reasons, 3, "reason") == "a; b; c; and 2 more reasons"
    assert wording.first_of(reasons[:4], 3, "reason") == "a; b; c; and 1 more reason"
    assert wording.first_of(reasons[:3], 3, "reason") == "a; b; c"
