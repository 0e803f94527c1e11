"""The one place where an error becomes a sentence and an exit code."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType

import typer
from typer.core import TyperGroup

from app.cli.acting import note_refused
from app.cli.console import fail
from lake_access.errors import LeadlakeError, NotAllowedError

# To be asked to end is what these are for: it is no interruption, however early or deep it comes.
ENDLESS = frozenset({"worker"})
INTERRUPTED = "interrupted; what was committed stays. Run the command again for the rest."


class Terminated(KeyboardInterrupt):
    """Somebody asked the process to end, by another signal than Ctrl+C."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


class Commands(TyperGroup):
    """Runs a command, and says in one sentence why it failed.

    Exit codes: 0 done, 1 refused or failed, 2 wrong usage (Typer's), 130 interrupted, 143 terminated.
    """

    def invoke(self, ctx: typer.Context) -> None:  # type: ignore[override]  # Typer's own Context is not public
        code = 0
        try:
            try:
                super().invoke(ctx)
            except typer.Exit as ended:
                code = ended.exit_code
            sys.stdout.flush()
        except BrokenPipeError:
            # The reader of our output went away, as `head` does; what is still in the buffer goes nowhere.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except (KeyboardInterrupt, LeadlakeError, OSError, RuntimeError) as exc:
            asked_to_end = ctx.invoked_subcommand in ENDLESS and _interruption_in(exc) is not None
            code = 0 if asked_to_end else _explain(exc)
        raise typer.Exit(code)


def end_on_signals() -> None:
    """Let SIGTERM and SIGHUP end the process as Ctrl+C does, its temporary files cleared; one ignored stays so."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _terminate)


def end_abandoned_threads(code: int) -> None:
    """End the process here where a thread is still at work, without the interpreter's own way out.

    DuckDB aborts with a core dump where the interpreter goes away under a query.
    """
    if any(thread.daemon and thread.is_alive() for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _terminate(number: int, _frame: FrameType | None) -> None:
    raise Terminated(number)


def _explain(exc: BaseException) -> int:
    """Say what happened; the exit code. What is no failure but a mistake of ours is raised again."""
    interruption = _interruption_in(exc)
    if interruption is not None:
        fail(INTERRUPTED)
        return interruption.exit_code if isinstance(interruption, Terminated) else 128 + signal.SIGINT
    if isinstance(exc, LeadlakeError):
        if isinstance(exc, NotAllowedError):
            note_refused(exc)
        fail(str(exc))
    elif isinstance(exc, OSError):
        what = f"{exc.filename}: " if exc.filename is not None else ""
        fail(f"{what}{exc.strerror or exc}; check the path, its rights and the space there.")
    else:
        raise exc
    return 1


def _interruption_in(exc: BaseException) -> KeyboardInterrupt | None:
    """The interruption behind an error: DuckDB turns one that comes amid a query into a RuntimeError."""
    cause: BaseException | None = exc
    while cause is not None and not isinstance(cause, KeyboardInterrupt):
        cause = cause.__cause__ or cause.__context__
    return cause
