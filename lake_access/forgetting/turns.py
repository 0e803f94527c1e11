"""One forgetting at a time: of two that rewrite the same raw object, each would bring the other's person back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from lake_access.errors import StorageError

# The number of the lock in PostgreSQL, which knows locks by numbers alone.
LOCK = 0x4C4C_F029


@contextmanager
def in_turn(database: Engine, wait: Callable[[], None]) -> Iterator[None]:
    """Hold the turn of this database until the block ends, or its process does; `wait` is called until it is ours.

    Raises:
        StorageError: the database cannot be reached.
    """
    holding = _in_postgres if database.dialect.name == "postgresql" else _beside_sqlite
    with holding(database, wait):
        yield


@contextmanager
def _in_postgres(database: Engine, wait: Callable[[], None]) -> Iterator[None]:
    try:
        connection = database.connect().execution_options(isolation_level="AUTOCOMMIT")
    except SQLAlchemyError as exc:
        raise StorageError("the database cannot be reached, so nobody was forgotten; repeat it.") from exc
    try:
        while not connection.execute(select(func.pg_try_advisory_lock(LOCK))).scalar():
            wait()
        yield
    finally:
        # The lock is the session's: it goes with the connection, which is not to serve others.
        connection.invalidate()
        connection.close()


@contextmanager
def _beside_sqlite(database: Engine, wait: Callable[[], None]) -> Iterator[None]:
    # A file of its own, as the state's would keep everybody else waiting. SQLite's lock ends with the process.
    with closing(sqlite3.connect(f"{database.url.database}.turn", timeout=0, isolation_level=None)) as connection:
        while not _locked(connection):
            wait()
        yield


def _locked(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as exc:
        if exc.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            return False
        raise StorageError(f"the file beside the database cannot be locked ({exc}), so nobody was forgotten.") from exc
    return True
