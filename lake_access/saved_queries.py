"""The queries that people write: each one's history, and those they saved; nobody sees another's.

A saved query is shared only by its text: whoever sends a link sends the SQL itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Column, Connection, Engine, Integer, MetaData, String, Table, Text, delete, insert, select

from lake_access.database import Moment, make_tables, reading, writing
from lake_access.errors import RefusedError
from lake_access.forgetting.traces import Eraser, Traces
from lake_access.permissions import Action, Actor, require

METADATA = MetaData()
SAVED = Table(
    "saved_queries",
    METADATA,
    Column("owner", String(320), primary_key=True),
    Column("name", String(120), primary_key=True),
    Column("sql", Text, nullable=False),
    Column("saved_at", Moment, nullable=False),
)
HISTORY = Table(
    "query_history",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("owner", String(320), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("sql", Text, nullable=False),
    Column("rows", Integer),
    Column("seconds", String(24)),
    Column("outcome", String(400), nullable=False),
)
KEPT: Final = 200  # of each one's history
LONGEST_SQL: Final = 100_000
LONGEST_NAME: Final = 120


@dataclass(frozen=True)
class SavedQuery:
    """A query that somebody gave a name."""

    name: str
    sql: str
    saved_at: datetime


@dataclass(frozen=True)
class PastQuery:
    """A query that ran, or was refused: when, how many rows came, in how many seconds, or why none did."""

    at: datetime
    sql: str
    rows: int | None
    seconds: float | None
    outcome: str


def _erase(connection: Connection, traces: Traces) -> int:
    """Remove the queries, whoever wrote them, of which a text names the person; how many."""
    met = 0
    for name, sql in connection.execute(select(SAVED.c.name, SAVED.c.sql).distinct()).all():
        if traces.in_text(name) or traces.in_text(sql):
            met += connection.execute(delete(SAVED).where(SAVED.c.name == name, SAVED.c.sql == sql)).rowcount
    for number, sql, outcome in connection.execute(select(HISTORY.c.number, HISTORY.c.sql, HISTORY.c.outcome)).all():
        if traces.in_text(sql) or traces.in_text(outcome):
            met += connection.execute(delete(HISTORY).where(HISTORY.c.number == number)).rowcount
    return met


ERASER: Final = Eraser("queries", METADATA, _erase)


def save_query(database: Engine, actor: Actor, name: str, sql: str, now: datetime) -> None:
    """Keep a query under a name; one of the actor's own with that name gives way.

    Raises:
        NotAllowedError: the actor may not ask in SQL.
        RefusedError: no name or no query, or one too long; nothing was changed.
        StorageError: the database cannot be written.
    """
    require(actor, Action.EXPLORE_SQL)
    name = name.strip()
    if not name or len(name) > LONGEST_NAME:
        raise RefusedError(f"a saved query takes a name of 1 to {LONGEST_NAME} characters; nothing was saved.")
    if not sql.strip() or len(sql) > LONGEST_SQL:
        raise RefusedError(f"a saved query has 1 to {LONGEST_SQL:,} characters; nothing was saved.")
    make_tables(database, METADATA)
    mine = (SAVED.c.owner == actor.name) & (SAVED.c.name == name)
    with writing(database) as connection:
        connection.execute(delete(SAVED).where(mine))
        connection.execute(insert(SAVED).values(owner=actor.name, name=name, sql=sql, saved_at=now))


def delete_query(database: Engine, actor: Actor, name: str) -> None:
    """Let one of the actor's own saved queries go; one that is gone is no error.

    Raises:
        NotAllowedError: the actor may not ask in SQL.
        StorageError: the database cannot be written.
    """
    require(actor, Action.EXPLORE_SQL)
    make_tables(database, METADATA)
    with writing(database) as connection:
        connection.execute(delete(SAVED).where((SAVED.c.owner == actor.name) & (SAVED.c.name == name)))


def saved_queries(database: Engine, actor: Actor) -> list[SavedQuery]:
    """The actor's own saved queries, by name.

    Raises:
        NotAllowedError: the actor may not ask in SQL.
        StorageError: the database cannot be read.
    """
    require(actor, Action.EXPLORE_SQL)
    make_tables(database, METADATA)
    mine = select(SAVED.c.name, SAVED.c.sql, SAVED.c.saved_at).where(SAVED.c.owner == actor.name)
    with reading(database) as connection:
        return [SavedQuery(*row) for row in connection.execute(mine.order_by(SAVED.c.name))]


def note_query(database: Engine, actor: Actor, past: PastQuery) -> None:
    """Add a query to the actor's history, of which the newest 200 are kept.

    Raises:
        NotAllowedError: the actor may not ask in SQL.
        StorageError: the database cannot be written.
    """
    require(actor, Action.EXPLORE_SQL)
    make_tables(database, METADATA)
    mine = select(HISTORY.c.number).where(HISTORY.c.owner == actor.name).order_by(HISTORY.c.number.desc())
    row = {
        "owner": actor.name,
        "at": past.at,
        "sql": past.sql[:LONGEST_SQL],
        "rows": past.rows,
        "seconds": None if past.seconds is None else repr(past.seconds),
        "outcome": past.outcome[:400],
    }
    with writing(database) as connection:
        connection.execute(insert(HISTORY).values(row))
        old = connection.execute(mine.offset(KEPT)).scalars().first()
        if old is not None:
            connection.execute(delete(HISTORY).where((HISTORY.c.owner == actor.name) & (HISTORY.c.number <= old)))


def query_history(database: Engine, actor: Actor, limit: int = KEPT) -> list[PastQuery]:
    """The actor's own newest queries, newest first.

    Raises:
        NotAllowedError: the actor may not ask in SQL.
        StorageError: the database cannot be read.
    """
    require(actor, Action.EXPLORE_SQL)
    make_tables(database, METADATA)
    mine = select(HISTORY).where(HISTORY.c.owner == actor.name).order_by(HISTORY.c.number.desc()).limit(limit)
    with reading(database) as connection:
        return [
            PastQuery(row.at, row.sql, row.rows, None if row.seconds is None else float(row.seconds), row.outcome)
            for row in connection.execute(mine)
        ]
