"""Promotion over a PostgreSQL: killed, decided on twice at once and tampered with, as over a file."""

from __future__ import annotations

import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from lake_access.database import writing
from lake_access.errors import ConflictError, RefusedError
from lake_access.ledger import entries, verify
from tests.lake_access.postgres_server import PostgresServer, programs, running_postgres
from tests.training.promotion.desk import ANALYST, ENGINEER, LATER, NOW, Desk, furnished
from tests.training.promotion.dying import approved_at_once, killed_at
from training.promotion.deciding import approve
from training.promotion.moving import roll_back
from training.promotion.records import champion, request_of
from training.promotion.requesting import request_promotion
from training.promotion.steps import CHAMPION_MOVED, DECIDED, MOVE_STEPS

pytestmark = pytest.mark.skipif(programs() is None, reason="PostgreSQL's server programs are not installed")


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    binaries = programs()
    assert binaries is not None
    with running_postgres(binaries) as server:
        yield server


@pytest.fixture
def desk(postgres: PostgresServer, tmp_path: Path) -> Iterator[Desk]:
    desk = furnished(tmp_path, postgres.make_database(f"promotion-{uuid.uuid4()}"))
    assert desk.engine.dialect.name == "postgresql"
    yield desk
    desk.engine.dispose()


def live_version(desk: Desk) -> str:
    found = champion(desk.engine)
    assert found is not None
    assert verify(desk.engine).valid
    return found.version


def test_a_promotion_goes_its_whole_way(desk: Desk) -> None:
    made = request_promotion(desk.engine, desk.sources, ANALYST, "2", "It knows past events.", NOW)
    approve(desk.engine, desk.sources, ENGINEER, made.id, "Go.", LATER)
    assert (live_version(desk), desk.registry.champion_alias()) == ("2", "2")

    roll_back(desk.engine, desk.registry, ENGINEER, "Back.", LATER)

    assert (live_version(desk), desk.registry.champion_alias()) == ("1", "1")
    assert [entry.event for entry in entries(desk.engine)] == [
        "promotion.first",
        "promotion.requested",
        "promotion.approved",
        "promotion.rolled_back",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("step", [CHAMPION_MOVED, DECIDED])
def test_an_approval_killed_before_or_after_its_commit_leaves_one_champion(
    desk: Desk, tmp_path: Path, step: str
) -> None:
    made = request_promotion(desk.engine, desk.sources, ANALYST, "2", "It knows past events.", NOW)

    assert killed_at(step, "approve", tmp_path) == -signal.SIGKILL

    moved = MOVE_STEPS.index(step) >= MOVE_STEPS.index(DECIDED)
    assert live_version(desk) == ("2" if moved else "1")
    assert request_of(desk.engine, made.id).state == ("approved" if moved else "requested")


@pytest.mark.slow
def test_of_two_approvals_at_once_one_wins_and_the_other_is_told_why(desk: Desk, tmp_path: Path) -> None:
    request_promotion(desk.engine, desk.sources, ANALYST, "2", "It knows past events.", NOW)

    won, lost = approved_at_once(tmp_path)

    assert won == "won: version 2"
    assert lost.startswith("ConflictError: Request 1 was approved by ")
    assert len(entries(desk.engine, event="promotion.approved")) == 1
    assert live_version(desk) == "2"


def test_what_is_edited_in_the_database_is_named_and_refused(desk: Desk) -> None:
    made = request_promotion(desk.engine, desk.sources, ENGINEER, "2", "Mine.", NOW)
    with writing(desk.engine) as connection:
        connection.execute(text("UPDATE promotion_requests SET requested_by = 'olga'"))
    with pytest.raises(ConflictError, match="not asked for by olga"):
        approve(desk.engine, desk.sources, ENGINEER, made.id, "Go.", LATER)

    again = request_promotion(desk.engine, desk.sources, ANALYST, "2", "Again.", LATER)
    with writing(desk.engine) as connection:
        connection.execute(text("UPDATE ledger SET actor = 'mallory' WHERE number = 2"))
    with pytest.raises(RefusedError, match="Row 2 of the ledger was changed"):
        approve(desk.engine, desk.sources, ENGINEER, again.id, "Go.", LATER)

    found = champion(desk.engine)
    assert found is not None
    assert found.version == "1"
