"""The ledger: who did what and when, append-only, each row chained to the one before by its hash.

A row's hash is the SHA-256 of the hash before it and of the row's own content as canonical JSON. The head, kept apart,
says how many rows there are and the last one's hash, so that rows taken off the end are noticed as well.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    RowMapping,
    String,
    Table,
    Text,
    func,
    insert,
    select,
    text,
    update,
)

from lake_access.database import Moment, make_tables, reading, writing
from lake_access.permissions import Actor

METADATA = MetaData()
LEDGER = Table(
    "ledger",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("actor", String(320), nullable=False),
    Column("via", String(32), nullable=False),
    Column("event", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    Column("details", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)
HEAD = Table(
    "ledger_head",
    METADATA,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("rows", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
)
BEGINNING = "0" * 64


@dataclass(frozen=True)
class Entry:
    """A row of the ledger."""

    number: int
    at: datetime
    actor: str
    via: str
    event: str
    subject: str
    details: Mapping[str, Any]
    previous: str
    hash: str


@dataclass(frozen=True)
class Verification:
    """Whether the chain holds: how many rows there are, and the number of the first that is broken or missing."""

    rows: int
    valid: bool
    first_broken: int | None


def open_ledger(engine: Engine) -> None:
    """Make the ledger's tables where they are not there yet."""
    make_tables(engine, METADATA)


def append(
    connection: Connection, actor: Actor, event: str, subject: str, details: Mapping[str, Any], now: datetime
) -> int:
    """Add a row within the caller's own transaction, so that what it tells of and the row are one; its number.

    `event` is a dotted word, as `promotion.approved`; `details` hold what JSON has, and never a secret or an address.
    """
    if connection.dialect.name == "postgresql":
        # One writer at a time, as SQLite has it of itself: a number and a hash are of one row only.
        connection.execute(text("LOCK TABLE ledger IN EXCLUSIVE MODE"))
    head = connection.execute(select(HEAD)).mappings().first()
    number, previous = (1, BEGINNING) if head is None else (head["rows"] + 1, head["hash"])
    row = {
        "number": number,
        "at": now.astimezone(UTC),
        "actor": actor.name,
        "via": actor.via,
        "event": event,
        "subject": subject,
        "details": _canonical(details),
        "previous": previous,
    }
    digest = _digest(row)
    connection.execute(insert(LEDGER).values(**row, hash=digest))
    if head is None:
        connection.execute(insert(HEAD).values(one=1, rows=number, hash=digest))
    else:
        connection.execute(update(HEAD).values(rows=number, hash=digest))
    return number


def record(engine: Engine, actor: Actor, event: str, subject: str, details: Mapping[str, Any], now: datetime) -> int:
    """Add a row of something that is no other change of the database; its number.

    Raises:
        StorageError: the database cannot be written.
    """
    open_ledger(engine)
    with writing(engine) as connection:
        return append(connection, actor, event, subject, details, now)


def entries(engine: Engine, *, event: str | None = None, subject: str | None = None) -> list[Entry]:
    """The rows in their order; those of an event (or of all that begin with it and a dot), or of a subject.

    Raises:
        StorageError: the database cannot be read.
    """
    open_ledger(engine)
    query = select(LEDGER).order_by(LEDGER.c.number)
    if event is not None:
        query = query.where((LEDGER.c.event == event) | LEDGER.c.event.startswith(f"{event}.", autoescape=True))
    if subject is not None:
        query = query.where(LEDGER.c.subject == subject)
    with reading(engine) as connection:
        return [_entry(row) for row in connection.execute(query).mappings()]


def verify(engine: Engine) -> Verification:
    """Hold every row against its hash and the one before it, and the last against the head.

    Raises:
        StorageError: the database cannot be read.
    """
    open_ledger(engine)
    with reading(engine) as connection:
        head = connection.execute(select(HEAD)).mappings().first()
        rows = connection.execute(select(func.count()).select_from(LEDGER)).scalar_one()
        previous, number = BEGINNING, 0
        for row in connection.execute(select(LEDGER).order_by(LEDGER.c.number)).mappings():
            number += 1
            content = {column.name: row[column.name] for column in LEDGER.columns if column.name != "hash"}
            if row["number"] != number or row["previous"] != previous or row["hash"] != _digest(content):
                return Verification(rows, False, number)
            previous = row["hash"]
    told = (0, BEGINNING) if head is None else (head["rows"], head["hash"])
    if told != (number, previous):
        return Verification(rows, False, min(told[0], number) + 1 if told[0] != number else number)
    return Verification(rows, True, None)


def _digest(row: Mapping[str, Any]) -> str:
    """The hash of a row's content, which holds the hash before it."""
    return hashlib.sha256(_canonical({**row, "at": row["at"].isoformat(timespec="microseconds")}).encode()).hexdigest()


def _canonical(content: Mapping[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _entry(row: RowMapping) -> Entry:
    return Entry(**{**row, "details": json.loads(row["details"])})
