"""Rows as a table, or each as a block of its own where they are wider than the terminal."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.cli.console import printable

_GAP = "  "


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], right: Sequence[str] = ()) -> None:
    """A row a line, the columns in `right` set to the right; a terminal that is too narrow gets folded cells."""
    cells = [[cell_text(cell) for cell in row] for row in rows]
    widths = _widths(columns, cells)
    if _fits(widths):
        _print_lines(columns, cells, widths, [column in right for column in columns])
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(Text(column), justify="right" if column in right else "left", overflow="fold")
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))
    Console(highlight=False).print(table)


def print_result(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A query's result: a row a line, numbers to the right; where that is too wide for the terminal, a cell a line."""
    names = [printable(column) for column in columns]
    cells = [[cell_text(cell) for cell in row] for row in rows]
    widths = _widths(names, cells)
    if _fits(widths):
        _print_lines(names, cells, widths, [_is_numeric([row[at] for row in rows]) for at in range(len(columns))])
    else:
        _print_blocks(names, cells)


def cell_text(cell: object) -> str:
    """A cell in one line, as SQL would write it where that differs: nothing for NULL, `true`, a space before a time."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ").replace("+00:00", "Z")
    return printable(str(cell))


def _print_lines(
    columns: Sequence[str], cells: Sequence[Sequence[str]], widths: Sequence[int], right: Sequence[bool]
) -> None:
    header = _line(columns, widths, right)
    sys.stdout.write((f"\x1b[1m{header}\x1b[0m" if _is_styled() else header) + "\n")
    sys.stdout.writelines(_line(row, widths, right) + "\n" for row in cells)


def _print_blocks(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    width = max(cell_len(column) for column in columns)
    for number, row in enumerate(cells, 1):
        header = f"row {number:,} of {len(cells):,}"
        sys.stdout.write((f"\x1b[1m{header}\x1b[0m" if _is_styled() else header) + "\n")
        for column, cell in zip(columns, row, strict=True):
            sys.stdout.write(f"{_GAP}{_padded(column, width, right=False)}{_GAP}{cell}".rstrip() + "\n")


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    return _GAP.join(
        _padded(cell, width, right=to_right) for cell, width, to_right in zip(cells, widths, right, strict=True)
    ).rstrip()


def _padded(cell: str, width: int, *, right: bool) -> str:
    space = " " * (width - cell_len(cell))
    return space + cell if right else cell + space


def _widths(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(cell_len, column)) for column in zip(columns, *cells, strict=True)]


def _is_numeric(cells: Sequence[object]) -> bool:
    given = [cell for cell in cells if cell is not None]
    return bool(given) and all(isinstance(c, int | float | Decimal) and not isinstance(c, bool) for c in given)


def _fits(widths: Sequence[int]) -> bool:
    """Whether such lines can be read: on a terminal, no wider than it; in a pipe or file, always."""
    return not sys.stdout.isatty() or sum(widths) + len(_GAP) * (len(widths) - 1) <= shutil.get_terminal_size().columns


def _is_styled() -> bool:
    return Console().is_terminal and Console().color_system is not None
