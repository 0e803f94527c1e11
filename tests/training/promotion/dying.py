"""Processes of their own that promote: killed at a step, or at the same moment as another."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.context import SpawnProcess
from pathlib import Path

from lake_access.errors import LeadlakeError
from tests.training.promotion.desk import ANALYST, ENGINEER, LATER, NOW, OTHER_ENGINEER, opened
from training.promotion.deciding import approve
from training.promotion.moving import roll_back
from training.promotion.requesting import request_promotion
from training.promotion.steps import EVIDENCE_CHECKED

PATIENCE = 180
_spawned = get_context("spawn")


def killed_at(step: str, act: str, home: Path) -> int | None:
    """The exit code of a process that does `act` (request, approve or roll back) and dies at this step."""
    process = _spawned.Process(target=_die, args=(step, act, home))
    process.start()
    process.join(PATIENCE)
    return process.exitcode


def approved_at_once(home: Path) -> list[str]:
    """What two people who approve request 1 at the same moment are told, the one who won first."""
    meeting, told = _spawned.Barrier(2), _spawned.Queue()
    people: list[SpawnProcess] = []
    for name in ("egon", "olga"):
        people.append(_spawned.Process(target=_approve, args=(name, home, meeting, told)))
        people[-1].start()
    said = [told.get(timeout=PATIENCE) for _ in people]
    for person in people:
        person.join(PATIENCE)
    return sorted(said, key=lambda words: not words.startswith("won"))


def _die(step: str, act: str, home: Path) -> None:
    def reached(at: str) -> None:
        if at == step:
            os.kill(os.getpid(), signal.SIGKILL)

    desk = opened(home)
    acts: dict[str, Callable[[], object]] = {
        "request": lambda: request_promotion(desk.engine, desk.sources, ANALYST, "2", "Go.", NOW, reached=reached),
        "approve": lambda: approve(desk.engine, desk.sources, ENGINEER, 1, "Go.", LATER, reached),
        "roll back": lambda: roll_back(desk.engine, desk.registry, ENGINEER, "Back.", LATER, reached),
    }
    acts[act]()


def _approve(name: str, home: Path, meeting: object, told: object) -> None:
    def reached(at: str) -> None:
        if at == EVIDENCE_CHECKED:
            meeting.wait(PATIENCE)  # type: ignore[attr-defined]

    desk = opened(home)
    actor = {"egon": ENGINEER, "olga": OTHER_ENGINEER}[name]
    try:
        found = approve(desk.engine, desk.sources, actor, 1, f"So says {name}.", LATER, reached)
        told.put(f"won: version {found.version}")  # type: ignore[attr-defined]
    except LeadlakeError as exc:
        told.put(f"{type(exc).__name__}: {exc}")  # type: ignore[attr-defined]
