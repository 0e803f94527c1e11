"""Sessions of people who signed in: the ones that ended early, and the ledger's rows of who came and went.

A session itself is the signed cookie in its browser; only that one has ended, or all of a person up to a moment, is
kept here, for as long as such a cookie could still be shown.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Column, Engine, MetaData, String, Table, delete, insert, select, update

from lake_access.database import Moment, make_tables, reading, writing
from lake_access.ledger import append, open_ledger
from lake_access.permissions import Action, Actor, require

METADATA = MetaData()
ENDED = Table(
    "access_ended_sessions",
    METADATA,
    Column("session", String(64), primary_key=True),
    Column("forget_at", Moment, nullable=False),
)
REVOKED = Table(
    "access_revoked_people",
    METADATA,
    Column("person", String(64), primary_key=True),
    Column("before", Moment, nullable=False),
)
SEEN = Table(
    "access_seen_people",
    METADATA,
    Column("person", String(64), primary_key=True),
    Column("at", Moment, nullable=False),
)


@dataclass(frozen=True)
class Session:
    """A session at hand: its digest, whose it is, and when it began and will end."""

    digest: str
    name: str
    began: datetime
    ends: datetime


def open_sessions(engine: Engine) -> None:
    """Make the tables where they are not there yet.

    Raises:
        StorageError: the database cannot be reached or written.
    """
    make_tables(engine, METADATA)
    open_ledger(engine)


def has_ended(engine: Engine, session: Session) -> bool:
    """Whether somebody signed out of this session, or an administrator revoked it.

    Raises:
        StorageError: the database cannot be read.
    """
    ended = select(ENDED.c.session).where(ENDED.c.session == session.digest)
    revoked = select(REVOKED.c.before).where(REVOKED.c.person == _digest(session.name))
    with reading(engine) as connection:
        if connection.execute(ended).first() is not None:
            return True
        before = connection.execute(revoked).scalar()
    return before is not None and session.began <= before


def end_session(engine: Engine, session: Session, actor: Actor, now: datetime) -> None:
    """End a session whose user signed out: a copy of its cookie is worth nothing from now on.

    Raises:
        StorageError: the database cannot be written.
    """
    with writing(engine) as connection:
        connection.execute(delete(ENDED).where(ENDED.c.forget_at < now))
        if connection.execute(select(ENDED.c.session).where(ENDED.c.session == session.digest)).first() is None:
            connection.execute(insert(ENDED).values(session=session.digest, forget_at=session.ends))
            append(connection, actor, "access.signed_out", actor.name, {}, now)


def revoke(engine: Engine, actor: Actor, name: str, reason: str, now: datetime) -> None:
    """End every session that somebody has, wherever; they may sign in again where a list still names them.

    Raises:
        NotAllowedError: the actor may not change settings.
        StorageError: the database cannot be written.
    """
    require(actor, Action.CHANGE_SETTINGS)
    person = _digest(name)
    open_sessions(engine)
    with writing(engine) as connection:
        if connection.execute(update(REVOKED).where(REVOKED.c.person == person).values(before=now)).rowcount == 0:
            connection.execute(insert(REVOKED).values(person=person, before=now))
        append(connection, actor, "access.revoked", name.strip().lower(), {"reason": reason}, now)


def note_sign_in(engine: Engine, actor: Actor, now: datetime) -> None:
    """A row of the ledger for somebody who has just signed in.

    Raises:
        StorageError: the database cannot be written.
    """
    with writing(engine) as connection:
        append(connection, actor, *_arrival(actor), now)


def note_seen(engine: Engine, actor: Actor, now: datetime, every: timedelta) -> None:
    """The same for somebody whom a proxy vouches for in each request: a row at most once in `every`.

    Raises:
        StorageError: the database cannot be written.
    """
    person = _digest(actor.name)
    with reading(engine) as connection:
        if (
            seen := connection.execute(select(SEEN.c.at).where(SEEN.c.person == person)).scalar()
        ) and now - seen < every:
            return
    with writing(engine) as connection:
        if connection.execute(update(SEEN).where(SEEN.c.person == person).values(at=now)).rowcount == 0:
            connection.execute(insert(SEEN).values(person=person, at=now))
        append(connection, actor, *_arrival(actor), now)


def note_refusal(engine: Engine, actor: Actor, subject: str, why: str, now: datetime) -> None:
    """A row of the ledger for somebody who was refused something.

    Raises:
        StorageError: the database cannot be written.
    """
    open_sessions(engine)
    with writing(engine) as connection:
        append(connection, actor, "access.refused", subject, {"why": why}, now)


def _arrival(actor: Actor) -> tuple[str, str, dict[str, str]]:
    if not actor.roles:
        return "access.refused", actor.name, {"why": "no list names them, so that they hold no role"}
    return "access.signed_in", actor.name, {"roles": ", ".join(sorted(actor.roles))}


def _digest(name: str) -> str:
    return hashlib.sha256(name.strip().lower().encode()).hexdigest()
