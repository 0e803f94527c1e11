"""Alerts from the check to the receiver: a mail server and a webhook get each word once, over restarts and kills."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from jobs.alert_checks import check_alerts, deliver_waiting, failed_jobs
from jobs.job import FINISHED
from jobs.kinds import KINDS
from jobs.requests import list_jobs
from jobs.schedules import list_schedules, remove_schedule
from jobs.tables import SCHEDULES, open_jobs
from jobs.tending import schedule_checks
from lake_access.building.build import build
from lake_access.database import open_database, writing
from lake_access.errors import NotAllowedError, RefusedError
from lake_access.ledger import entries
from lake_access.permissions import Actor, local_user
from lake_access.settings import Settings
from monitoring.alerts.channels import send, try_channel
from monitoring.alerts.outbox import UNSURE_AFTER, deliver, list_messages, send_again
from monitoring.alerts.records import acknowledge, checks_of, list_alerts
from monitoring.alerts.rules import RuleWish, mute_rule, remove_rule, set_rule
from tests.app.cli.running import finish, start
from tests.lake_access.lakes import NOW, lake_in, land_lines, touch
from tests.monitoring.alerts.receivers import Mailbox, Webhook

ADA = local_user("ada")
HOUR = timedelta(hours=1)
STALE = RuleWish("Data are stale", "freshness_hours", "above", 36, checks=2, remind_hours=12, channels=("team", "ops"))
ROOT = Path(__file__).parents[2]


@pytest.fixture
def settings(tmp_path: Path, team: Mailbox, ops: Webhook) -> Settings:
    """A lake whose newest batch landed at NOW, with both receivers as channels."""
    channels = f"team={team.address}\nops={ops.address}"
    variables = {"alert_channels": channels, "base_url": "https://leads.example.com"}
    lake = lake_in(tmp_path, **variables)
    land_lines(lake, "webinar", touch(email="secret@example.com"), at=NOW)
    build(lake, NOW)
    return lake.settings


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    engine = open_database(settings)
    yield engine
    engine.dispose()


def rule_of(engine: Engine, wish: RuleWish = STALE) -> int:
    return set_rule(engine, ADA, wish, ("team", "ops"), NOW).id


def check(engine: Engine, settings: Settings, *hours: float) -> None:
    for hour in hours:
        check_alerts(engine, settings, ADA, NOW + hour * HOUR)


def land_anew(settings: Settings, at: datetime) -> None:
    lake = lake_in(settings.home)
    land_lines(lake, "webinar", touch(email="other@example.com"), at=at)
    build(lake, at)


def check_in_a_process(settings: Settings, hour: float) -> subprocess.Popen[bytes]:
    secret = settings.environment.alert_channels
    assert secret is not None
    return subprocess.Popen(
        [sys.executable, "-m", "tests.jobs.alert_check_process", (NOW + hour * HOUR).isoformat()],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "LEADLAKE_HOME": str(settings.home),
            "LEADLAKE_ALERT_CHANNELS": secret.get_secret_value(),
        },
    )


def test_opening_reminder_and_recovery_arrive_once_each_by_mail_and_by_webhook(
    engine: Engine, settings: Settings, team: Mailbox, ops: Webhook
) -> None:
    rule_of(engine)

    check(engine, settings, 1, 37, 38, 39, 40, 49.5, 50, 51)
    land_anew(settings, NOW + 51.5 * HOUR)
    check(engine, settings, 52, 53)

    told = ["Alert: Data are stale", "Still open: Data are stale", "Recovered: Data are stale"]
    assert team.subjects == told
    assert ops.titles == told
    assert [message.state for message in list_messages(engine)] == ["delivered"] * 6


def test_a_message_says_what_since_when_and_where_and_nothing_of_a_lead(
    engine: Engine, settings: Settings, team: Mailbox, ops: Webhook
) -> None:
    rule_of(engine)

    check(engine, settings, 37, 38)

    assert ops.posts[0]["message"].splitlines() == [
        "Watched: Hours since the newest batch above 36.0 hours.",
        f"Value: 38.0 hours (the newest batch landed at {NOW:%Y-%m-%d %H:%M} UTC).",
        f"Since: {NOW + 37 * HOUR:%Y-%m-%d %H:%M} UTC.",
        "See https://leads.example.com/alerts",
    ]
    assert team.letters[0].get_content_type() == "text/plain"
    assert "secret" not in team.letters[0].as_string()


@pytest.mark.slow
def test_every_process_anew_tells_once_all_the_same(
    engine: Engine, settings: Settings, team: Mailbox, ops: Webhook
) -> None:
    rule_of(engine)

    for hour in (37, 38, 39, 50.5, 51):
        assert check_in_a_process(settings, hour).wait(60) == 0
    land_anew(settings, NOW + 51.5 * HOUR)
    for hour in (52, 53):
        assert check_in_a_process(settings, hour).wait(60) == 0

    assert len(team.letters) == len(ops.posts) == 3


def test_killed_between_arrival_and_note_it_is_not_sent_again_and_the_others_still_are(
    engine: Engine, settings: Settings, team: Mailbox, ops: Webhook
) -> None:
    rule_of(engine, replace(STALE, channels=("ops", "team")))
    check(engine, settings, 37)
    running: list[subprocess.Popen[bytes]] = []
    # The webhook has the message, and its sender dies before it hears so.
    ops.before_answer = lambda _posts: running[0].kill()

    running.append(check_in_a_process(settings, 38))
    assert running[0].wait(60) == -signal.SIGKILL
    ops.before_answer = lambda _posts: None

    assert [(each.channel, each.state) for each in list_messages(engine)] == [("team", "waiting"), ("ops", "sending")]
    check(engine, settings, 38 + 1 / 60)
    assert (team.subjects, ops.titles) == (["Alert: Data are stale"],) * 2
    check(engine, settings, 39)
    assert [(each.channel, each.state) for each in list_messages(engine)] == [("team", "delivered"), ("ops", "unsure")]
    assert len(team.letters) == len(ops.posts) == 1


def test_killed_before_anything_was_sent_the_next_check_delivers_it(
    engine: Engine, settings: Settings, team: Mailbox, ops: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule_of(engine)
    check(engine, settings, 37)
    # What a kill leaves after the state was committed, and before the first delivery.
    monkeypatch.setattr("jobs.alert_checks.deliver_waiting", lambda *_: [])
    check(engine, settings, 38)
    monkeypatch.undo()
    assert team.subjects == ops.titles == []

    check(engine, settings, 38.25, 38.5)

    assert team.subjects == ops.titles == ["Alert: Data are stale"]


def test_what_nobody_knows_of_is_sent_again_by_hand_alone(engine: Engine, settings: Settings, ops: Webhook) -> None:
    rule_of(engine, replace(STALE, channels=("ops",), checks=1))

    def dies(_: object) -> None:
        raise KeyboardInterrupt

    check_at = NOW + 37 * HOUR
    ops.status = 500
    check(engine, settings, 37)
    ops.status = 200
    with pytest.raises(KeyboardInterrupt):
        deliver(engine, dies, check_at + HOUR)
    (message,) = list_messages(engine)
    with pytest.raises(RefusedError, match="not sent again"):
        send_again(engine, ADA, message.id, check_at + HOUR)
    assert deliver_waiting(engine, settings, check_at + HOUR + UNSURE_AFTER) == []

    send_again(engine, ADA, message.id, check_at + 2 * HOUR)
    deliver_waiting(engine, settings, check_at + 2 * HOUR)

    assert ops.titles == ["Alert: Data are stale"]


def test_a_refused_delivery_is_shown_tried_again_and_in_the_end_failed(
    engine: Engine, settings: Settings, team: Mailbox, ops: Webhook
) -> None:
    rule_of(engine, replace(STALE, checks=1, remind_hours=None))
    team.refuses, ops.status = True, 500

    check(engine, settings, 37)
    states = {each.channel: (each.state, each.error) for each in list_messages(engine)}
    assert states["team"][0] == states["ops"][0] == "waiting"
    assert "The channel ops did not take the message" in str(states["ops"][1])
    check(engine, settings, 37 + 0.5 / 60)
    assert {each.attempts for each in list_messages(engine)} == {1}
    team.refuses = False
    check(engine, settings, 37.1)
    assert team.subjects == ["Alert: Data are stale"]
    check(engine, settings, *range(38, 60))

    (failed,) = (each for each in list_messages(engine) if each.channel == "ops")
    assert (failed.state, failed.attempts) == ("failed", 7)
    assert len(team.letters) == 1


def test_of_reminders_that_a_channel_did_not_take_the_newest_word_is_enough(
    engine: Engine, settings: Settings, ops: Webhook
) -> None:
    rule_of(engine, replace(STALE, checks=1, channels=("ops",)))
    check(engine, settings, 37)
    ops.status = 500
    check(engine, settings, 50, 63)
    land_anew(settings, NOW + 64 * HOUR)
    ops.status = 200

    check(engine, settings, 65)

    assert ops.titles == ["Alert: Data are stale", "Recovered: Data are stale"]
    states = [message.state for message in list_messages(engine)]
    assert states == ["delivered", "replaced", "replaced", "delivered"]


def test_no_address_is_in_an_error_the_database_or_the_ledger(engine: Engine, settings: Settings, ops: Webhook) -> None:
    rule_of(engine, replace(STALE, checks=1))
    ops.status = 500

    check(engine, settings, 37)
    with pytest.raises(RefusedError) as refused:
        try_channel(settings, engine, ADA, "ops", NOW)

    kept = (settings.home / "leadlake.sqlite").read_bytes()
    assert str(ops.port) not in str(refused.value)
    assert b"json://" not in kept
    assert b"team@example.com" not in kept


def test_a_test_of_a_channel_arrives_and_stands_in_the_ledger(engine: Engine, settings: Settings, ops: Webhook) -> None:
    try_channel(settings, engine, ADA, "ops", NOW)

    assert ops.titles == ["Leadlake: a test of this channel"]
    assert [(row.event, row.subject, row.actor) for row in entries(engine)] == [
        ("alert.channel_tested", "channel ops", "ada")
    ]
    with pytest.raises(RefusedError, match='did you mean "ops"'):
        send(settings, "opps", "title", "body")


def test_an_acknowledged_alert_reminds_nobody_and_tells_of_its_recovery(
    engine: Engine, settings: Settings, ops: Webhook
) -> None:
    rule_of(engine, replace(STALE, checks=1, channels=("ops",)))
    check(engine, settings, 37)
    (alert,) = list_alerts(engine)

    taken = acknowledge(engine, ADA, alert.id, "the feed moved", NOW + 38 * HOUR)
    check(engine, settings, 60, 80)
    land_anew(settings, NOW + 81 * HOUR)
    check(engine, settings, 82)

    assert (taken.state, taken.acknowledged_by, taken.note) == ("acknowledged", "ada", "the feed moved")
    assert ops.titles == ["Alert: Data are stale", "Recovered: Data are stale"]
    (alert,) = list_alerts(engine)
    assert (alert.state, alert.ended_how, alert.ended_at) == ("resolved", "recovered", NOW + 82 * HOUR)
    with pytest.raises(RefusedError, match="is resolved"):
        acknowledge(engine, ADA, alert.id, "", NOW + 83 * HOUR)


def test_a_changed_or_removed_rule_ends_its_alert_without_a_word(
    engine: Engine, settings: Settings, ops: Webhook
) -> None:
    rule = rule_of(engine, replace(STALE, checks=1, channels=("ops",)))
    check(engine, settings, 37)

    set_rule(engine, ADA, replace(STALE, threshold=100, channels=("ops",)), ("ops",), NOW + 38 * HOUR, rule)
    check(engine, settings, 39)
    remove_rule(engine, ADA, rule, NOW + 40 * HOUR)
    check(engine, settings, 150)

    assert ops.titles == ["Alert: Data are stale"]
    assert [alert.ended_how for alert in list_alerts(engine)] == ["rule changed"]
    assert [row.event for row in entries(engine)] == ["alert.rule_set", "alert.rule_set", "alert.rule_removed"]


def test_a_muted_rule_is_checked_and_tells_nobody(engine: Engine, settings: Settings, ops: Webhook) -> None:
    rule = rule_of(engine, replace(STALE, checks=1, channels=("ops",)))
    mute_rule(engine, ADA, rule, 48, NOW)

    check(engine, settings, 37, 38)
    assert (ops.titles, len(list_alerts(engine, ended=False))) == ([], 1)
    check(engine, settings, 49)

    assert ops.titles == ["Alert: Data are stale"]
    assert [check.breached for check in checks_of(engine, [rule])[rule]] == [True] * 3


def test_a_rule_that_asks_for_what_is_not_there_leaves_the_others_checked(
    engine: Engine, settings: Settings, ops: Webhook
) -> None:
    set_rule(engine, ADA, RuleWish("column", "column_drift", "above", 1, column="nonsense"), (), NOW)
    rule_of(engine, replace(STALE, checks=1, channels=("ops",)))

    check(engine, settings, 37)

    assert ops.titles == ["Alert: Data are stale"]


def test_who_may_not_change_alerts_is_refused(engine: Engine, settings: Settings) -> None:
    viewer = Actor("vi", frozenset({"viewer"}), "oidc")

    for act in (
        lambda: check_alerts(engine, settings, viewer, NOW),
        lambda: set_rule(engine, viewer, STALE, ("team", "ops"), NOW),
        lambda: remove_rule(engine, viewer, 1, NOW),
        lambda: mute_rule(engine, viewer, 1, 1, NOW),
        lambda: acknowledge(engine, viewer, 1, "", NOW),
        lambda: send_again(engine, viewer, 1, NOW),
        lambda: try_channel(settings, engine, viewer, "ops", NOW),
    ):
        with pytest.raises(NotAllowedError, match="may not change alerts"):
            act()
    assert entries(engine) == []


def test_the_worker_schedules_checks_once_there_is_a_rule_and_whoever_removes_it_has_the_last_word(
    engine: Engine,
) -> None:
    open_jobs(engine)
    schedule_checks(engine, KINDS, NOW)
    assert list_schedules(engine, ADA) == []

    rule_of(engine)
    schedule_checks(engine, KINDS, NOW)
    schedule_checks(engine, KINDS, NOW)
    (schedule,) = list_schedules(engine, ADA)
    assert (schedule.kind, schedule.crontab, schedule.set_by) == ("check_alerts", "*/15 * * * *", "worker")

    remove_schedule(engine, schedule.id, ADA, NOW)
    schedule_checks(engine, KINDS, NOW)
    assert list_schedules(engine, ADA) == []


@pytest.mark.slow
def test_a_real_worker_checks_by_the_schedule_and_tells(engine: Engine, settings: Settings, ops: Webhook) -> None:
    secret = settings.environment.alert_channels
    assert secret is not None
    rule_of(engine, replace(STALE, checks=1, channels=("ops",)))  # NOW is long ago
    open_jobs(engine)
    schedule_checks(engine, KINDS, NOW)
    with writing(engine) as connection:
        connection.execute(update(SCHEDULES).values(next_run=NOW))

    worker = start("worker", home=settings.home, LEADLAKE_ALERT_CHANNELS=secret.get_secret_value())
    deadline = time.monotonic() + 60
    while not list_jobs(engine, ADA, kinds=["check_alerts"], states=FINISHED):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    worker.terminate()
    finish(worker)

    assert ops.titles == ["Alert: Data are stale"]
    (job,) = list_jobs(engine, ADA, kinds=["check_alerts"])
    assert job.result == {"rules": 1, "too_much": 1, "no_value": 0, "delivered": 1, "not_delivered": 0}
    assert failed_jobs(engine, NOW, job.requested_at + HOUR) == 0
