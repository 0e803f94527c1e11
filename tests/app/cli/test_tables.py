"""Tables in pipes and on terminals that are wide enough, or are not."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.cli.tables import cell_text, print_result, print_table
from tests.app.cli.running import on_terminal


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""),
        (True, "true"),
        (0.5, "0.5"),
        (Decimal("1.50"), "1.50"),
        (datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC), "2025-01-02 03:04:05Z"),
        ([1, "a"], "[1, 'a']"),
        ("a\tb", "a\\tb"),
    ],
)
def test_a_cell_is_one_line_of_text(cell: object, text: str) -> None:
    assert cell_text(cell) == text


def test_in_a_pipe_a_row_is_a_line_however_long_and_ends_without_spaces(capsys: pytest.CaptureFixture[str]) -> None:
    print_result(["name", "n"], [["x" * 500, 1], ["y", None]])

    lines = capsys.readouterr().out.splitlines()
    assert [len(line) for line in lines] == [503, 503, 1]


def test_wide_characters_take_two_places(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["city", "n"], [["東京", 1], ["Ulm", 22]], right=["n"])

    assert capsys.readouterr().out == "city   n\n東京   1\nUlm   22\n"


def test_a_result_without_rows_is_its_header(capsys: pytest.CaptureFixture[str]) -> None:
    print_result(["a", "b"], [])

    assert capsys.readouterr().out == "a  b\n"


PRINT = "from app.cli.tables import print_result, print_table; {call}"


def test_a_result_wider_than_the_terminal_is_shown_a_column_a_line() -> None:
    call = "print_result(['name', 'length'], [['x' * 30, 30], [None, 0]])"

    assert (
        on_terminal(PRINT.format(call=call), columns=40) == f"name{' ' * 28}length\n{'x' * 30}      30\n{' ' * 37}0\n"
    )
    assert on_terminal(PRINT.format(call=call), columns=30) == (
        f"row 1 of 2\n  name    {'x' * 30}\n  length  30\nrow 2 of 2\n  name\n  length  0\n"
    )


def test_a_table_wider_than_the_terminal_folds_its_cells() -> None:
    call = "print_table(['what', 'seen'], [['lake', 'one two three four five']])"

    shown = on_terminal(PRINT.format(call=call), columns=20)

    assert [line.rstrip() for line in shown.splitlines()] == ["what  seen", "lake  one two three", "      four five"]
