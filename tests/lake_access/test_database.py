from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Column, Engine, Integer, MetaData, Table, insert, select, update
from sqlalchemy.exc import StatementError

from lake_access.database import Moment, make_tables, open_database, reading, writing
from lake_access.errors import StorageError
from tests.lake_access.lakes import settings_in

METADATA = MetaData()
COUNTERS = Table(
    "counters", METADATA, Column("id", Integer, primary_key=True), Column("n", Integer), Column("at", Moment)
)
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(settings_in(tmp_path))
    make_tables(engine, METADATA)
    yield engine
    engine.dispose()


def counted(engine: Engine) -> list[tuple[int | None, datetime | None]]:
    with reading(engine) as connection:
        return [(row.n, row.at) for row in connection.execute(select(COUNTERS).order_by(COUNTERS.c.id))]


def test_a_moment_comes_back_in_utc_to_the_microsecond(engine: Engine) -> None:
    given = datetime(2026, 1, 2, 14, 0, 0, 1, tzinfo=timezone(timedelta(hours=2)))
    with writing(engine) as connection:
        connection.execute(insert(COUNTERS).values(id=1, n=0, at=given))

    ((_, kept),) = counted(engine)

    assert kept == NOON + timedelta(microseconds=1)
    assert kept is not None
    assert kept.utcoffset() == timedelta(0)


def test_a_moment_without_a_zone_is_refused(engine: Engine) -> None:
    with pytest.raises((StorageError, StatementError), match="without a zone"), writing(engine) as connection:
        connection.execute(insert(COUNTERS).values(id=1, n=0, at=datetime(2026, 1, 2)))  # noqa: DTZ001

    assert counted(engine) == []


def test_nothing_stays_of_a_block_that_fails(engine: Engine) -> None:
    def insert_and_fail() -> None:
        with writing(engine) as connection:
            connection.execute(insert(COUNTERS).values(id=1, n=0, at=NOON))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        insert_and_fail()

    assert counted(engine) == []


def test_what_is_read_while_writing_is_still_so_at_the_commit(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(insert(COUNTERS).values(id=1, n=0, at=NOON))

    def count_up() -> None:
        for _ in range(20):
            with writing(engine) as connection:
                n = connection.execute(select(COUNTERS.c.n)).scalar_one()
                connection.execute(update(COUNTERS).values(n=n + 1))

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [n for n, _ in counted(engine)] == [80]


def test_a_database_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "leadlake.sqlite").write_bytes(b"this is no database, but it is long enough to be looked at" * 20)

    with pytest.raises(StorageError, match=r"leadlake\.sqlite: the database failed .*check that it is there"):
        make_tables(open_database(settings_in(tmp_path)), METADATA)
