"""People's SQL reads the granted tables and nothing else: no file, no setting, no secret, and it changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from lake_access.building.build import build
from lake_access.errors import QueryRefusedError
from lake_access.iceberg.commits import pin_by_name
from lake_access.iceberg.tables import EVENTS, IDENTITIES, LEADS, QUARANTINE
from lake_access.lake import Lake, PinnedLake
from lake_access.sql import run_sql
from lake_access.views import READABLE
from tests.lake_access.lakes import NOW, lake_in, land_lines, read_table, touch

SECRET = "hidden.person@example.com"


@pytest.fixture(scope="module")
def lake_of_one(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake with one person, who stands in a refused line too."""
    lake = lake_in(tmp_path_factory.mktemp("sql"))
    land_lines(lake, "webinar", touch(email=SECRET), '{"email": "' + SECRET)
    build(lake, NOW)
    return lake


@pytest.fixture
def pinned(lake_of_one: Lake) -> PinnedLake:
    return lake_of_one.pin()


def files_of(lake: Lake, table: str) -> list[str]:
    found = pin_by_name(lake.catalog, table)
    assert found is not None
    return list(found.files)


def test_a_select_gives_columns_and_rows(demo_lake: Lake) -> None:
    sql = "SELECT source, count(*) AS leads FROM curated.leads WHERE converted GROUP BY source ORDER BY source"

    result = run_sql(demo_lake.pin(), sql, 100)

    leads = [lead["source"] for lead in read_table(demo_lake, LEADS) if lead["converted"]]
    assert result.columns == ["source", "leads"]
    assert result.rows() == [[source, leads.count(source)] for source in sorted(set(leads))]
    assert not result.truncated


@pytest.mark.parametrize(("limit", "rows", "truncated"), [(2, 2, True), (3, 3, False), (4, 3, False), (None, 3, False)])
def test_a_result_is_cut_after_the_limit_and_says_so(
    limit: int | None, rows: int, truncated: bool, pinned: PinnedLake
) -> None:
    result = run_sql(pinned, "SELECT * FROM range(3)", limit)

    assert (len(result.rows()), result.truncated) == (rows, truncated)


def test_a_long_result_is_whole_without_a_limit(pinned: PinnedLake) -> None:
    result = run_sql(pinned, "SELECT range AS n FROM range(50_000) ORDER BY n", None)

    assert [row[0] for row in result.rows()] == list(range(50_000))


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("", "this is 0"),
        ("SELECT 1; SELECT 2", "this is 2"),
        ("DROP VIEW curated.leads", "only SELECT"),
        ("CREATE TABLE t AS SELECT 1", "only SELECT"),
        ("INSERT INTO curated.leads SELECT * FROM curated.leads", "only SELECT"),
        ("COPY (SELECT 1) TO 'out.csv'", "only SELECT"),
        ("ATTACH 'other.db'", "only SELECT"),
        ("INSTALL httpfs", "only SELECT"),
        ("SET enable_external_access = true", "only SELECT"),
        ("SELEC 1", "Parser Error"),
        ("SELECT colour FROM curated.leads", "colour"),
        ("SELECT * FROM curated.colours", "does not exist"),
        ("SELECT 'a'::INTEGER FROM range(30_000)", "Conversion Error"),
    ],
)
def test_what_is_no_sound_select_is_refused_in_one_sentence(sql: str, said: str, pinned: PinnedLake) -> None:
    with pytest.raises(QueryRefusedError, match=said) as refused:
        run_sql(pinned, sql, 10)

    assert str(refused.value).startswith("the query was refused: ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "FROM '/etc/passwd'",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM read_parquet('{folder}/**/*.parquet')",
        "SELECT * FROM read_parquet('{identities}')",
        "SELECT * FROM read_parquet('{events}/../../../identities/data/*.parquet')",
        "SELECT * FROM 'https://example.com/x.csv'",
        "SELECT * FROM duckdb_secrets()",
        "SELECT getenv('HOME')",
        "SELECT * FROM curated.identities",
    ],
)
def test_nothing_but_the_granted_tables_can_be_read(sql: str, lake_of_one: Lake) -> None:
    places = {
        "folder": lake_of_one.settings.lake,
        "identities": files_of(lake_of_one, IDENTITIES)[0],
        "events": str(Path(files_of(lake_of_one, EVENTS)[0]).parent),
    }

    with pytest.raises(QueryRefusedError):
        run_sql(lake_of_one.pin(), sql.format(**places), 10)


def test_a_refused_line_is_known_by_place_and_reason_alone(pinned: PinnedLake) -> None:
    result = run_sql(pinned, "SELECT * FROM curated.quarantine", 10)

    assert result.columns == ["stream", "batch_id", "line_number", "reason", "seen_at"]
    assert [row[2:4] for row in result.rows()] == [[2, "not valid JSON"]]
    with pytest.raises(QueryRefusedError, match="line"):
        run_sql(pinned, "SELECT line FROM curated.quarantine", 10)


FORMS = [
    "read_parquet('{}')",
    "'{}'",
    '"{}"',
    "main.'{}'",
    "query_table('{}')",
    "query('FROM ''{}''')",
    "histogram('{}', line)",
    "histogram_values('{}', line)",
    "pragma_table_info('{}')",
    "(SUMMARIZE '{}')",
    "(DESCRIBE '{}')",
    "curated.leads WHERE lead_id IN (SELECT line FROM '{}')",
]


@pytest.mark.parametrize("form", FORMS)
def test_a_refused_line_cannot_be_read_from_its_data_file(form: str, lake_of_one: Lake) -> None:
    (file,) = files_of(lake_of_one, QUARANTINE)

    with pytest.raises(QueryRefusedError):
        run_sql(lake_of_one.pin(), f"SELECT line FROM {form.format(file)}", 10)


@pytest.mark.parametrize(
    "sql",
    [
        "FROM curated.leads",
        "SUMMARIZE curated.leads",
        "DESCRIBE curated.leads",
        "SHOW ALL TABLES",
        "SELECT * FROM range(3), unnest([1, 2])",
        "WITH ours AS (SELECT * FROM curated.leads) SELECT count(*) FROM ours",
        "UNPIVOT curated.leads ON events, engagement_score",
        "SELECT * FROM information_schema.columns",
        "SELECT (SELECT max(events) FROM curated.leads l WHERE l.source = e.source) FROM curated.events e",
    ],
)
def test_whatever_reads_the_granted_tables_alone_runs(sql: str, lake_of_one: Lake) -> None:
    assert run_sql(lake_of_one.pin(), sql, None).rows()


def test_no_readable_table_holds_an_address(demo_lake: Lake) -> None:
    pinned = demo_lake.pin()
    addresses = {row["identity"] for row in read_table(demo_lake, IDENTITIES) if row["kind"] == "email"}

    for name in READABLE:
        text = str(run_sql(pinned, f"SELECT * FROM {name}", None).table.to_pydict())
        assert not any(address in text for address in sorted(addresses)[:200]), name
        assert "@" not in text, name


def test_a_view_stays_on_its_snapshot_while_the_lake_goes_on(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    land_lines(lake, "webinar", touch())
    build(lake, NOW)
    pinned = lake.pin()
    land_lines(lake, "webinar", touch(email="ann@example.com"))
    build(lake, NOW)

    assert run_sql(pinned, "SELECT count(*) FROM curated.leads", 1).rows() == [[1]]
    assert run_sql(lake.pin(), "SELECT count(*) FROM curated.leads", 1).rows() == [[2]]


def test_an_empty_lake_has_empty_tables_of_the_declared_columns(lake: Lake) -> None:
    result = run_sql(lake.pin(), "SELECT * FROM curated.events", 10)

    assert result.rows() == []
    assert {"event_id", "lead_id", "duration", "attributes"} <= set(result.columns)
