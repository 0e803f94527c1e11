"""The ledger in PostgreSQL, to which others write while it is looked at."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from lake_access.database import open_database
from lake_access.ledger import record, verify
from lake_access.permissions import local_user
from tests.lake_access.lakes import settings_in
from tests.lake_access.postgres_server import programs, running_postgres

pytestmark = pytest.mark.skipif(programs() is None, reason="PostgreSQL's server programs are not installed")

MARIA = local_user("maria")
NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    binaries = programs()
    assert binaries is not None
    with running_postgres(binaries) as server:
        engine = open_database(settings_in(tmp_path, database=server.make_database(f"state-{uuid.uuid4()}")))
        yield engine
        engine.dispose()


@pytest.mark.slow
def test_rows_that_come_while_the_ledger_is_verified_do_not_break_it(engine: Engine) -> None:
    record(engine, MARIA, "trial.begun", "1", {}, NOW)
    ended = threading.Event()

    def write() -> None:
        for number in range(300):
            record(engine, MARIA, "trial.told", "1", {"number": number}, NOW)
        ended.set()

    writer = threading.Thread(target=write)
    writer.start()
    found = []
    while not ended.is_set():
        found.append(verify(engine))
    writer.join()

    assert [told for told in found if not told.valid] == []
    assert verify(engine).rows == 301
