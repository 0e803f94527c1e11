from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from app.cli.acting import system_user
from app.cli.main import app
from lake_access.database import open_database, writing
from lake_access.ledger import entries
from lake_access.settings import load_settings
from tests.app.sign_in.served import write_config
from tests.training.promotion import model_lakes
from training.examination import examine_models

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("models")
    model_lakes.filled(home)
    return home


@pytest.fixture
def home(made_home: Path, tmp_path: Path) -> Path:
    """A home of its own, as it was filled. Tables' metadata name the old one, and nothing here builds."""
    shutil.copytree(made_home, tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def team(home: Path) -> Path:
    """The same home where people sign in, and the system's user may act by commands for ana and egon."""
    listed = f'[access.command_line.{system_user()}]\nroles = ["ml_engineer"]\nmay_act_as = ["ana", "egon"]\n'
    roles = '[access.roles]\nml_engineer = { emails = ["mia@example.com"] }\n'
    access = f'sign_in = "oidc"\ncontact = "Ask."\nhosts = ["leads.example.com"]\n{roles}{listed}'
    return write_config(home / "leadlake.toml", access)


def run(home: Path, user: str, *arguments: str, config: Path | None = None) -> Result:
    environment = {"LEADLAKE_HOME": str(home), "LEADLAKE_USER": user}
    if config is not None:
        environment["LEADLAKE_CONFIG"] = str(config)
    return CliRunner().invoke(app, list(arguments), env=environment)


def told(home: Path, user: str, *arguments: str, config: Path | None = None) -> Any:
    ended = run(home, user, *arguments, "--json", config=config)
    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout.count("\n") == 1
    return json.loads(ended.stdout)


def test_a_promotion_is_walked_from_request_to_rollback(home: Path) -> None:
    (waiting,) = told(home, "ana", "promotion", "list")["requests"]
    assert {"id", "version", "state", "requested_by", "gates"} <= waiting.keys()
    assert (waiting["id"], waiting["version"], waiting["state"], waiting["requested_by"]) == (
        1,
        "2",
        "requested",
        "ana",
    )
    assert {"gate", "passed", "detail"} <= waiting["gates"][0].keys()
    failed = [gate["gate"] for gate in waiting["gates"] if not gate["passed"]]
    assert "drift_report" in failed

    held_up = run(home, "egon", "promotion", "approve", "1", "--reason", "Go.")
    assert (held_up.exit_code, "held up by its gates" in held_up.stderr) == (1, True)
    for gate in failed:
        told(home, "egon", "promotion", "override", "1", gate, "--reason", "There is nothing earlier.")
    approved = told(home, "egon", "promotion", "approve", "1", "--reason", "Better.")
    assert (approved["state"], approved["champion"]) == ("approved", "2")
    back = told(home, "egon", "promotion", "rollback", "--reason", "Odd scores.")
    assert (back["champion"], back["previous"]) == ("1", None)

    audit = told(home, "egon", "audit")
    assert (audit["valid"], audit["first_broken"], audit["rows"]) == (True, None, len(audit["entries"]))
    assert audit["entries"][-1]["event"] == "promotion.rolled_back"


def test_where_people_sign_in_nobody_approves_an_own_request_by_a_command(home: Path, team: Path) -> None:
    own = run(home, "ana", "promotion", "approve", "1", "--reason", "Mine.", config=team)
    assert (own.exit_code, "another person must" in own.stderr) == (1, True)
    for gate in failed_gates(home):
        told(home, "egon", "promotion", "override", "1", gate, "--reason", "Nothing earlier.", config=team)

    assert told(home, "egon", "promotion", "approve", "1", "--reason", "Go.", config=team)["champion"] == "2"


def test_alone_on_a_machine_one_approves_an_own_request_and_the_ledger_says_so(home: Path) -> None:
    for gate in failed_gates(home):
        told(home, "ana", "promotion", "override", "1", gate, "--reason", "There is nothing earlier.")

    assert told(home, "ana", "promotion", "approve", "1", "--reason", "I looked at it.")["champion"] == "2"

    engine = open_database(load_settings({"LEADLAKE_HOME": str(home)}))
    (approved,) = entries(engine, event="promotion.approved")
    assert (approved.actor, approved.via, approved.details["own_request"]) == ("ana", "command line", True)


def failed_gates(home: Path) -> list[str]:
    (waiting,) = told(home, "ana", "promotion", "list")["requests"]
    return [gate["gate"] for gate in waiting["gates"] if not gate["passed"]]


def test_the_whole_road_by_commands(tmp_path: Path) -> None:
    home = tmp_path / "road"
    model_lakes.begun(home)
    made = told(home, "ana", "train", "--algorithm", "gradient_boosting")
    assert made["version"] == "2"

    waiting = told(home, "ana", "promotion", "request", "2", "--reason", "It ranks better.")
    gates = {gate["gate"]: gate["passed"] for gate in waiting["gates"]}
    assert gates["drift_report"]
    for gate in (name for name, passed in gates.items() if not passed):
        told(home, "egon", "promotion", "override", "1", gate, "--reason", "Few leads.")
    assert told(home, "egon", "promotion", "approve", "1", "--reason", "Go.")["champion"] == "2"
    assert told(home, "egon", "promotion", "rollback", "--reason", "Odd scores.")["champion"] == "1"

    audit = told(home, "egon", "audit", "--verify")
    assert audit["valid"]
    findings = json.loads(run(home, "egon", "doctor", "--json").stdout)["findings"]
    looked_at = {finding["subject"]: finding["verdict"] for finding in findings}
    assert {looked_at[subject] for subject in ("ledger", "champion", "model files", "MLflow", "MLflow's alias")} == {
        "ok"
    }


def test_doctor_names_a_changed_model_file_an_alias_and_a_ledger_row(home: Path) -> None:
    from training.registry import set_champion_alias

    settings = load_settings({"LEADLAKE_HOME": str(home)})
    (model,) = (Path(settings.lake) / "models" / "2").glob("*.skops")
    model.chmod(0o644)
    model.write_bytes(b"\x80\x04N.")
    set_champion_alias(settings, "2")
    with writing(open_database(settings)) as connection:
        connection.execute(text("UPDATE ledger SET actor = 'mallory' WHERE number = 3"))

    findings = {found.subject: found for found in examine_models(settings)}

    assert "a pickle stands in its place" in findings["model files"].detail
    assert "points to version 2, but the champion is version 1" in findings["MLflow's alias"].detail
    assert "row 3 of" in findings["ledger"].detail
    assert {findings[name].verdict for name in ("model files", "MLflow's alias", "ledger")} == {"failure"}


def test_a_changed_ledger_row_is_named_and_the_ledger_exported(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    rows = told(home, "egon", "audit", "--verify", "--export", str(file))["rows"]
    assert len(file.read_text().splitlines()) == rows
    with writing(open_database(load_settings({"LEADLAKE_HOME": str(home)}))) as connection:
        connection.execute(text("UPDATE ledger SET actor = 'mallory' WHERE number = 3"))

    ended = run(home, "egon", "audit", "--verify", "--json")

    assert ended.exit_code == 1
    assert json.loads(ended.stdout) == {"rows": rows, "valid": False, "first_broken": 3}


def test_a_request_that_is_shown_or_rejected_says_why_in_words(home: Path) -> None:
    shown = run(home, "egon", "promotion", "show", "1").stdout
    rejected = run(home, "egon", "promotion", "reject", "1", "--reason", "Wait for June.").stdout

    assert "It sees <b>more</b> [x](http://x)." in shown
    assert "egon on " in rejected
    assert "Wait for June." in rejected


def test_an_alias_moved_in_mlflow_is_refused_until_repaired(home: Path) -> None:
    from training.registry import champion_alias, set_champion_alias

    settings = load_settings({"LEADLAKE_HOME": str(home)})
    set_champion_alias(settings, "2")

    refused = run(home, "egon", "promotion", "approve", "1", "--reason", "Go.")
    assert "points to version 2, but the champion is version 1" in refused.stderr
    told(home, "egon", "promotion", "repair", "--reason", "Somebody tried it.")

    assert champion_alias(settings) == "1"


def test_a_changed_model_file_voids_the_request(home: Path) -> None:
    settings = load_settings({"LEADLAKE_HOME": str(home)})
    (waiting,) = told(home, "egon", "promotion", "list")["requests"]
    for gate in (each["gate"] for each in waiting["gates"] if not each["passed"]):
        told(home, "egon", "promotion", "override", "1", gate, "--reason", "There is nothing earlier.")
    (model,) = (Path(settings.lake) / "models" / "2").glob("*.skops")
    model.chmod(0o644)
    model.write_bytes(b"\x80\x04N.")

    void = run(home, "egon", "promotion", "approve", "1", "--reason", "Go.")

    assert (void.exit_code, "the model file of version 2 changed" in void.stderr.lower()) == (1, True)
    assert told(home, "egon", "promotion", "show", "1")["state"] == "void"
