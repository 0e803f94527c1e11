"""The commands for alerts, as processes of their own would run them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from app.cli.acting import system_user
from app.cli.main import app
from lake_access.database import open_database
from lake_access.permissions import local_user
from lake_access.settings import load_settings
from monitoring.alerts.rules import RuleWish, set_rule
from tests.app.cli.test_acting import with_sign_in
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


def test_a_rule_is_set_listed_changed_muted_and_removed(environment: dict[str, str]) -> None:
    made = told(environment, "set", "conversion_rate", "--source", "webinar", "--below", "0.05", "--tell", "ops")
    assert (made["rule"], made["watched"]) == (2, "Conversion rate of source webinar below 5.0%, over 28 days")
    assert (made["channels"], made["set_by"], made["days_before"]) == (["ops"], "ada", 112)

    changed = told(
        environment, "set", "column_drift", "--column", "score", "--beyond-chance", "--rule", "2", "--paused"
    )
    assert (changed["rule"], changed["metric"], changed["enabled"]) == (2, "column_drift", False)
    assert [rule["name"] for rule in told(environment, "list")["rules"]] == ["stale", "Drift of one column (PSI)"]

    assert told(environment, "mute", "1", "8")["muted_until"] is not None
    assert told(environment, "check")["delivered"] == 0
    assert told(environment, "mute", "1", "0")["muted_until"] is None
    assert told(environment, "check")["delivered"] == 1

    assert told(environment, "remove", "1") == {"rule": 1, "removed": True}
    listed = told(environment, "list")
    assert ([rule["rule"] for rule in listed["rules"]], listed["open"]) == ([2], [])


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("set", "conversion_rat", "--above", "1"), 1, 'did you mean "conversion_rate"'),
        (("set", "conversion_rate", "--above", "5"), 1, "its threshold is from 0 to 1, and not 5"),
        (("set", "conversion_rate", "--above", "0.5", "--tell", "opps"), 1, 'did you mean "ops"'),
        (("set", "column_drift", "--above", "0.2"), 1, "Which column is meant?"),
        (("set", "failed_jobs", "--beyond-chance"), 1, "cannot be held against chance"),
        (("set", "failed_jobs"), 2, "Give one of --above, --below and --beyond-chance"),
        (("set", "failed_jobs", "--above", "1", "--below", "0"), 2, "Give one of --above"),
        (("set", "conversion_rate", "--above", "0.1", "--source", "a", "--band", "b"), 2, "of one segment"),
        (("set", "failed_jobs", "--above", "1", "--rule", "9"), 1, "There is no alert rule 9"),
        (("remove", "9"), 1, "There is no alert rule 9"),
        (("mute", "1", "99999"), 1, "can be muted for 1 to"),
    ],
)
def test_a_rule_that_cannot_be_is_one_sentence_and_changes_nothing(
    environment: dict[str, str], arguments: tuple[str, ...], code: int, said: str
) -> None:
    before = told(environment, "list")["rules"]
    ended = run(environment, *arguments)

    assert ended.exit_code == code
    assert said in " ".join(ended.stderr.replace("│", " ").split())
    assert told(environment, "list")["rules"] == before


@pytest.mark.parametrize(("role", "may"), [("viewer", False), ("analyst", True)])
def test_only_who_manages_alerts_may_set_or_remove_a_rule(
    environment: dict[str, str], tmp_path: Path, role: str, may: bool
) -> None:
    config = with_sign_in(tmp_path, f'[access.command_line.{system_user()}]\nroles = ["{role}"]\n')
    variables = {**environment, "LEADLAKE_CONFIG": str(config), "LEADLAKE_USER": system_user()}

    for arguments in (("set", "failed_jobs", "--above", "0"), ("mute", "1", "2"), ("remove", "1")):
        ended = run(variables, *arguments)
        assert ended.exit_code == (0 if may else 1), arguments
        assert ("may not" in ended.stderr) is not may
