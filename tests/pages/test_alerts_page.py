"""The page of alerts: what is open and can be done about it, rules from the form, channels by name alone, roles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from jobs.alert_checks import check_alerts
from jobs.requests import list_jobs
from lake_access.database import open_database
from lake_access.permissions import Actor, local_user
from lake_access.settings import Settings, load_settings
from monitoring.alerts.records import list_alerts
from monitoring.alerts.rules import RuleWish, list_rules, set_rule
from tests.monitoring.alerts.receivers import Webhook, webhook
from tests.pages import lakes
from tests.pages.conftest import HOSTILE, OpenPage

ADA = local_user("ada")
STALE = RuleWish(HOSTILE, "freshness_hours", "above", 36, channels=("ops",))
NOW = datetime.now(UTC)


@pytest.fixture
def ops() -> Iterator[Webhook]:
    with webhook() as hook:
        yield hook


@pytest.fixture
def home(tmp_path: Path, ops: Webhook, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of a small lake that landed long ago, with a webhook as the channel `ops`."""
    monkeypatch.setenv("LEADLAKE_ALERT_CHANNELS", f"ops={ops.address}")
    lakes.fill(tmp_path)
    return tmp_path


@pytest.fixture
def settings(home: Path, ops: Webhook) -> Settings:
    return load_settings({"LEADLAKE_HOME": str(home), "LEADLAKE_ALERT_CHANNELS": f"ops={ops.address}"})


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    engine = open_database(settings)
    yield engine
    engine.dispose()


def opened(open_page: OpenPage, home: Path) -> AppTest:
    page = open_page(home, "alerts.py")
    assert not page.exception
    assert not page.error, [error.value for error in page.error]
    return page


def texts(page: AppTest) -> str:
    return "\n".join(text.value for text in page.text)


def as_reader(monkeypatch: pytest.MonkeyPatch, *roles: str) -> None:
    actor = Actor("rea", frozenset(roles), "oidc")  # type: ignore[arg-type]
    for module in ("app.acting", "app.job_views.status"):
        monkeypatch.setattr(f"{module}.acting", lambda: actor)


def open_alert(engine: Engine, settings: Settings) -> None:
    set_rule(engine, ADA, STALE, ("ops",), NOW)
    check_alerts(engine, settings, ADA, NOW)


def test_without_a_rule_it_says_so_and_offers_the_form(open_page: OpenPage, home: Path) -> None:
    page = opened(open_page, home)

    assert page.title[0].value == "Alerts"
    assert page.info[0].value == "No alert is open, as no rule watches anything yet."
    assert page.button(key="rule_new_save").label == "Save the rule"


def test_an_open_alert_shows_what_and_since_when_as_text(
    open_page: OpenPage, home: Path, engine: Engine, settings: Settings
) -> None:
    open_alert(engine, settings)

    page = opened(open_page, home)

    assert f"{HOSTILE}: Hours since the newest batch above 36.0 hours" in texts(page)
    assert "the newest batch landed at 2025-12-31 12:00 UTC" in texts(page)
    assert HOSTILE not in "".join(markdown.value for markdown in page.markdown)
    rules = page.dataframe[0].value
    assert rules["state"].tolist() == ["! open"]
    assert rules["told"].tolist() == ["ops; every 24 hours until acknowledged"]


def test_acknowledging_takes_a_note_and_shows_who_has_it(
    open_page: OpenPage, home: Path, engine: Engine, settings: Settings
) -> None:
    open_alert(engine, settings)
    page = opened(open_page, home)

    page.text_area(key="note_1").set_value("the feed moved")
    next(button for button in page.button if button.label == "Acknowledge").click()
    page.run()

    (alert,) = list_alerts(engine)
    assert (alert.state, alert.note) == ("acknowledged", "the feed moved")
    assert "the feed moved" in texts(page)


def test_a_rule_comes_from_the_form_and_what_cannot_be_is_refused_in_a_sentence(
    open_page: OpenPage, home: Path, engine: Engine
) -> None:
    page = opened(open_page, home)
    page.button(key="rule_new_save").click().run()
    assert "Above which value? Give a threshold, as a number." in texts(page)

    page.segmented_control(key="rule_new_comparison_conversion_rate").set_value("below").run()
    page.segmented_control(key="rule_new_segment_conversion_rate").set_value("source").run()
    page.selectbox(key="rule_new_source").set_value("cellular")
    page.number_input(key="rule_new_threshold_conversion_rate").set_value(12.5)
    page.multiselect(key="rule_new_channels").set_value(["ops"])
    page.button(key="rule_new_save").click().run()

    (rule,) = list_rules(engine)
    told = replace(RuleWish("Conversion rate", "conversion_rate", "below", 0.125), channels=("ops",))
    assert (rule.name, rule.comparison, rule.threshold) == (told.name, told.comparison, told.threshold)
    assert (rule.segment, rule.segment_value, rule.channels) == ("source", "cellular", ("ops",))
    assert (rule.days, rule.days_before, rule.checks, rule.remind_hours) == (28, 112, 1, 24)


def test_a_mute_is_kept_and_check_now_asks_for_the_job(
    open_page: OpenPage, home: Path, engine: Engine, settings: Settings
) -> None:
    open_alert(engine, settings)
    page = opened(open_page, home)

    page.button(key="mute_now_alert_1").click().run()
    page.button(key="check_now").click().run()

    (rule,) = list_rules(engine)
    assert rule.muted_until is not None
    assert rule.muted_until - NOW > timedelta(hours=23)
    assert [job.kind for job in list_jobs(engine, ADA)] == ["check_alerts"]


def test_a_channel_shows_its_name_alone_and_takes_a_test(open_page: OpenPage, home: Path, ops: Webhook) -> None:
    page = opened(open_page, home)
    assert "ops · webhook" in texts(page)
    assert str(ops.port) not in texts(page)

    page.button(key="test_ops").click().run()
    assert ops.titles == ["Leadlake: a test of this channel"]

    ops.status = 500
    page.button(key="test_ops").click().run()
    assert "The channel ops did not take the message" in texts(page)


def test_what_was_not_delivered_is_shown(
    open_page: OpenPage, home: Path, engine: Engine, settings: Settings, ops: Webhook
) -> None:
    ops.status = 500
    open_alert(engine, settings)

    page = opened(open_page, home)

    assert "to ops (waiting)\nThe channel ops did not take the message" in texts(page)


def test_a_viewer_sees_the_alerts_and_can_change_nothing(
    open_page: OpenPage, home: Path, engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_alert(engine, settings)
    as_reader(monkeypatch, "viewer")

    page = opened(open_page, home)

    assert HOSTILE in texts(page)
    assert [button.label for button in page.button] == []


def test_overview_names_the_open_alerts(open_page: OpenPage, home: Path, engine: Engine, settings: Settings) -> None:
    open_alert(engine, settings)

    page = open_page(home, "overview.py")

    assert any("1 open alert" in markdown.value for markdown in page.markdown)
    assert f"{HOSTILE}: Hours since the newest batch above 36.0 hours." in texts(page)
