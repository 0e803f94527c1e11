"""The job `demo_models`: what the demo lake has to show of models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jobs.kind import JobKind, JobTask
from lake_access.permissions import Action


def _run(task: JobTask, _parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    from jobs.demo_models import make_demo_models

    made = make_demo_models(task.settings, task.actor, task.now, task.progress, task.log)
    return {"versions": ", ".join(made) or "none: the demo has too few leads"}


DEMO_MODELS = JobKind("demo_models", "Make the demo's models", Action.MAINTAIN, _run)
