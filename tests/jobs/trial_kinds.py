"""Kinds of jobs whose work a test can foretell; `trial_child` runs them, `trial_worker` is a worker that has them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jobs.kind import JobKind, JobTask, Parameter
from jobs.kinds import KINDS
from lake_access.errors import RefusedError
from lake_access.permissions import Action


def _count(task: JobTask, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """Count slowly, listening; each run leaves a mark, so that a test sees how often it ran."""
    mark = parameters.get("mark")
    if mark:
        with Path(mark).open("a", encoding="utf-8") as marks:
            marks.write(f"{os.getpid()}\n")
    steps = parameters["steps"]
    for step in range(steps):
        task.progress("Counting", step / steps)
        time.sleep(0.05)
    task.log(f"counted to {steps}")
    return {"counted": steps}


def _deaf(task: JobTask, _parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    task.progress("Not listening", None)
    time.sleep(60)
    return {}


def _refused(_task: JobTask, _parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    raise RefusedError("There are too few leads to learn from: 3 of 500.")


def _broken(_task: JobTask, _parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"secret": 1 / 0}


def _no_json(_task: JobTask, _parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"path": Path()}


COUNT_PARAMETERS = (Parameter("steps", "Steps", int, default=3), Parameter("mark", "Mark"))
COUNT = JobKind("count", "Count", Action.RETRAIN, _count, COUNT_PARAMETERS)
OTHERS = (
    JobKind("deaf", "Hear nothing", Action.RETRAIN, _deaf),
    JobKind("refused", "Be refused", Action.RETRAIN, _refused),
    JobKind("broken", "Break", Action.RETRAIN, _broken),
    JobKind("no_json", "Give no JSON", Action.RETRAIN, _no_json),
)
TRIAL_KINDS: Mapping[str, JobKind] = {**KINDS, COUNT.name: COUNT, **{kind.name: kind for kind in OTHERS}}
