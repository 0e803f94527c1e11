"""The alerts that were raised: which are open, what became of the others, and how somebody takes one on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, RowMapping, and_, select, update

from lake_access import ledger
from lake_access.database import reading, writing
from lake_access.errors import RefusedError
from lake_access.permissions import Action, Actor, require
from monitoring.alerts.rules import Rule, rule_of
from monitoring.alerts.tables import ALERTS, CHECKS, RULES, STATUS, open_alerts

LONGEST_NOTE = 2_000


@dataclass(frozen=True)
class Alert:
    """An alert: the rule that raised it (as it is now), since when, and what became of it."""

    id: int
    rule: Rule
    since: datetime
    opened_at: datetime
    value: float | None
    detail: str
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    note: str | None
    ended_at: datetime | None
    ended_how: str | None

    @property
    def state(self) -> str:
        """`open`, `acknowledged` or `resolved`."""
        if self.ended_at is not None:
            return "resolved"
        return "open" if self.acknowledged_at is None else "acknowledged"


@dataclass(frozen=True)
class Check:
    """One check of a rule: its value, and whether that was too much (None where nothing could be judged)."""

    at: datetime
    value: float | None
    breached: bool | None
    detail: str


def list_alerts(engine: Engine, *, ended: bool | None = None, limit: int = 200) -> list[Alert]:
    """The newest alerts first: those that have ended, those that have not, or (None) all.

    Raises:
        StorageError: the database cannot be reached or read.
    """
    open_alerts(engine)
    query = _joined().order_by(ALERTS.c.id.desc()).limit(limit)
    if ended is not None:
        query = query.where(ALERTS.c.ended_at.is_not(None) if ended else ALERTS.c.ended_at.is_(None))
    with reading(engine) as connection:
        return [_alert(row) for row in connection.execute(query).mappings()]


def acknowledge(engine: Engine, actor: Actor, alert_id: int, note: str, now: datetime) -> Alert:
    """Take an open alert on: nobody is reminded of it any more, and all see who sees to it.

    Raises:
        NotAllowedError: the actor may not change alerts.
        RefusedError: there is no such alert, it is not open, or the note is too long.
    """
    require(actor, Action.MANAGE_ALERTS)
    if len(note) > LONGEST_NOTE:
        raise RefusedError(f"A note has up to {LONGEST_NOTE:,} characters, and this one {len(note):,}.")
    open_alerts(engine)
    with writing(engine) as connection:
        row = connection.execute(_joined().where(ALERTS.c.id == alert_id)).mappings().first()
        if row is None:
            raise RefusedError(f"There is no alert {alert_id}; `leadlake alerts list` names them.")
        alert = _alert(row)
        if alert.state != "open":
            raise RefusedError(f"Alert {alert_id} is {alert.state}; only an open one can be acknowledged.")
        taken = {"acknowledged_at": now, "acknowledged_by": actor.name, "note": note.strip()}
        connection.execute(update(ALERTS).where(ALERTS.c.id == alert_id).values(**taken))
        stands = and_(STATUS.c.rule == alert.rule.id, STATUS.c.alert == alert_id)
        connection.execute(update(STATUS).where(stands).values(state="acknowledged"))
        ledger.append(connection, actor, "alert.acknowledged", f"alert {alert_id}", {"rule": alert.rule.id}, now)
        return _alert(connection.execute(_joined().where(ALERTS.c.id == alert_id)).mappings().one())


def checks_of(engine: Engine, rules: Sequence[int], *, limit: int = 200) -> Mapping[int, list[Check]]:
    """The newest checks of each of these rules, in their order.

    Raises:
        StorageError: the database cannot be reached or read.
    """
    open_alerts(engine)
    found = {}
    with reading(engine) as connection:
        for rule in rules:
            query = select(CHECKS).where(CHECKS.c.rule == rule).order_by(CHECKS.c.at.desc()).limit(limit)
            rows = connection.execute(query).mappings().all()
            found[rule] = [Check(row["at"], row["value"], row["breached"], row["detail"]) for row in reversed(rows)]
    return found


def _joined() -> Any:
    of_alert = [column.label(f"alert_{column.name}") for column in ALERTS.columns]
    return select(RULES, *of_alert).join_from(ALERTS, RULES, ALERTS.c.rule == RULES.c.id)


def _alert(row: RowMapping) -> Alert:
    names = [column.name for column in ALERTS.columns if column.name != "rule"]
    return Alert(rule=rule_of(row), **{name: row[f"alert_{name}"] for name in names})
