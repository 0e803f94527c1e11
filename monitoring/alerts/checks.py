"""A check of all rules: measure, judge, keep, and write down what is to be told, as one transaction a rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, delete, insert, select, update

from lake_access.database import reading, writing
from lake_access.errors import QueryRefusedError
from lake_access.settings import Settings
from monitoring.alerts.measures import Measured, Surroundings, breached, measure
from monitoring.alerts.outbox import put
from monitoring.alerts.rules import Rule, list_rules, read_rule
from monitoring.alerts.tables import ALERTS, CHECKS, RULES, STATUS, open_alerts
from monitoring.alerts.transitions import Status, Step, step
from monitoring.alerts.words import body_of, title_of

KEEP_CHECKS = timedelta(days=90)
Progress = Callable[[str, float | None], None]


@dataclass(frozen=True)
class Standing:
    """Where a rule stands since its last check: its state, its alert if one is open, and the last value."""

    rule: int
    status: Status
    alert: int | None = None
    checked_at: datetime | None = None
    value: float | None = None
    detail: str = ""


@dataclass(frozen=True)
class Checked:
    """What a check found of a rule."""

    rule: Rule
    found: Measured
    breached: bool | None
    standing: Standing


def check_rules(
    engine: Engine, settings: Settings, around: Surroundings, progress: Progress = lambda _step, _share: None
) -> list[Checked]:
    """Check every rule that is enabled; what is to be told waits in the outbox then.

    Raises:
        StorageError: the lake or the database cannot be reached.
    """
    open_alerts(engine)
    enabled = [rule for rule in list_rules(engine) if rule.enabled]
    checked = []
    for place, rule in enumerate(enabled):
        progress(f"Checking rule {rule.id}", place / len(enabled))
        found = _measured(rule, around)
        after = _keep(engine, settings, rule, found, around.now)
        if after is not None:
            checked.append(Checked(rule, found, breached(rule, found), after))
    with writing(engine) as connection:
        connection.execute(delete(CHECKS).where(CHECKS.c.at < around.now - KEEP_CHECKS))
    return checked


def standings(engine: Engine) -> dict[int, Standing]:
    """Where each rule stands that was checked, by its id.

    Raises:
        StorageError: the database cannot be reached or read.
    """
    open_alerts(engine)
    with reading(engine) as connection:
        return {row["rule"]: _standing(row) for row in connection.execute(select(STATUS)).mappings()}


def _measured(rule: Rule, around: Surroundings) -> Measured:
    """What a rule finds; one that asks for what is not there has no value, and the others are checked all the same."""
    try:
        return measure(rule, around)
    except QueryRefusedError as exc:
        return Measured(None, str(exc))


def _keep(engine: Engine, settings: Settings, rule: Rule, found: Measured, now: datetime) -> Standing | None:
    """Make the step and keep it, with what is to be told of it; None where the rule was changed meanwhile."""
    with writing(engine) as connection:
        current = connection.execute(select(RULES).where(RULES.c.id == rule.id)).mappings().one()
        if current["removed"] or not current["enabled"] or current["set_at"] != rule.set_at:
            return None
        rule = read_rule(connection, rule.id)
        before = _read_standing(connection, rule.id)
        if before.checked_at is not None and now <= before.checked_at:
            return None  # another check was quicker
        judged = breached(rule, found)
        made = step(rule, before.status, judged, now)
        alert = _keep_alert(connection, rule, before.alert, made, found, now)
        told_of = made.status if made.status.since else before.status
        if made.tell is not None and alert is not None:
            occasion = f"alert {alert} {made.tell}" + (f" {made.status.reminders}" if made.tell == "reminder" else "")
            body = body_of(made.tell, rule, found, told_of.since or now, now, settings)
            put(connection, occasion, rule.channels, title_of(made.tell, rule), body, now, alert)
        after = Standing(rule.id, made.status, None if made.ended else alert, now, found.value, found.detail)
        _write(connection, after, judged)
        return after


def _keep_alert(
    connection: Connection, rule: Rule, alert: int | None, made: Step, found: Measured, now: datetime
) -> int | None:
    """Begin or end the rule's alert; the one that is told of."""
    if made.opened:
        values = {"rule": rule.id, "since": made.status.since, "opened_at": now}
        key = connection.execute(
            insert(ALERTS).values(**values, value=found.value, detail=found.detail)
        ).inserted_primary_key
        return int(key[0]) if key else None
    if made.ended:
        connection.execute(update(ALERTS).where(ALERTS.c.id == alert).values(ended_at=now, ended_how="recovered"))
    return alert


def _write(connection: Connection, after: Standing, judged: bool | None) -> None:
    values: dict[str, Any] = {**asdict(after.status), "alert": after.alert, "checked_at": after.checked_at}
    values |= {"value": after.value, "detail": after.detail}
    connection.execute(delete(STATUS).where(STATUS.c.rule == after.rule))
    connection.execute(insert(STATUS).values(rule=after.rule, **values))
    check = {"rule": after.rule, "at": after.checked_at, "value": after.value, "breached": judged}
    connection.execute(insert(CHECKS).values(**check, detail=after.detail))


def _read_standing(connection: Connection, rule_id: int) -> Standing:
    row = connection.execute(select(STATUS).where(STATUS.c.rule == rule_id)).mappings().first()
    return Standing(rule_id, Status()) if row is None else _standing(row)


def _standing(row: RowMapping | Mapping[str, Any]) -> Standing:
    status = Status(**{field.name: row[field.name] for field in fields(Status)})
    return Standing(row["rule"], status, row["alert"], row["checked_at"], row["value"], row["detail"])
