"""Becomes the given command, bound to the process that started it: once that is gone, the system asks it to end.

    python bound_process.py STARTER COMMAND…

STARTER is the id of the starting process. However that ends, by SIGKILL too, this one is asked to end; on Linux alone.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def main() -> None:
    """Bind this process, and become the command; the binding outlasts that."""
    starter, *command = sys.argv[1:]
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    # It may have ended before it could be bound to.
    if os.getppid() == int(starter):
        os.execv(command[0], command)  # noqa: S606  (no shell: the command is given word by word)


if __name__ == "__main__":
    main()
