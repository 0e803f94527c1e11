from __future__ import annotations

import numpy as np
import pytest

from jobs.kind import JobCancelledError
from lake_access.errors import ConflictError, NotAllowedError, RefusedError
from lake_access.ledger import entries, verify
from tests.training.promotion.desk import ANALYST, ENGINEER, LATER, LOCAL, NOW, OTHER_ENGINEER, VIEWER, Desk
from training.promotion.deciding import approve, override_gate, reject
from training.promotion.gates import GATES
from training.promotion.impact import impact_from_json
from training.promotion.moving import bootstrap_champion, roll_back
from training.promotion.records import champion, request_of, requests, tenures
from training.promotion.requesting import request_promotion, withdraw


def live(desk: Desk) -> str:
    found = champion(desk.engine)
    assert found is not None
    return found.version


def events(desk: Desk) -> list[str]:
    return [entry.event for entry in entries(desk.engine)]


def test_a_request_runs_every_gate_and_freezes_what_would_change(desk: Desk) -> None:
    made = request_promotion(desk.engine, desk.sources, ANALYST, "2", "It knows past events.", NOW)

    assert [gate.gate for gate in made.gates] == [*GATES[:6], "sources_hold", "calibration"]
    assert [gate.gate for gate in made.gates if not gate.passed] == []
    impact = impact_from_json(made.evidence)
    assert impact is not None
    assert impact.comparison is not None
    assert (impact.comparison.first, impact.comparison.second) == ("1", "2")
    assert {gap.metric for gap in impact.gaps} >= {"roc_auc", "brier", "ece"}
    assert impact.comparison.movers[0].reasons[0].feature == "past_events"
    assert impact.leads.leads == 500
    assert request_of(desk.engine, made.id) == made


@pytest.mark.parametrize(
    "step", ["Making the version again", "Reading the newest mature leads", "Measuring both versions"]
)
def test_a_job_that_is_cancelled_while_the_gates_run_leaves_no_request(desk: Desk, step: str) -> None:
    def progress(told: str, _share: float | None) -> None:
        if told == step:
            raise JobCancelledError("Job 7 was cancelled.")

    with pytest.raises(JobCancelledError):
        request_promotion(desk.engine, desk.sources, ANALYST, "2", "It knows past events.", NOW, progress=progress)

    assert requests(desk.engine) == ()
    assert events(desk) == ["promotion.first"]


def test_a_promotion_goes_from_request_to_champion_and_back(desk: Desk) -> None:
    made = request_promotion(desk.engine, desk.sources, ANALYST, "2", "It knows past events.", NOW)
    approved = approve(desk.engine, desk.sources, ENGINEER, made.id, "Better in both sources.", LATER)

    assert (approved.version, approved.previous and approved.previous.version) == ("2", "1")
    assert desk.registry.champion_alias() == "2"
    assert request_of(desk.engine, made.id).state == "approved"

    back = roll_back(desk.engine, desk.registry, ENGINEER, "Sales report odd scores.", LATER)

    assert (back.version, back.previous) == ("1", None)
    assert desk.registry.champion_alias() == "1"
    assert events(desk) == ["promotion.first", "promotion.requested", "promotion.approved", "promotion.rolled_back"]
    assert [(each.version, each.how, each.by) for each in tenures(desk.engine)] == [
        ("1", "rolled back", "egon"),
        ("2", "promoted", "egon"),
        ("1", "first", "lena"),
    ]
    assert verify(desk.engine).valid


def test_nobody_approves_rejects_or_eases_a_request_of_their_own(desk: Desk) -> None:
    made = request_promotion(desk.engine, desk.sources, ENGINEER, "3", "Let me try.", NOW)

    for act in (
        lambda: approve(desk.engine, desk.sources, ENGINEER, made.id, "Mine is good.", LATER),
        lambda: reject(desk.engine, ENGINEER, made.id, "Mine is bad.", LATER),
        lambda: override_gate(desk.engine, ENGINEER, made.id, "no_worse_than_champion", "It is fine.", LATER),
    ):
        with pytest.raises(NotAllowedError, match="another person must"):
            act()

    assert request_of(desk.engine, made.id) == made
    assert live(desk) == "1"


def test_the_one_user_of_a_machine_without_sign_in_may_and_the_ledger_says_so(desk: Desk) -> None:
    made = request_promotion(desk.engine, desk.sources, LOCAL, "2", "It knows past events.", NOW)
    approve(desk.engine, desk.sources, LOCAL, made.id, "I looked at it.", LATER)

    entry = entries(desk.engine, event="promotion.approved")[0]

    assert (entry.actor, entry.via, entry.details["own_request"]) == ("lena", "local", True)


@pytest.mark.parametrize("actor", [VIEWER, ANALYST])
def test_what_a_role_may_not_do_is_refused_underneath(desk: Desk, actor: object) -> None:
    made = request_promotion(desk.engine, desk.sources, LOCAL, "2", "It knows past events.", NOW)
    before = events(desk)

    for act in (
        lambda: approve(desk.engine, desk.sources, actor, made.id, "Yes.", LATER),  # type: ignore[arg-type]
        lambda: reject(desk.engine, actor, made.id, "No.", LATER),  # type: ignore[arg-type]
        lambda: override_gate(desk.engine, actor, made.id, "calibration", "Fine.", LATER),  # type: ignore[arg-type]
        lambda: roll_back(desk.engine, desk.registry, actor, "Back.", LATER),  # type: ignore[arg-type]
    ):
        with pytest.raises(NotAllowedError):
            act()
    if actor is VIEWER:
        with pytest.raises(NotAllowedError):
            request_promotion(desk.engine, desk.sources, VIEWER, "3", "Why not.", NOW)

    assert (events(desk), live(desk)) == (before, "1")


@pytest.mark.parametrize(
    ("reason", "why"), [("  ", "A reason is needed"), ("x" * 2_001, "2,001"), ("ask ann@example.com", "e-mail address")]
)
def test_a_request_without_a_reason_that_can_be_kept_is_refused(desk: Desk, reason: str, why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        request_promotion(desk.engine, desk.sources, ANALYST, "2", reason, NOW)

    assert requests(desk.engine) == ()


def test_a_worse_version_is_held_up_by_its_gates_until_an_engineer_overrides_them(desk: Desk) -> None:
    made = request_promotion(desk.engine, desk.sources, ANALYST, "3", "A try.", NOW)

    held_up = {gate.gate for gate in made.failed}
    assert held_up >= {"no_worse_than_champion", "sources_hold"}
    with pytest.raises(RefusedError, match=r"no_worse_than_champion: ROC AUC .* 1: -0\.\d+ \(-0"):
        approve(desk.engine, desk.sources, ENGINEER, made.id, "Go.", LATER)

    for gate in made.failed:
        override_gate(desk.engine, ENGINEER, made.id, gate.gate, "An experiment for one week.", LATER)
    approve(desk.engine, desk.sources, ENGINEER, made.id, "For one week.", LATER)

    kept = entries(desk.engine, event="promotion.gate_overridden")
    assert {(entry.actor, entry.details["gate"], entry.details["reason"]) for entry in kept} == {
        ("egon", gate, "An experiment for one week.") for gate in held_up
    }
    assert live(desk) == "3"
    assert request_of(desk.engine, made.id).gates[5].override is not None


def test_only_a_failed_gate_that_allows_it_is_overridden(desk: Desk) -> None:
    (desk.registry.folder / "2.skops").write_bytes(b"a pickle in its place")
    made = request_promotion(desk.engine, desk.sources, ANALYST, "2", "It knows past events.", NOW)

    for gate, why in (("artifact_loads", "cannot be"), ("fallback_loads", "passed"), ("moon", "has no gate")):
        with pytest.raises(RefusedError, match=why):
            override_gate(desk.engine, ENGINEER, made.id, gate, "Please.", LATER)

    assert made.evidence == {}
    assert {gate.gate for gate in made.failed} == {
        "artifact_loads",
        "no_worse_than_champion",
        "calibration",
        "sources_hold",
    }


def test_gates_name_what_they_miss(desk: Desk) -> None:
    desk.registry.train(
        "4", [0, 1], digest="0" * 64, leakage_findings=("duration: it alone predicts with ROC AUC 0.95",)
    )
    sources = type(desk.sources)(**{**vars(desk.sources), "drift_report": lambda _version: None})

    made = request_promotion(desk.engine, sources, ANALYST, "4", "A try.", NOW)

    details = {gate.gate: gate.detail for gate in made.failed}
    assert set(details) == {"reproduces", "leakage_audit", "drift_report"}
    assert details["leakage_audit"].startswith("duration:")
    assert "000000000000" in details["reproduces"]


def test_a_version_waits_once_and_a_decided_request_is_told_with_who_and_why(desk: Desk) -> None:
    made = request_promotion(desk.engine, desk.sources, ANALYST, "2", "It knows past events.", NOW)
    with pytest.raises(ConflictError, match="waits for a decision already: request 1 of ana"):
        request_promotion(desk.engine, desk.sources, OTHER_ENGINEER, "2", "Mine.", NOW)
    reject(desk.engine, ENGINEER, made.id, "Wait for June.", LATER)

    with pytest.raises(ConflictError, match=r"was rejected by egon on 2025-06-01 13:00 UTC .* Wait for June"):
        approve(desk.engine, desk.sources, OTHER_ENGINEER, made.id, "Go.", LATER)

    assert live(desk) == "1"


def test_a_request_is_withdrawn_by_its_own_requester_alone(desk: Desk) -> None:
    made = request_promotion(desk.engine, desk.sources, ANALYST, "2", "It knows past events.", NOW)
    with pytest.raises(NotAllowedError):
        withdraw(desk.engine, ENGINEER, made.id, "Not mine.", LATER)

    assert withdraw(desk.engine, ANALYST, made.id, "Retrained.", LATER).state == "withdrawn"


def test_a_request_held_against_a_former_champion_is_void(desk: Desk) -> None:
    older = request_promotion(desk.engine, desk.sources, ANALYST, "3", "A try.", NOW)
    newer = request_promotion(desk.engine, desk.sources, ANALYST, "2", "It knows past events.", NOW)
    approve(desk.engine, desk.sources, ENGINEER, newer.id, "Go.", LATER)

    assert request_of(desk.engine, older.id).state == "void"
    assert "gave way to version 2" in str(request_of(desk.engine, older.id).decision_reason)
    assert request_of(desk.engine, newer.id).state == "approved"


def test_the_champion_is_neither_requested_nor_made_first_again(desk: Desk) -> None:
    with pytest.raises(RefusedError, match="the champion already"):
        request_promotion(desk.engine, desk.sources, ANALYST, "1", "Again.", NOW)
    with pytest.raises(RefusedError, match="Request a promotion"):
        bootstrap_champion(desk.engine, desk.registry, LOCAL, desk.registry.version("2"), "Again.", NOW)
    again = bootstrap_champion(desk.engine, desk.registry, LOCAL, desk.registry.version("1"), "Again.", NOW)

    assert (again.version, events(desk)) == ("1", ["promotion.first"])


def test_there_is_nothing_to_roll_back_to_before_a_promotion(desk: Desk) -> None:
    with pytest.raises(RefusedError, match="no champion before it"):
        roll_back(desk.engine, desk.registry, ENGINEER, "Back.", LATER)


def test_any_row_of_requests_approvals_and_rollbacks_leaves_one_champion_as_the_ledger_says(desk: Desk) -> None:
    rng = np.random.default_rng(4)
    believed, back = "1", list[str]()
    for _ in range(14):
        other = str(rng.choice([version for version in "12" if version != believed]))
        if back and rng.random() < 0.4:
            roll_back(desk.engine, desk.registry, ENGINEER, "Back.", LATER)
            believed = back.pop()
        else:
            made = request_promotion(desk.engine, desk.sources, ANALYST, other, "Forth.", NOW)
            for gate in made.failed:
                override_gate(desk.engine, ENGINEER, made.id, gate.gate, "For the test.", LATER)
            if rng.random() < 0.3:
                reject(desk.engine, ENGINEER, made.id, "No.", LATER)
            else:
                approve(desk.engine, desk.sources, ENGINEER, made.id, "Yes.", LATER)
                back.append(believed)
                believed = other
        moves = [e for e in entries(desk.engine) if e.event.split(".")[1] in ("first", "approved", "rolled_back")]
        assert live(desk) == desk.registry.champion_alias() == believed == moves[-1].details["version"]
    assert verify(desk.engine).valid
