"""What a kind of job is: its name, who may ask for it, and what it runs; `jobs.kinds` has them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lake_access.errors import LeadlakeError
from lake_access.permissions import Action, Actor
from lake_access.settings import Settings


class JobCancelledError(LeadlakeError):
    """Somebody asked for the job at hand to stop; what it had not committed is as if it had never been."""


@dataclass(frozen=True)
class JobTask:
    """A job at hand, as its work sees it.

    `progress(step, share)` tells what is being done and the share of the whole job that is done, 0 to 1 or None where
    nobody knows; it raises JobCancelledError once somebody asked for a stop, so call it often. `log` keeps a line.
    """

    settings: Settings
    actor: Actor
    now: datetime
    progress: Callable[[str, float | None], None]
    log: Callable[[str], None]


Work = Callable[[JobTask, Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True)
class JobKind:
    """A kind of job; `run` gets the task and the parameters (JSON), and gives the result (JSON).

    Libraries that are heavy to import are imported within `run`: a page lists the kinds.
    """

    name: str
    title: str
    action: Action
    run: Work
