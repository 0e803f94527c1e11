"""The rules: what is watched, when it is too much, who is told; each change of one is a row of the ledger."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from math import isfinite

from sqlalchemy import Connection, Engine, RowMapping, insert, select, update

from lake_access import ledger
from lake_access.database import reading, writing
from lake_access.declarations import nearest
from lake_access.errors import RefusedError
from lake_access.permissions import Action, Actor, require
from monitoring.alerts.metrics import COMPARISONS, METRICS, SEGMENTS, Comparison, Metric, Segment, in_days, in_unit
from monitoring.alerts.tables import ALERTS, RULES, STATUS, open_alerts

LONGEST_DAYS, MOST_CHECKS, LONGEST_REMINDER_HOURS, LONGEST_MUTE_HOURS = 730, 1_000, 24 * 90, 24 * 365
DAYS_BEFORE = 4  # times the period, unless said otherwise


@dataclass(frozen=True)
class RuleWish:
    """A rule as somebody asks for it.

    `days` is the period that the metric is of, and `days_before` the one before it, that "beyond chance" and drift hold
    it against. It opens after so many `checks` in a row, and reminds every `remind_hours` (None: never).
    """

    name: str
    metric: str
    comparison: Comparison = "above"
    threshold: float | None = None
    segment: Segment = "all"
    segment_value: str | None = None
    column: str | None = None
    days: int = 0
    days_before: int = 0
    checks: int = 1
    remind_hours: int | None = 24
    channels: tuple[str, ...] = ()
    enabled: bool = True


@dataclass(frozen=True)
class Rule(RuleWish):
    """A rule as it stands, with who set it; nobody is told while it is muted."""

    id: int = 0
    set_by: str = ""
    set_at: datetime | None = None
    muted_until: datetime | None = None

    @property
    def of(self) -> Metric:
        return METRICS[self.metric]

    def is_muted(self, now: datetime) -> bool:
        """Whether nobody is told by now."""
        return self.muted_until is not None and now < self.muted_until


def described(rule: RuleWish) -> str:
    """The rule in words: `Conversion rate of source webinar below 5.0%, over 28 days`."""
    metric = METRICS[rule.metric]
    column = f" {rule.column}" if rule.column else ""
    if rule.comparison == "beyond chance":
        before = "expected" if metric.against == "expected" else f"in the {in_days(rule.days_before)} before"
        told = f"other than {before}, beyond chance"
    else:
        told = f"{rule.comparison} {in_unit(rule.threshold, metric.unit)}"
    period = f", over {in_days(rule.days)}" if rule.days else ""
    return f"{metric.title}{column}{segment_words(rule)} {told}{period}"


def segment_words(rule: RuleWish) -> str:
    """` of source webinar`, or nothing for all."""
    return "" if rule.segment == "all" else f" of {rule.segment} {rule.segment_value}"


def set_rule(
    engine: Engine,
    actor: Actor,
    wish: RuleWish,
    known_channels: Collection[str],
    now: datetime,
    rule_id: int | None = None,
) -> Rule:
    """Add a rule, or put it in the place of the one with this id, which then begins anew: an open alert of it ends.

    Raises:
        NotAllowedError: the actor may not change alerts.
        RefusedError: the rule cannot be; the message says what of it. Or there is none with this id.
        StorageError: the database cannot be reached or written.
    """
    require(actor, Action.MANAGE_ALERTS)
    checked = checked_wish(wish, known_channels)
    values = {**asdict(checked), "channels": list(checked.channels), "set_by": actor.name, "set_at": now}
    open_alerts(engine)
    with writing(engine) as connection:
        if rule_id is None:
            key = connection.execute(insert(RULES).values(**values, removed=False)).inserted_primary_key
            rule_id = int(key[0]) if key else 0
        else:
            read_rule(connection, rule_id)
            connection.execute(update(RULES).where(RULES.c.id == rule_id).values(**values))
            _begin_anew(connection, rule_id, "rule changed", now)
        rule = read_rule(connection, rule_id)
        details = {"rule": described(rule), "channels": list(rule.channels), "enabled": rule.enabled}
        ledger.append(connection, actor, "alert.rule_set", f"alert rule {rule_id}", details, now)
        return rule


def remove_rule(engine: Engine, actor: Actor, rule_id: int, now: datetime) -> None:
    """Remove a rule; the alerts that it raised stay in the history.

    Raises:
        NotAllowedError: the actor may not change alerts.
        RefusedError: there is no such rule.
    """
    require(actor, Action.MANAGE_ALERTS)
    open_alerts(engine)
    with writing(engine) as connection:
        rule = read_rule(connection, rule_id)
        connection.execute(update(RULES).where(RULES.c.id == rule_id).values(removed=True, enabled=False))
        _begin_anew(connection, rule_id, "rule removed", now)
        details = {"rule": described(rule)}
        ledger.append(connection, actor, "alert.rule_removed", f"alert rule {rule_id}", details, now)


def mute_rule(engine: Engine, actor: Actor, rule_id: int, hours: int, now: datetime) -> Rule:
    """Tell nobody of this rule for so many hours, or (0) go on telling; it is checked all the same.

    Raises:
        NotAllowedError: the actor may not change alerts.
        RefusedError: there is no such rule, or so many hours are no mute.
    """
    require(actor, Action.MANAGE_ALERTS)
    if not 0 <= hours <= LONGEST_MUTE_HOURS:
        raise RefusedError(f"A rule can be muted for 1 to {LONGEST_MUTE_HOURS} hours, or 0 to end that; not {hours}.")
    open_alerts(engine)
    with writing(engine) as connection:
        read_rule(connection, rule_id)
        until = now + timedelta(hours=hours) if hours else None
        connection.execute(update(RULES).where(RULES.c.id == rule_id).values(muted_until=until))
        ledger.append(connection, actor, "alert.muted", f"alert rule {rule_id}", {"hours": hours}, now)
        return read_rule(connection, rule_id)


def list_rules(engine: Engine) -> list[Rule]:
    """Every rule, in the order in which they were made.

    Raises:
        StorageError: the database cannot be reached or read.
    """
    open_alerts(engine)
    with reading(engine) as connection:
        return [rule_of(row) for row in _there(connection)]


def read_rule(connection: Connection, rule_id: int) -> Rule:
    """The rule with this id.

    Raises:
        RefusedError: there is none.
    """
    query = select(RULES).where(RULES.c.id == rule_id, ~RULES.c.removed)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise RefusedError(f"There is no alert rule {rule_id}; `leadlake alerts list` names them.")
    return rule_of(row)


def rule_of(row: RowMapping) -> Rule:
    """A row of the table as a rule."""
    given = {field.name: row[field.name] for field in fields(Rule)}
    return Rule(**{**given, "channels": tuple(given["channels"])})


def checked_wish(wish: RuleWish, known_channels: Collection[str]) -> RuleWish:
    """The wish with its defaults filled in.

    Raises:
        RefusedError: something of it cannot be; one sentence says what.
    """
    if wish.metric not in METRICS:
        raise RefusedError(f"There is no metric {wish.metric!r}{nearest(wish.metric, METRICS)}.")
    metric = METRICS[wish.metric]
    _check_segment(wish, metric)
    _check_comparison(wish, metric)
    _check_numbers(wish)
    if not wish.name.strip() or len(wish.name) > 200 or re.search(r"[\x00-\x1f]", wish.name):
        raise RefusedError("A rule needs a name of one line, up to 200 characters.")
    for channel in wish.channels:
        if channel not in known_channels:
            raise RefusedError(f"There is no channel {channel!r}{nearest(channel, known_channels)}.")
    days = (wish.days or metric.days) if metric.days else 0
    before = (wish.days_before or DAYS_BEFORE * days) if metric.against == "before" else 0
    values = {**asdict(wish), "name": wish.name.strip(), "days": days, "days_before": before}
    values["threshold"] = None if wish.comparison == "beyond chance" else wish.threshold
    values["segment_value"] = None if wish.segment == "all" else wish.segment_value
    values["column"] = wish.column if metric.name == "column_drift" else None
    return RuleWish(**{**values, "channels": tuple(dict.fromkeys(wish.channels))})


def _check_segment(wish: RuleWish, metric: Metric) -> None:
    if wish.segment not in SEGMENTS or wish.segment not in metric.segments:
        raise RefusedError(
            f"{metric.title} cannot be asked of one {wish.segment}; of {', '.join(metric.segments)} it can."
        )
    if wish.segment != "all" and not wish.segment_value:
        raise RefusedError(f"Which {wish.segment} is meant? Name one, or watch all.")
    if metric.name == "column_drift" and not wish.column:
        raise RefusedError("Which column is meant? Name a feature, `score` or `converted`.")


def _check_comparison(wish: RuleWish, metric: Metric) -> None:
    if wish.comparison not in COMPARISONS:
        raise RefusedError(f"A comparison is one of {', '.join(COMPARISONS)}, and not {wish.comparison!r}.")
    if wish.comparison == "beyond chance":
        if not metric.against:
            raise RefusedError(f"{metric.title} cannot be held against chance; give a threshold.")
        return
    if wish.threshold is None or not isfinite(wish.threshold):
        raise RefusedError(f"{wish.comparison.capitalize()} which value? Give a threshold, as a number.")
    if metric.unit == "share" and not 0 <= wish.threshold <= 1:
        raise RefusedError(f"{metric.title} is a share: its threshold is from 0 to 1, and not {wish.threshold:g}.")


def _check_numbers(wish: RuleWish) -> None:
    for value, least, most, what in (
        (wish.days, 0, LONGEST_DAYS, "The period is {} to {} days"),
        (wish.days_before, 0, LONGEST_DAYS, "The period before is {} to {} days"),
        (wish.checks, 1, MOST_CHECKS, "An alert opens after {} to {} checks in a row"),
        (wish.remind_hours or 1, 1, LONGEST_REMINDER_HOURS, "A reminder comes every {} to {} hours, or never"),
    ):
        if not least <= value <= most:
            raise RefusedError(f"{what.format(least, most)}, and not {value}.")


def _begin_anew(connection: Connection, rule_id: int, how: str, now: datetime) -> None:
    """End what is open of this rule, without a word to anybody: somebody has just seen to it."""
    still_open = (ALERTS.c.rule == rule_id) & ALERTS.c.ended_at.is_(None)
    connection.execute(update(ALERTS).where(still_open).values(ended_at=now, ended_how=how))
    connection.execute(STATUS.delete().where(STATUS.c.rule == rule_id))


def _there(connection: Connection) -> list[RowMapping]:
    return list(connection.execute(select(RULES).where(~RULES.c.removed).order_by(RULES.c.id)).mappings())
