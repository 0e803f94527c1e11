from __future__ import annotations

import signal
from pathlib import Path

import pytest

from lake_access.ledger import entries, verify
from tests.training.promotion.desk import ANALYST, ENGINEER, LATER, NOW, Desk, opened
from tests.training.promotion.dying import approved_at_once, killed_at
from training.promotion.alias import alias_moved, require_own_alias
from training.promotion.deciding import approve
from training.promotion.ledger_rows import MOVES
from training.promotion.moving import roll_back
from training.promotion.records import champion, request_of, requests
from training.promotion.requesting import request_promotion
from training.promotion.steps import DECIDED, MOVE_STEPS, REQUEST_STEPS, REQUESTED, STEPS


def champion_as_the_ledger_says(home: Path) -> str:
    """The one champion after a restart, which all who know of it agree on."""
    desk = opened(home)
    last = [entry for entry in entries(desk.engine) if entry.event in MOVES][-1]
    found = champion(desk.engine)
    assert found is not None
    assert (found.version, found.tenure.ledger_row) == (last.details["version"], last.number)
    assert verify(desk.engine).valid
    assert alias_moved(desk.engine, desk.registry) is None
    require_own_alias(desk.engine, desk.registry)
    assert desk.registry.champion_alias() == found.version
    return found.version


@pytest.mark.slow
@pytest.mark.parametrize("step", REQUEST_STEPS)
def test_a_request_killed_at_any_step_is_there_whole_or_not_at_all(desk: Desk, tmp_path: Path, step: str) -> None:
    assert killed_at(step, "request", tmp_path) == -signal.SIGKILL

    there = step == REQUESTED
    assert [request.state for request in requests(desk.engine)] == (["requested"] if there else [])
    assert len(entries(desk.engine, event="promotion.requested")) == there
    assert champion_as_the_ledger_says(tmp_path) == "1"
    if not there:
        made = request_promotion(desk.engine, desk.sources, ANALYST, "2", "Again.", NOW)
        assert made.state == "requested"


@pytest.mark.slow
@pytest.mark.parametrize("step", MOVE_STEPS)
def test_an_approval_killed_at_any_step_leaves_one_champion(desk: Desk, tmp_path: Path, step: str) -> None:
    made = request_promotion(desk.engine, desk.sources, ANALYST, "2", "It knows past events.", NOW)

    assert killed_at(step, "approve", tmp_path) == -signal.SIGKILL

    moved = MOVE_STEPS.index(step) >= MOVE_STEPS.index(DECIDED)
    assert champion_as_the_ledger_says(tmp_path) == ("2" if moved else "1")
    assert request_of(desk.engine, made.id).state == ("approved" if moved else "requested")
    if not moved:
        assert approve(desk.engine, desk.sources, ENGINEER, made.id, "Again.", LATER).version == "2"


@pytest.mark.slow
@pytest.mark.parametrize("step", MOVE_STEPS)
def test_a_rollback_killed_at_any_step_leaves_one_champion(desk: Desk, tmp_path: Path, step: str) -> None:
    made = request_promotion(desk.engine, desk.sources, ANALYST, "2", "It knows past events.", NOW)
    approve(desk.engine, desk.sources, ENGINEER, made.id, "Go.", LATER)

    assert killed_at(step, "roll back", tmp_path) == -signal.SIGKILL

    moved = MOVE_STEPS.index(step) >= MOVE_STEPS.index(DECIDED)
    assert champion_as_the_ledger_says(tmp_path) == ("1" if moved else "2")
    if not moved:
        assert roll_back(desk.engine, desk.registry, ENGINEER, "Again.", LATER).version == "1"


def test_every_step_is_tried() -> None:
    assert {*REQUEST_STEPS, *MOVE_STEPS} == set(STEPS)


@pytest.mark.slow
def test_of_two_approvals_at_once_one_wins_and_the_other_is_told_why(desk: Desk, tmp_path: Path) -> None:
    request_promotion(desk.engine, desk.sources, ANALYST, "2", "It knows past events.", NOW)

    won, lost = approved_at_once(tmp_path)

    assert won == "won: version 2"
    assert lost.startswith("ConflictError: Request 1 was approved by ")
    assert len(entries(desk.engine, event="promotion.approved")) == 1
    assert champion_as_the_ledger_says(tmp_path) == "2"
