"""What people's SQL may not do, and that the process lives through all of it."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from lake_access.errors import QueryRefusedError
from lake_access.lake import Lake
from lake_access.sql import SqlLimits, run_sql, start_sql

ATTACKS = [
    # Files of this machine.
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_csv_auto('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('/etc/passwd')",
    "SELECT * FROM read_json('/etc/passwd')",
    "SELECT * FROM read_ndjson_objects('/etc/passwd')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM \"/etc/passwd\"",
    "SELECT * FROM glob('/**')",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "SELECT * FROM parquet_metadata('{file}')",
    "SELECT * FROM parquet_schema('{file}')",
    "SELECT * FROM parquet_kv_metadata('{file}')",
    "SELECT * FROM parquet_file_metadata('{file}')",
    "SELECT * FROM read_parquet('{file}')",
    "SELECT * FROM parquet_scan('{file}')",
    "SELECT * FROM '{file}'",
    "SELECT (SELECT count(*) FROM '{file}')",
    "WITH a AS (FROM '{file}') SELECT * FROM a",
    "SELECT * FROM curated.leads WHERE lead_id IN (FROM read_parquet('{file}'))",
    "SELECT * FROM curated.leads, LATERAL (SELECT * FROM read_parquet('{file}'))",
    "SELECT * FROM iceberg_scan('x')",
    "SELECT * FROM sqlite_scan('leadlake.sqlite', 'ledger')",
    # The network.
    "SELECT * FROM 'http://127.0.0.1:1/x.parquet'",
    "SELECT * FROM 's3://bucket/x.parquet'",
    "SELECT * FROM read_csv('https://example.com/x.csv')",
    # Statements other than SELECT.
    "ATTACH '/tmp/other.db'",
    "ATTACH ':memory:' AS other",
    "DETACH memory",
    "COPY curated.leads TO '/tmp/leads.csv'",
    "COPY (SELECT 1) TO '/tmp/x'",
    "EXPORT DATABASE '/tmp/x'",
    "IMPORT DATABASE '/tmp/x'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "LOAD '/tmp/evil.duckdb_extension'",
    "SET memory_limit = '100GB'",
    "RESET memory_limit",
    "SET lock_configuration = false",
    "SET VARIABLE x = 1",
    "PRAGMA database_list",
    "PRAGMA show_tables",
    "PRAGMA enable_logging",
    "CALL pragma_version()",
    "CHECKPOINT",
    "CREATE TABLE t AS SELECT 1",
    "CREATE TEMP MACRO f() AS 1",
    "CREATE SECRET (TYPE s3, KEY_ID 'x', SECRET 'y')",
    "DROP SECRET store",
    "DELETE FROM curated.leads",
    "UPDATE curated.leads SET source = 'x'",
    "INSERT INTO curated.leads SELECT * FROM curated.leads",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "EXPLAIN ANALYZE SELECT 1",
    "BEGIN",
    "USE memory",
    # More than one statement, and comments that hide one.
    "SELECT 1; DROP VIEW curated.leads",
    "SELECT 1; SELECT 2",
    "SELECT 1 /* ; */; COPY (SELECT 1) TO '/tmp/x'",
    "SELECT 1 -- \n; ATTACH 'x'",
    "/* SELECT 1 */ DROP VIEW curated.leads",
    # Lists and functions of the engine that tell of files, settings and secrets.
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM which_secret('s3://x', 's3')",
    "SELECT * FROM duckdb_views()",
    "SELECT * FROM duckdb_views",
    "SELECT sql FROM sqlite_master",
    "SELECT * FROM pg_catalog.pg_views",
    "SELECT * FROM pg_views",
    "SELECT * FROM pg_settings",
    "SELECT * FROM system.information_schema.views",
    "SELECT view_definition FROM information_schema.views",
    "SELECT * FROM duckdb_logs",
    "SELECT * FROM duckdb_logs()",
    "SELECT * FROM pragma_database_list",
    "SELECT * FROM duckdb_temporary_files()",
    "SELECT * FROM duckdb_external_file_cache()",
    "SELECT * FROM duckdb_extensions()",
    "SELECT current_setting('temp_directory')",
    "SELECT CURRENT_SETTING('temp_directory')",
    "SELECT 'temp_directory'.current_setting()",
    "SELECT main.current_setting('allowed_paths')",
    "SELECT getenv('PATH')",
    "SELECT getvariable('inner_pad')",
    "SELECT current_query()",
    "SELECT write_log('x')",
    "SELECT pg_get_viewdef(1)",
    "SELECT json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "SELECT * FROM json_execute_serialized_sql('x')",
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM query_table('curated.leads')",
    "WITH x AS (SELECT 1) SELECT * FROM (WITH duckdb_views AS (SELECT 1) SELECT * FROM duckdb_views), duckdb_views",
    # What is not granted.
    "SELECT * FROM curated.identities",
    "SELECT line FROM curated.quarantine",
    "SELECT * FROM marts.rolled_up",
    "SELECT * FROM saved_queries",
    "SELECT * FROM ledger",
    "SELECT pg_sleep(100)",
]  # fmt: skip


@pytest.mark.parametrize("sql", ATTACKS)
def test_an_attack_is_refused_in_a_sentence_that_tells_no_place(demo_lake: Lake, sql: str) -> None:
    pinned = demo_lake.pin()
    file = next(iter(pinned.tables["curated.leads"].files))

    with pytest.raises(QueryRefusedError) as refused:
        run_sql(pinned, sql.replace("{file}", file), 10)

    said = str(refused.value).replace(sql.replace("{file}", file), "")
    assert demo_lake.settings.lake not in said
    assert "\n" not in said


def test_there_are_attacks_enough() -> None:
    assert len(set(ATTACKS)) >= 60


def test_the_process_lives_and_answers_after_all_of_them(demo_lake: Lake) -> None:
    pinned = demo_lake.pin()
    for sql in ATTACKS:
        with pytest.raises(QueryRefusedError):
            run_sql(pinned, sql, 10)

    ((leads,),) = run_sql(pinned, "SELECT count(*) FROM curated.leads", 1).rows()
    assert leads > 1_000
    assert not Path("/tmp/leads.csv").exists()  # noqa: S108


ENDLESS = [
    "SELECT count(*) FROM range(1_000_000_000) a, range(1_000_000_000) b WHERE a.range + b.range = -1",
    "SELECT sum(hash(a.lead_id, b.lead_id)) FROM curated.events a, curated.events b, curated.events c",
    "WITH RECURSIVE n AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n",
    "SELECT max(md5(range::VARCHAR)) FROM range(100_000_000_000)",
]


@pytest.mark.parametrize("sql", ENDLESS)
def test_a_cancelled_query_stops_within_a_second(demo_lake: Lake, sql: str) -> None:
    running = start_sql(demo_lake.pin(), sql, SqlLimits(rows=10))
    time.sleep(0.5)
    assert not running.done

    cancelled = time.monotonic()
    running.cancel()

    with pytest.raises(QueryRefusedError, match="the query was cancelled"):
        running.result(timeout=5)
    assert time.monotonic() - cancelled < 1


def test_a_query_that_takes_too_long_is_stopped_and_says_so(demo_lake: Lake) -> None:
    running = start_sql(demo_lake.pin(), ENDLESS[0], SqlLimits(rows=10, seconds=0.3))

    with pytest.raises(QueryRefusedError, match=r"it took more than 0\.3 seconds"):
        running.result(timeout=5)


def test_a_query_that_needs_too_much_memory_is_stopped_and_says_so(demo_lake: Lake) -> None:
    greedy = "SELECT list(range) FROM range(200_000_000)"

    with pytest.raises(QueryRefusedError, match="needs more memory than a query may take"):
        start_sql(demo_lake.pin(), greedy, SqlLimits(rows=10, memory="100MB")).result(timeout=60)


def test_a_huge_result_is_cut_and_the_rest_is_not_made(demo_lake: Lake) -> None:
    began = time.monotonic()

    result = start_sql(demo_lake.pin(), "SELECT * FROM range(100_000_000_000)", SqlLimits(rows=100)).result(timeout=10)

    assert (len(result.rows()), result.truncated) == (100, True)
    assert time.monotonic() - began < 5


def test_a_query_cancelled_before_it_begins_does_not_begin(demo_lake: Lake) -> None:
    running = start_sql(demo_lake.pin(), ENDLESS[0], SqlLimits())
    running.cancel()

    with pytest.raises(QueryRefusedError, match="cancelled"):
        running.result(timeout=5)


def test_queries_at_once_do_not_disturb_each_other(demo_lake: Lake) -> None:
    pinned = demo_lake.pin()
    endless = start_sql(pinned, ENDLESS[0], SqlLimits())
    counts: list[object] = []
    threads = [
        threading.Thread(target=lambda: counts.append(run_sql(pinned, "SELECT count(*) FROM curated.leads", 1).rows()))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    endless.cancel()

    assert len(counts) == 3
    assert counts[0] == counts[1] == counts[2]
