"""The database of all state beside the tables: SQLite in the home, or a team's PostgreSQL.

Each subject declares its tables with SQLAlchemy Core on a `MetaData` of its own and has them made by `make_tables`.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Dialect, Engine, MetaData, String, TypeDecorator, create_engine, event, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from lake_access.errors import SettingsError, StorageError
from lake_access.settings import Settings

# How long a writer waits for another one, and anybody for a server that does not answer.
PATIENCE_SECONDS = 30
CONNECT_SECONDS = 5
# Servers that a process keeps connections to; it has more than one in tests alone.
MOST_ENGINES = 4
_engines: dict[str, Engine] = {}  # the longest unused first
_opening = threading.Lock()


class Moment(TypeDecorator[datetime]):
    """A moment, kept as text in UTC to the microsecond, so that text sorts as time does and both databases agree."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """The moment as text; one without a zone is refused with ValueError."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment without a zone cannot be kept: {value}")
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """The text as a moment in UTC."""
        return None if value is None else datetime.fromisoformat(value)


def database_address(database: str) -> str:
    """The address of a database as SQLAlchemy takes it; the folder of a SQLite file is made.

    Raises:
        SettingsError: an address of another kind.
    """
    if database.startswith("sqlite:///"):
        Path(database.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        return database
    try:
        address = make_url(database)
    except ArgumentError:
        address = None
    if address is None or address.drivername not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise SettingsError(
            "environment: LEADLAKE_DATABASE: only sqlite:///…, postgresql://… and glue are known, and this is another."
        )
    if "connect_timeout" not in address.query:
        address = address.update_query_dict({"connect_timeout": str(CONNECT_SECONDS)})
    # The name alone would mean another driver than the one that is installed.
    return address.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def open_database(settings: Settings) -> Engine:
    """The database of these settings; threads may share it. A SQLite file is made on first use.

    A PostgreSQL is one engine, and so one pool of connections, for a whole process: its connections are dear.

    With the tables' catalog in AWS Glue, state is kept in the home's SQLite file.

    Raises:
        SettingsError: LEADLAKE_DATABASE names no database that can be had.
    """
    database = settings.database
    if database == "glue" or database.startswith("glue://"):
        database = f"sqlite:///{(settings.home / 'leadlake.sqlite').absolute()}"
    address = database_address(database)
    if not address.startswith("sqlite"):
        return _shared_engine(address)
    engine = create_engine(address, connect_args={"timeout": PATIENCE_SECONDS})
    _begin_at_once(engine)
    return engine


def _shared_engine(address: str) -> Engine:
    with _opening:
        engine = _engines.pop(address, None) or create_engine(address, pool_pre_ping=True, max_overflow=25)
        _engines[address] = engine
        if len(_engines) > MOST_ENGINES:
            _engines.pop(next(iter(_engines))).dispose()
        return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A connection in one transaction, committed at the end of the block; nothing of it stays where the block fails.

    On SQLite it holds the write lock from its beginning: what is read in it is what is still so when it commits.

    Raises:
        StorageError: the database cannot be reached or written.
    """
    with _translated(engine), engine.begin() as connection:
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that reads; all that is read in the block is of one moment, whatever others write meanwhile.

    Raises:
        StorageError: the database cannot be reached or read.
    """
    reader = engine.execution_options(leadlake_reads=True)
    if engine.dialect.name == "postgresql":
        # Of itself each statement would see a moment of its own; SQLite's transactions see one.
        reader = reader.execution_options(isolation_level="REPEATABLE READ")
    with _translated(engine), reader.connect() as connection:
        yield connection


def make_tables(engine: Engine, metadata: MetaData) -> None:
    """Make those of these tables that are not there yet.

    Raises:
        StorageError: the database cannot be reached or written.
    """
    with reading(engine) as connection:
        there = inspect(connection)
        if all(there.has_table(name) for name in metadata.tables):
            return
    with writing(engine) as connection:
        metadata.create_all(connection)


def overwrite_deleted(connection: Connection) -> None:
    """Have SQLite overwrite with zeros what this connection deletes from now on; other databases do as they do."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")


def sweep_deleted(engine: Engine) -> None:
    """Write a SQLite file anew without what is left in it of deleted rows; another database sweeps by itself.

    Raises:
        StorageError: the database is in use for too long, or cannot be written.
    """
    if engine.dialect.name != "sqlite":
        return
    with _translated(engine):
        connection = engine.raw_connection()
        try:
            connection.cursor().execute("VACUUM")
        except sqlite3.Error as exc:
            raise StorageError(f"{engine.url.database}: what was deleted cannot be swept ({exc}); repeat it.") from exc
        finally:
            connection.close()


def _begin_at_once(engine: Engine) -> None:
    """Have a writer's transaction take SQLite's lock when it begins; a reader's takes none before it reads."""

    @event.listens_for(engine, "connect")
    def _no_implicit_begin(connection: Any, _record: Any) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get("leadlake_reads", False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


@contextmanager
def _translated(engine: Engine) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as exc:
        where = engine.url.render_as_string(hide_password=True)
        # The statement and its values, which SQLAlchemy adds, are for the log alone.
        reason = str(getattr(exc, "orig", None) or exc).splitlines()[0]
        raise StorageError(f"{where}: the database failed ({reason}); check that it is there and writable.") from exc
