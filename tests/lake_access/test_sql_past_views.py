"""A table's data files are not read past the view of it, which may leave columns out."""

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
