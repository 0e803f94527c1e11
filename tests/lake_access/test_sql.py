"""SQL that people write reaches the granted tables, and nothing beside them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from lake_access.building.build import build
from lake_access.errors import QueryRefusedError
from lake_access.lake import PinnedLake, open_lake
from lake_access.raw import land
from lake_access.settings import load_settings
from lake_access.sql import run_sql

NOW = datetime(2026, 1, 2, tzinfo=UTC)
GOOD = '{"event_type": "page_view", "email": "ann@example.com", "timestamp": "2025-01-01T10:00:00Z"}\n'
REFUSED = '{"event_type": "page_view", "email": "secret.person", "timestamp": "2025-01-01T10:00:00Z"}\n'


@pytest.fixture(scope="module")
def pinned(tmp_path_factory: pytest.TempPathFactory) -> PinnedLake:
    home = tmp_path_factory.mktemp("home")
    file = home / "events.jsonl"
    file.write_text(GOOD + REFUSED, encoding="utf-8")
    lake = open_lake(load_settings({"LEADLAKE_HOME": str(home)}))
    land(lake.store, "online", file, NOW)
    build(lake, NOW)
    return lake.pin()


def data_file(pinned: PinnedLake, table: str) -> Path:
    return next(Path(pinned.settings.lake, "warehouse", *table.split("."), "data").rglob("*.parquet"))


def test_a_refused_line_is_told_by_its_place_and_reason_alone(pinned: PinnedLake) -> None:
    assert run_sql(pinned, "SELECT line_number, reason FROM curated.quarantine", 10).rows() == [
        [2, "email: not a possible address"]
    ]
    with pytest.raises(QueryRefusedError, match="line"):
        run_sql(pinned, "SELECT line FROM curated.quarantine", 10)


@pytest.mark.parametrize("table", ["curated.quarantine", "curated.identities", "curated.leads"])
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM '{file}'",
        'SELECT * FROM "{file}"',
        "SELECT * FROM read_parquet('{file}')",
        "SELECT * FROM parquet_scan('{file}')",
        "SELECT * FROM read_blob('{file}')",
        "WITH x AS (SELECT * FROM '{file}') SELECT * FROM x",
        "SELECT (SELECT count(*) FROM '{file}')",
        "SELECT * FROM curated.leads JOIN '{file}' ON true",
        "SELECT 1 WHERE EXISTS (FROM '{file}')",
        "FROM '{file}'",
    ],
)
def test_a_table_is_not_read_past_its_view(pinned: PinnedLake, table: str, sql: str) -> None:
    with pytest.raises(QueryRefusedError, match="may not stand in FROM"):
        run_sql(pinned, sql.format(file=data_file(pinned, table)), 10)


@pytest.mark.parametrize(
    "sql",
    [
        "DROP VIEW curated.leads",
        "SELECT 1; SELECT 2",
        "COPY curated.leads TO '/tmp/leads.csv'",
        "ATTACH '/tmp/other.db'",
        "SET enable_external_access = true",
        "PRAGMA database_list",
        "INSTALL httpfs",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM duckdb_settings()",
        "SELECT * FROM duckdb_secrets()",
        "SELECT * FROM enable_logging('HTTP')",
        "SELECT * FROM query('SELECT 1')",
        "SELECT * FROM pinned",
        "SELECT * FROM nothing_here",
        "",
    ],
)
def test_what_is_not_a_select_over_the_tables_is_refused(pinned: PinnedLake, sql: str) -> None:
    with pytest.raises(QueryRefusedError):
        run_sql(pinned, sql, 10)


def test_an_ordinary_select_still_runs(pinned: PinnedLake) -> None:
    sql = "WITH n AS (SELECT unnest([1, 2]) AS i) SELECT sum(i), (SELECT count(*) FROM curated.leads) FROM n, range(1)"

    assert run_sql(pinned, sql, 10).rows() == [[3, 1]]


def test_a_cut_result_says_so(pinned: PinnedLake) -> None:
    result = run_sql(pinned, "SELECT * FROM range(5)", 3)

    assert (result.rows(), result.truncated) == ([[0], [1], [2]], True)
