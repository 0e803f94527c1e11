"""The commands for alerts, as processes of their own would run them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from app.cli.main import app
from lake_access.database import open_database
from lake_access.permissions import local_user
from lake_access.settings import load_settings
from monitoring.alerts.rules import RuleWish, set_rule
from tests.monitoring.alerts.receivers import Webhook, webhook
from tests.pages import lakes


@pytest.fixture
def ops() -> Iterator[Webhook]:
    with webhook() as hook:
        yield hook


@pytest.fixture
def environment(tmp_path: Path, ops: Webhook) -> dict[str, str]:
    """A lake that landed long ago, with a rule that says so."""
    lakes.fill(tmp_path)
    variables = {"LEADLAKE_HOME": str(tmp_path), "LEADLAKE_ALERT_CHANNELS": f"ops={ops.address}"}
    engine = open_database(load_settings(variables))
    wish = RuleWish("stale", "freshness_hours", "above", 36, channels=("ops",))
    set_rule(engine, local_user("ada"), wish, ("ops",), datetime.now(UTC))
    return {**variables, "LEADLAKE_USER": "ada"}


def run(environment: dict[str, str], *arguments: str) -> Result:
    return CliRunner().invoke(app, ["alerts", *arguments], env=environment)


def told(environment: dict[str, str], *arguments: str) -> Any:
    ended = run(environment, *arguments, "--json")
    assert ended.exit_code == 0, ended.stderr
    return json.loads(ended.stdout)


def test_check_list_and_acknowledge_tell_one_story(environment: dict[str, str], ops: Webhook) -> None:
    assert told(environment, "list")["rules"][0]["state"] is None

    checked = told(environment, "check")
    assert (checked["delivered"], checked["rules"][0]["too_much"]) == (1, True)
    assert ops.titles == ["Alert: stale"]
    listed = told(environment, "list")
    assert [(alert["alert"], alert["state"]) for alert in listed["open"]] == [(1, "open")]
    assert listed["channels"] == {"ops": "webhook"}

    assert told(environment, "acknowledge", "1", "--note", "mine")["acknowledged_by"] == "ada"
    assert told(environment, "check")["rules"][0]["state"] == "acknowledged"
    assert "acknowledged" in run(environment, "list").stdout


def test_what_is_not_there_is_a_sentence_and_exit_1(environment: dict[str, str]) -> None:
    for arguments, said in ((("acknowledge", "7"), "There is no alert 7"), (("test", "opps"), 'did you mean "ops"')):
        ended = run(environment, *arguments)
        assert ended.exit_code == 1
        assert said in ended.stderr


def test_a_test_message_arrives(environment: dict[str, str], ops: Webhook) -> None:
    assert told(environment, "test", "ops") == {"channel": "ops", "delivered": True}
    assert ops.titles == ["Leadlake: a test of this channel"]
