"""How a command that fails ends: its exit code, and its one sentence."""

from __future__ import annotations

import errno
import signal
from collections.abc import Callable

import pytest
import typer
from typer.testing import CliRunner

from app.cli.failures import INTERRUPTED, Commands, Terminated
from lake_access.errors import RefusedError


def raising(failure: BaseException, cause: BaseException | None = None) -> Callable[[], None]:
    def command() -> None:
        raise failure from cause

    return command


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        (raising(RefusedError("the file x: no; do y.")), 1, "the file x: no; do y."),
        (
            raising(OSError(errno.ENOSPC, "No space left on device", "/lake/x")),
            1,
            "/lake/x: No space left on device; check the path, its rights and the space there.",
        ),
        (raising(KeyboardInterrupt()), 130, INTERRUPTED),
        (raising(Terminated(signal.SIGTERM)), 143, INTERRUPTED),
        # So DuckDB tells of a signal that came amid a query.
        (raising(RuntimeError("Query interrupted"), KeyboardInterrupt()), 130, INTERRUPTED),
        (raising(RuntimeError("Query interrupted"), Terminated(signal.SIGTERM)), 143, INTERRUPTED),
        (raising(RefusedError("nobody asked for this"), KeyboardInterrupt()), 130, INTERRUPTED),
    ],
    ids=["refused", "disk", "Ctrl+C", "SIGTERM", "Ctrl+C in a query", "SIGTERM in a query", "Ctrl+C told otherwise"],
)
def test_a_failure_is_a_code_and_a_sentence(command: Callable[[], None], code: int, said: str) -> None:
    app = typer.Typer(cls=Commands)
    app.command("one")(command)
    app.command("other")(raising(SystemExit()))

    ended = CliRunner().invoke(app, ["one"])

    assert (ended.exit_code, ended.stdout, ended.stderr) == (code, "", f"leadlake: {said}\n")


@pytest.mark.parametrize(
    "command",
    [
        raising(KeyboardInterrupt()),
        raising(Terminated(signal.SIGTERM)),
        # While it opens the lake, before its own way of ending stands.
        raising(RuntimeError("Query interrupted"), Terminated(signal.SIGTERM)),
    ],
    ids=["Ctrl+C", "SIGTERM", "SIGTERM in a query"],
)
def test_a_worker_that_is_asked_to_end_has_nothing_to_say(command: Callable[[], None]) -> None:
    app = typer.Typer(cls=Commands)
    app.command("worker")(command)
    app.command("other")(raising(SystemExit()))

    ended = CliRunner().invoke(app, ["worker"])

    assert (ended.exit_code, ended.stdout, ended.stderr) == (0, "", "")


def test_a_mistake_of_ours_is_not_hidden() -> None:
    app = typer.Typer(cls=Commands)
    app.command("one")(raising(RuntimeError("a mistake")))
    app.command("other")(raising(SystemExit()))

    ended = CliRunner().invoke(app, ["one"])

    assert isinstance(ended.exception, RuntimeError)
    assert ended.stderr == ""
