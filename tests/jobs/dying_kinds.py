"""The kinds of the house, killed by SIGKILL as they reach the step that the file `die_at` in the home names.

`python -m tests.jobs.dying_kinds` is a worker that runs its jobs so, `… NUMBER WORKER` the process of one job.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from jobs.child import main
from jobs.kind import JobKind, JobTask
from jobs.kinds import KINDS
from jobs.worker import run_worker
from lake_access.settings import load_settings

DIE_AT: Final = "die_at"


def dying(kind: JobKind) -> JobKind:
    """The same kind, whose process dies at the step."""

    def run(task: JobTask, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        def progress(step: str, share: float | None) -> None:
            task.progress(step, share)
            if told.is_file() and told.read_text(encoding="utf-8") == step:
                os.kill(os.getpid(), signal.SIGKILL)

        told = Path(task.settings.home) / DIE_AT
        return kind.run(replace(task, progress=progress), parameters)

    return replace(kind, run=run)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main({name: dying(kind) for name, kind in KINDS.items()})
    else:
        run_worker(load_settings(os.environ), KINDS, "tests.jobs.dying_kinds")
