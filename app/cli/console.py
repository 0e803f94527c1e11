"""How commands speak: results on standard output, everything else on standard error, one sentence for a failure."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

errors = Console(stderr=True, soft_wrap=True, highlight=False)


@dataclass(frozen=True)
class Output:
    """Where a command's result goes: one JSON object, or words and tables for a person."""

    as_json: bool

    def result(self, value: Mapping[str, Any], *lines: str) -> None:
        """Print the result: the object where JSON was asked for, else the lines."""
        if self.as_json:
            sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")
        else:
            for line in lines:
                print_text(line)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]], right: Sequence[str] = ()) -> None:
        """Print a table for a person, the columns in `right` set to the right; nothing where JSON was asked for."""
        if not self.as_json:
            print_table(columns, rows, right)


def print_text(line: str) -> None:
    """One line on standard output; what stands in it is text, never markup."""
    Console(soft_wrap=True, highlight=False).print(line, markup=False)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], right: Sequence[str] = ()) -> None:
    """A table on standard output; cells are text, never markup."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(escape(column), justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else escape(str(cell)) for cell in row))
    # Into a pipe or file a row stays one line, however long.
    width = None if sys.stdout.isatty() else 100_000
    Console(highlight=False, width=width).print(table)


def fail(message: str) -> None:
    """One sentence on standard error."""
    errors.print(f"leadlake: {message}", markup=False, style="red" if errors.is_terminal else None)


Advance = Callable[[float, str | None], None]


@contextmanager
def progress_bar(description: str, total: float | None = None) -> Iterator[Advance]:
    """A progress bar on standard error; the function it gives takes what was done since, and a new description or None.

    Where standard error is no terminal, nothing is drawn.
    """
    columns = [SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()]
    amount = TextColumn("{task.completed:,.0f}") if total is None else TaskProgressColumn()
    with Progress(*columns, amount, console=errors, transient=True, disable=not errors.is_terminal) as progress:
        task = progress.add_task(description, total=total)

        def advance(amount: float, new_description: str | None = None) -> None:
            progress.update(task, advance=amount, description=new_description)

        yield advance
