"""The tables of promotions, and the one transaction at a time that changes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import JSON, Column, Connection, Engine, Integer, MetaData, String, Table, Text, text

from lake_access.database import Moment, make_tables, writing
from lake_access.ledger import open_ledger

METADATA = MetaData()
REQUESTS = Table(
    "promotion_requests",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("version", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("requested_by", String(320), nullable=False),
    Column("requested_at", Moment, nullable=False),
    Column("ledger_row", Integer, nullable=False),
    Column("bound", JSON, nullable=False),
    Column("gates", JSON, nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("decided_by", String(320)),
    Column("decided_at", Moment),
    Column("decision_reason", Text),
    Column("decision_row", Integer),
)
OVERRIDES = Table(
    "promotion_overrides",
    METADATA,
    Column("request", Integer, primary_key=True),
    Column("gate", String(64), primary_key=True),
    Column("by", String(320), nullable=False),
    Column("at", Moment, nullable=False),
    Column("reason", Text, nullable=False),
    Column("ledger_row", Integer, nullable=False),
)
# Every time that a version was champion. A tenure falls back to an earlier one: rolling back goes there.
TENURES = Table(
    "champion_tenures",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("version", String(64), nullable=False),
    Column("artifact_sha256", String(64), nullable=False),
    Column("prediction_digest", String(64), nullable=False),
    Column("since", Moment, nullable=False),
    Column("how", String(16), nullable=False),
    Column("by", String(320), nullable=False),
    Column("request", Integer),
    Column("falls_back_to", Integer),
    Column("ledger_row", Integer, nullable=False),
)
# One row: the tenure that lasts, and the version that MLflow's alias was last seen at after we had set it.
CHAMPION = Table(
    "champion",
    METADATA,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("tenure", Integer, nullable=False),
    Column("mirrored", String(64)),
)


def open_promotions(engine: Engine) -> None:
    """Make these tables and the ledger's where they are not there yet."""
    open_ledger(engine)
    make_tables(engine, METADATA)


@contextmanager
def deciding(engine: Engine) -> Iterator[Connection]:
    """A transaction in which nobody else changes requests or the champion.

    Raises:
        StorageError: the database cannot be reached or written.
    """
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            # SQLite's write lock does it by itself.
            connection.execute(text("LOCK TABLE champion IN EXCLUSIVE MODE"))
        yield connection
