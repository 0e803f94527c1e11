"""Databases of one home work beside each other, however much they spill."""

from __future__ import annotations

from pathlib import Path

from lake_access.engine import SPILL, open_connection
from tests.lake_access.lakes import settings_in

ROWS = 1_500_000


def test_databases_that_spill_at_once_keep_their_own_rows(tmp_path: Path) -> None:
    """In one folder for all, their files have the same names, and each reads what the other wrote."""
    settings = settings_in(tmp_path, memory="40MB")
    seeds = (1, 2)
    databases = [open_connection(settings) for _ in seeds]
    for seed, database in zip(seeds, databases, strict=True):
        database.execute(
            f"CREATE TEMP TABLE t AS SELECT range AS i, md5((range * {seed})::VARCHAR) AS s FROM range({ROWS})"
        )
    assert len(list(settings.home.glob(f"{SPILL}*"))) == len(seeds)

    right = [
        database.execute(f"SELECT count(*) FROM t WHERE s = md5((i * {seed})::VARCHAR)").fetchone()
        for seed, database in zip(seeds, databases, strict=True)
    ]
    for database in databases:
        database.close()

    assert right == [(ROWS,)] * len(seeds)
    assert list(settings.home.glob(f"{SPILL}*")) == []
