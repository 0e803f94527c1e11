from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from lake_access.database import writing
from lake_access.errors import ConflictError, RefusedError
from lake_access.ledger import entries, verify
from tests.training.promotion.desk import ANALYST, ENGINEER, LATER, NOW, OTHER_ENGINEER, Desk
from training.promotion.alias import alias_moved, repair_alias
from training.promotion.deciding import approve, override_gate, reject
from training.promotion.moving import roll_back
from training.promotion.records import Request, champion, request_of
from training.promotion.requesting import request_promotion, withdraw


class Bomb:
    """Unpickled, it leaves a file behind."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.file,))


def requested(desk: Desk, version: str = "2") -> Request:
    return request_promotion(desk.engine, desk.sources, ANALYST, version, "It knows past events.", NOW)


def changed(desk: Desk, statement: str) -> None:
    with writing(desk.engine) as connection:
        assert connection.execute(text(statement)).rowcount == 1


def void_on_approval(desk: Desk, made: Request, names: str) -> None:
    with pytest.raises(ConflictError, match=f"Request {made.id} is void: .*{names}"):
        approve(desk.engine, desk.sources, ENGINEER, made.id, "Go.", LATER)
    found = champion(desk.engine)
    assert found is not None
    assert (found.version, desk.registry.champion_alias()) == ("1", "1")
    assert request_of(desk.engine, made.id).state == "void"
    assert entries(desk.engine)[-1].event == "promotion.voided"
    with pytest.raises(ConflictError, match="became void"):
        approve(desk.engine, desk.sources, ENGINEER, made.id, "Go.", LATER)


def test_a_pickle_in_place_of_the_artifact_is_noticed_and_not_executed(desk: Desk, tmp_path: Path) -> None:
    made = requested(desk)
    (desk.registry.folder / "2.skops").write_bytes(pickle.dumps(Bomb(tmp_path / "exploded")))

    void_on_approval(desk, made, "model file of version 2")
    assert not (tmp_path / "exploded").exists()


def test_a_champion_whose_file_changed_voids_what_was_held_against_it(desk: Desk) -> None:
    made = requested(desk)
    (desk.registry.folder / "1.skops").write_bytes(b"other")

    void_on_approval(desk, made, "champion's model file")


@pytest.mark.parametrize(
    ("otherwise", "names"),
    [
        ({"digest": "0" * 64}, "registered predictions"),
        ({"dataset_digest": "0" * 64}, "dataset of version 2"),
        ({"snapshot_ids": (("curated.leads", 7),)}, "snapshots"),
        ({"artifact_sha256": "0" * 64}, "registered SHA-256|not the registered one"),
    ],
)
def test_a_digest_that_is_registered_otherwise_voids_the_request(
    desk: Desk, otherwise: dict[str, Any], names: str
) -> None:
    made = requested(desk)
    desk.registry.change("2", **otherwise)

    void_on_approval(desk, made, f"({names})")


def test_another_drift_report_voids_the_request(desk: Desk) -> None:
    made = requested(desk)
    (desk.registry.folder / "2.drift").write_text("{}")

    void_on_approval(desk, made, "drift report's content")


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("""UPDATE promotion_requests SET evidence = '{"version": "2"}'""", "frozen evidence"),
        ("UPDATE promotion_requests SET gates = replace(gates, 'false', 'true')", "[Ww]hat the gates found"),
        (
            "UPDATE promotion_requests SET bound = replace(bound, 'artifact_sha256\": \"', 'artifact_sha256\": \"0')",
            "Row 2",
        ),
        ("UPDATE promotion_requests SET requested_by = 'mallory'", "not asked for by mallory"),
        ("UPDATE promotion_requests SET version = '3'", "not a request of version 3"),
    ],
)
def test_a_request_changed_in_the_database_is_void(desk: Desk, statement: str, names: str) -> None:
    made = requested(desk, "3" if "gates" in statement else "2")
    changed(desk, statement)

    void_on_approval(desk, made, names)


def test_who_asked_does_not_approve_by_writing_another_name_into_the_request(desk: Desk) -> None:
    made = request_promotion(desk.engine, desk.sources, ENGINEER, "2", "Mine.", NOW)
    changed(desk, "UPDATE promotion_requests SET requested_by = 'olga'")

    void_on_approval(desk, made, "not asked for by olga")


@pytest.mark.parametrize(
    ("decide", "told"),
    [
        (lambda desk, one: reject(desk.engine, OTHER_ENGINEER, one, "No.", LATER), "rejected it"),
        (lambda desk, one: withdraw(desk.engine, ANALYST, one, "Not yet.", LATER), "withdrew it"),
    ],
)
def test_a_request_that_was_turned_down_does_not_wait_again_by_an_edit(
    desk: Desk, decide: Callable[[Desk, int], object], told: str
) -> None:
    made = requested(desk)
    decide(desk, made.id)
    changed(desk, "UPDATE promotion_requests SET state = 'requested', decided_by = NULL, decision_row = NULL")

    void_on_approval(desk, made, f"in row 3 of the ledger {told} already")


def test_an_override_that_the_ledger_does_not_know_counts_for_nothing(desk: Desk) -> None:
    made = requested(desk, "3")
    for gate in {gate.gate for gate in made.failed} - {"no_worse_than_champion"}:
        override_gate(desk.engine, ENGINEER, made.id, gate, "For the test.", LATER)
    changed(
        desk,
        "INSERT INTO promotion_overrides SELECT 1, 'no_worse_than_champion', by, at, reason, ledger_row "
        "FROM promotion_overrides LIMIT 1",
    )

    void_on_approval(desk, made, "no row of the override of no_worse_than_champion")


def test_a_changed_ledger_row_is_named_and_holds_up_every_approval(desk: Desk) -> None:
    made = requested(desk)
    changed(desk, "UPDATE ledger SET actor = 'mallory' WHERE number = 1")

    assert verify(desk.engine).first_broken == 1
    with pytest.raises(RefusedError, match="Row 1 of the ledger was changed"):
        approve(desk.engine, desk.sources, ENGINEER, made.id, "Go.", LATER)
    assert request_of(desk.engine, made.id).state == "requested"


def test_a_champion_written_past_the_ledger_is_noticed(desk: Desk) -> None:
    made = requested(desk)
    changed(desk, "UPDATE champion_tenures SET version = '3'")
    changed(desk, "UPDATE champion SET mirrored = '3'")
    desk.registry.set_champion_alias("3")

    with pytest.raises(RefusedError, match="version 3 as champion is not what row 1 of the ledger says"):
        approve(desk.engine, desk.sources, ENGINEER, made.id, "Go.", LATER)


def test_an_alias_moved_from_outside_is_named_and_refused_until_repaired(desk: Desk) -> None:
    made = requested(desk)
    desk.registry.set_champion_alias("3")

    assert "points to version 3, but the champion is version 1" in str(alias_moved(desk.engine, desk.registry))
    for act in (
        lambda: approve(desk.engine, desk.sources, ENGINEER, made.id, "Go.", LATER),
        lambda: request_promotion(desk.engine, desk.sources, ANALYST, "3", "Why not.", LATER),
    ):
        with pytest.raises(RefusedError, match="points to version 3"):
            act()

    repair_alias(desk.engine, desk.registry, ENGINEER, "Somebody tried it in MLflow.", LATER)

    assert desk.registry.champion_alias() == "1"
    assert entries(desk.engine)[-1].details["found"] == "3"
    assert approve(desk.engine, desk.sources, ENGINEER, made.id, "Go.", LATER).version == "2"


def test_a_rollback_to_an_artifact_that_changed_or_is_gone_is_refused_before_anything_moves(desk: Desk) -> None:
    approve(desk.engine, desk.sources, ENGINEER, requested(desk).id, "Go.", LATER)
    file = desk.registry.folder / "1.skops"
    sound = file.read_bytes()
    before = entries(desk.engine)

    file.write_bytes(b"other")
    with pytest.raises(RefusedError, match="model file of version 1 is another than the ledger says"):
        roll_back(desk.engine, desk.registry, ENGINEER, "Back.", LATER)
    file.unlink()
    with pytest.raises(RefusedError, match="version 1 is gone"):
        roll_back(desk.engine, desk.registry, ENGINEER, "Back.", LATER)

    found = champion(desk.engine)
    assert (found and found.version, desk.registry.champion_alias(), entries(desk.engine)) == ("2", "2", before)
    file.write_bytes(sound)
    assert roll_back(desk.engine, desk.registry, ENGINEER, "Back.", LATER).version == "1"


def test_a_rollback_goes_where_the_ledger_says_whatever_the_record_does(desk: Desk) -> None:
    approve(desk.engine, desk.sources, ENGINEER, requested(desk).id, "Go.", LATER)
    third = requested(desk, "3")
    for gate in third.failed:
        override_gate(desk.engine, ENGINEER, third.id, gate.gate, "For the test.", LATER)
    approve(desk.engine, desk.sources, ENGINEER, third.id, "Go.", LATER)
    changed(desk, "UPDATE champion_tenures SET falls_back_to = 1 WHERE version = '3'")

    with pytest.raises(RefusedError, match="falls back to version 1, and the ledger tells of version 2"):
        roll_back(desk.engine, desk.registry, ENGINEER, "Back.", LATER)

    found = champion(desk.engine)
    assert (found and found.version, desk.registry.champion_alias()) == ("3", "3")


def test_another_name_under_the_champion_is_noticed(desk: Desk) -> None:
    approve(desk.engine, desk.sources, ENGINEER, requested(desk).id, "Go.", LATER)
    changed(desk, "UPDATE champion_tenures SET by = 'mallory' WHERE version = '2'")
    made = requested(desk, "3")
    for gate in made.failed:
        override_gate(desk.engine, ENGINEER, made.id, gate.gate, "For the test.", LATER)

    with pytest.raises(RefusedError, match="version 2 as champion is not what row 3 of the ledger says"):
        approve(desk.engine, desk.sources, OTHER_ENGINEER, made.id, "Go.", LATER)


def test_a_rollback_to_a_record_that_was_changed_is_refused(desk: Desk) -> None:
    approve(desk.engine, desk.sources, ENGINEER, requested(desk).id, "Go.", LATER)
    changed(desk, "UPDATE champion_tenures SET version = '3' WHERE version = '1'")

    with pytest.raises(RefusedError, match="row 1 of the ledger"):
        roll_back(desk.engine, desk.registry, ENGINEER, "Back.", LATER)
