"""The database of state in PostgreSQL: however often it is opened, a process keeps few connections."""

from __future__ import annotations

import gc
import uuid
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from lake_access.database import MOST_ENGINES, open_database, reading
from tests.lake_access.lakes import settings_in
from tests.lake_access.postgres_server import PostgresServer, programs, running_postgres

pytestmark = pytest.mark.skipif(programs() is None, reason="PostgreSQL's server programs are not installed")


def connections(server: PostgresServer) -> int:
    """Those of others to databases of a state."""
    with psycopg.connect(server.address("postgres")) as connection:
        found = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE datname LIKE 'state-%'").fetchone()
    assert found is not None
    return int(found[0])


def test_a_process_keeps_one_pool_for_a_server_and_lets_go_of_those_long_unused(tmp_path: Path) -> None:
    binaries = programs()
    assert binaries is not None
    gc.disable()
    try:
        with running_postgres(binaries) as server:
            databases = [server.make_database(f"state-{uuid.uuid4()}") for _ in range(MOST_ENGINES + 2)]
            for database in (databases[0],) * 20:
                with reading(open_database(settings_in(tmp_path, database=database))) as connection:
                    connection.execute(text("SELECT 1"))
            assert connections(server) == 1

            for database in databases:
                with reading(open_database(settings_in(tmp_path, database=database))) as connection:
                    connection.execute(text("SELECT 1"))
            assert connections(server) == MOST_ENGINES

            for database in databases:
                open_database(settings_in(tmp_path, database=database)).dispose()
    finally:
        gc.enable()
