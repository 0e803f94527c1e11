"""What is left of a command that has ended, and real processes of it."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Ended:
    """A command's exit code, and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON object on standard output; that there is nothing else is part of the claim."""
        assert self.out.count("\n") == 1, self.out
        return json.loads(self.out, parse_constant=_refuse)


def start(*arguments: str | Path, home: Path, folder: Path = ROOT, **environment: str) -> subprocess.Popen[str]:
    """Start `leadlake ARGUMENTS` as a process of its own, without a terminal."""
    return subprocess.Popen(
        [sys.executable, "-m", "app.cli", *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "LEADLAKE_HOME": str(home), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str], seconds: float = 60) -> Ended:
    """Wait for its end; one that does not come is killed, and fails the test."""
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return Ended(process.returncode, out, err)


def on_terminal(program: str, columns: int) -> str:
    """What this Python program shows on a terminal of so many columns, its colours and movements left out."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    variables = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**variables, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        shown = b"".join(_read_all(ours))
    os.close(ours)
    assert process.returncode == 0, shown.decode()
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode()).replace("\r\n", "\n")


def _read_all(descriptor: int) -> Iterator[bytes]:
    while True:
        try:
            block = os.read(descriptor, 1 << 16)
        except OSError:
            # Linux says so when the other end of a terminal has closed.
            return
        if not block:
            return
        yield block


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")
