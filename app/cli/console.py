"""How commands speak: results on standard output, everything else on standard error, one sentence for a failure."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output, and nothing else there.")]
Unit = Literal["lines", "rows", "bytes", "share", "nothing"]

# A bar that comes and goes within a blink only disturbs.
SECONDS_WITHOUT_BAR = 0.5

errors = Console(stderr=True, soft_wrap=True, highlight=False, markup=False, emoji=False)


@dataclass(frozen=True)
class Output:
    """Where a command's result goes: one JSON object, or words for a person."""

    as_json: bool

    def result(self, value: Mapping[str, Any], *lines: str) -> None:
        """Print the result: the object where JSON was asked for, else the lines."""
        if self.as_json:
            sys.stdout.flush()
            # JSON is UTF-8 whatever the terminal speaks; half a character, as a file's name may hold, stays escaped.
            text = json.dumps(value, ensure_ascii=False, default=str) + "\n"
            sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
        else:
            for line in lines:
                print_text(line)


def print_text(line: str) -> None:
    """One line on standard output."""
    sys.stdout.write(printable(line) + "\n")


def note(message: str) -> None:
    """A remark on standard error."""
    errors.print(printable(message))


def fail(message: str) -> None:
    """What went wrong, on standard error."""
    lines = "\n".join(printable(line) for line in message.split("\n"))
    errors.print(f"leadlake: {lines}", style="red" if errors.is_terminal else None)


def printable(text: str) -> str:
    """The text in one line, with everything that could steer a terminal or hide in it written out: `\\x1b`, `\\n`."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class Bar:
    """A progress bar of one stage at a time."""

    def __init__(self, progress: Progress, description: str, total: float | None) -> None:
        self._progress = progress
        self._description = description
        self._task = progress.add_task(description, total=total)

    def show(self, description: str, total: float | None = None) -> None:
        """Say what is being done now; a new stage starts its bar anew, without an end where there is no total."""
        if description != self._description:
            done, self._description = self._task, description
            self._task = self._progress.add_task(description, total=total)
            self._progress.remove_task(done)

    def advance(self, amount: float) -> None:
        """So much more of the stage is done."""
        self._progress.update(self._task, advance=amount)

    def complete(self, amount: float) -> None:
        """So much of the stage is done."""
        self._progress.update(self._task, completed=amount)


@contextmanager
def progress_bar(description: str, unit: Unit, total: float | None = None) -> Iterator[Bar]:
    """A progress bar on standard error, shown once half a second has passed; gone when its block ends.

    Where standard error is no terminal, nothing is drawn.
    """
    columns: list[ProgressColumn] = [SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn()]
    columns += [_amount(unit), TimeElapsedColumn()]
    progress = Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal)
    start = threading.Timer(SECONDS_WITHOUT_BAR, progress.start)
    start.start()
    try:
        yield Bar(progress, description, total)
    finally:
        start.cancel()
        start.join()
        progress.stop()


class _CountColumn(ProgressColumn):
    """How many of what are done, and of how many where that is known; nothing where it is not of that kind."""

    def __init__(self, unit: Unit) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        if task.total is None:
            return Text(f"{task.completed:,.0f} {self._unit}" if task.completed else "")
        return Text(f"{task.completed:,.0f} of {task.total:,.0f} {self._unit}")


def _amount(unit: Unit) -> ProgressColumn:
    if unit == "bytes":
        return DownloadColumn()
    if unit == "share":
        return TaskProgressColumn()
    return TextColumn("") if unit == "nothing" else _CountColumn(unit)
