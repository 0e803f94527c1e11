from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from app.cli.main import app
from lake_access.database import open_database, writing
from lake_access.settings import load_settings
from tests.training.promotion import model_lakes

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


def run(home: Path, user: str, *arguments: str) -> Result:
    environment = {"LEADLAKE_HOME": str(home), "LEADLAKE_USER": user}
    return CliRunner().invoke(app, list(arguments), env=environment)


def told(home: Path, user: str, *arguments: str) -> Any:
    ended = run(home, user, *arguments, "--json")
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

    own = run(home, "ana", "promotion", "approve", "1", "--reason", "Mine.")
    assert (own.exit_code, "another person must" in own.stderr) == (1, True)
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
