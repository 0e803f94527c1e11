"""The command line, `leadlake`: a thin layer of words over the functions beneath."""

from __future__ import annotations

import sys

INTERRUPTED = 130


def main() -> None:
    """Run one command and end the process: 0 done, 1 refused or failed, 2 wrong usage, 130 interrupted."""
    try:
        # Loading takes a second, in which Ctrl+C shall be no stack trace.
        from app.cli.main import run

        run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
