"""From check to check: what a rule's state becomes and what is told, case by case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitoring.alerts.rules import Rule
from monitoring.alerts.transitions import Status, Step, step

NOON = datetime(2025, 12, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
RULE = Rule("stale", "freshness_hours", threshold=36, checks=2, remind_hours=3)


def walk(rule: Rule, breaches: Sequence[bool | None], before: Status | None = None) -> list[Step]:
    """A check an hour, from noon on."""
    status, steps = before or Status(), []
    for hour, breached in enumerate(breaches):
        made = step(rule, status, breached, NOON + hour * HOUR)
        steps.append(made)
        status = made.status
    return steps


def test_it_opens_after_so_many_checks_in_a_row_and_tells_once() -> None:
    steps = walk(RULE, [True, True, True])

    assert [made.status.state for made in steps] == ["pending", "open", "open"]
    assert [made.opened for made in steps] == [False, True, False]
    assert [made.tell for made in steps] == [None, "opened", None]
    assert steps[-1].status.since == NOON


def test_one_good_check_in_between_begins_the_count_anew() -> None:
    steps = walk(RULE, [True, False, True, True])

    assert [made.status.state for made in steps] == ["pending", "ok", "pending", "open"]
    assert steps[-1].status.since == NOON + 2 * HOUR
    assert [made.ended for made in steps] == [False] * 4


def test_it_reminds_as_often_as_set_from_the_last_word_on() -> None:
    steps = walk(RULE, [True] * 9)

    assert [made.tell for made in steps] == [None, "opened", None, None, "reminder", None, None, "reminder", None]
    assert steps[-1].status.reminders == 2


def test_it_never_reminds_where_no_reminder_is_set() -> None:
    assert [made.tell for made in walk(replace(RULE, remind_hours=None), [True] * 30)].count("reminder") == 0


def test_an_acknowledged_alert_reminds_nobody_and_tells_of_its_recovery() -> None:
    taken_on = Status("acknowledged", 2, NOON - HOUR, told=True, told_at=NOON - HOUR)

    steps = walk(RULE, [True] * 6 + [False], taken_on)

    assert [made.tell for made in steps] == [None] * 6 + ["recovered"]
    assert [made.status.state for made in steps] == ["acknowledged"] * 6 + ["ok"]
    assert steps[-1].ended
    assert steps[-1].status == Status()


def test_recovery_is_told_once() -> None:
    assert [made.tell for made in walk(RULE, [True, True, False, False])] == [None, "opened", "recovered", None]


def test_what_only_was_pending_is_no_recovery() -> None:
    assert [made.tell for made in walk(RULE, [True, False])] == [None, None]


@pytest.mark.parametrize("state", ["ok", "pending", "acknowledged"])
def test_a_check_without_a_value_changes_nothing(state: str) -> None:
    before = Status(state, 1, NOON, told=True, told_at=NOON)  # type: ignore[arg-type]

    assert step(RULE, before, None, NOON + 30 * HOUR) == Step(before)


def test_an_open_alert_reminds_even_where_a_check_has_no_value() -> None:
    before = Status("open", 2, NOON, told=True, told_at=NOON)

    assert step(RULE, before, None, NOON + 3 * HOUR).tell == "reminder"


def test_a_muted_rule_is_checked_and_silent_and_told_of_once_the_mute_has_ended() -> None:
    muted = replace(RULE, muted_until=NOON + 3 * HOUR)

    steps = walk(muted, [True] * 5)

    assert [made.status.state for made in steps] == ["pending", "open", "open", "open", "open"]
    assert [made.tell for made in steps] == [None, None, None, "opened", None]


def test_what_opened_and_ended_during_a_mute_is_never_told() -> None:
    muted = replace(RULE, muted_until=NOON + 30 * HOUR)

    assert [made.tell for made in walk(muted, [True, True, True, False])] == [None] * 4
