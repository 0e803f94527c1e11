"""The tables of alerts in the database of state."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Engine, Float, Index, Integer, MetaData, String, Table, Text

from lake_access import ledger
from lake_access.database import Moment, make_tables

METADATA = MetaData()
RULES = Table(
    "alert_rules",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("metric", String(64), nullable=False),
    Column("segment", String(16), nullable=False),
    Column("segment_value", Text),
    Column("column", Text),
    Column("comparison", String(32), nullable=False),
    Column("threshold", Float),
    Column("days", Integer, nullable=False),
    Column("days_before", Integer, nullable=False),
    Column("checks", Integer, nullable=False),
    Column("remind_hours", Integer),
    Column("channels", JSON, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("muted_until", Moment),
    Column("set_by", String(320), nullable=False),
    Column("set_at", Moment, nullable=False),
    # A rule that was removed stays, for the alerts that it raised.
    Column("removed", Boolean, nullable=False, default=False),
    sqlite_autoincrement=True,
)
STATUS = Table(
    "alert_status",
    METADATA,
    Column("rule", Integer, primary_key=True, autoincrement=False),
    Column("state", String(16), nullable=False),
    Column("breaches", Integer, nullable=False),
    Column("since", Moment),
    Column("alert", Integer),
    Column("told", Boolean, nullable=False),
    Column("told_at", Moment),
    Column("reminders", Integer, nullable=False),
    Column("checked_at", Moment),
    Column("value", Float),
    Column("detail", Text, nullable=False),
)
ALERTS = Table(
    "alerts",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("rule", Integer, nullable=False),
    Column("since", Moment, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("value", Float),
    Column("detail", Text, nullable=False),
    Column("acknowledged_at", Moment),
    Column("acknowledged_by", String(320)),
    Column("note", Text),
    Column("ended_at", Moment),
    Column("ended_how", String(32)),
    sqlite_autoincrement=True,
)
Index("alerts_open", ALERTS.c.ended_at, ALERTS.c.rule)
CHECKS = Table(
    "alert_checks",
    METADATA,
    Column("rule", Integer, primary_key=True, autoincrement=False),
    Column("at", Moment, primary_key=True),
    Column("value", Float),
    Column("breached", Boolean),
    Column("detail", Text, nullable=False),
)
MESSAGES = Table(
    "alert_messages",
    METADATA,
    Column("id", Integer, primary_key=True),
    # What it tells of; with the channel it is there once, whatever the code above this forgets.
    Column("occasion", String(200), nullable=False),
    Column("channel", String(64), nullable=False),
    Column("alert", Integer),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("begun_at", Moment),
    Column("delivered_at", Moment),
    Column("error", Text),
    sqlite_autoincrement=True,
)
Index("alert_messages_once", MESSAGES.c.occasion, MESSAGES.c.channel, unique=True)
Index("alert_messages_due", MESSAGES.c.state, MESSAGES.c.due_at)


def open_alerts(engine: Engine) -> None:
    """Make the tables where they are not there yet.

    Raises:
        StorageError: the database cannot be reached or written.
    """
    make_tables(engine, METADATA)
    ledger.open_ledger(engine)
