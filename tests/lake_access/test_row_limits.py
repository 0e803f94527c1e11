"""A reader with row limits finds their own leads, and what belongs to them, however they ask."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import pyarrow as pa
import pytest

from lake_access.conversion import ConversionFilters, conversion, created_range, lead_sources
from lake_access.errors import QueryRefusedError
from lake_access.features import features_as_of
from lake_access.lake import Lake, PinnedLake
from lake_access.permissions import RowLimits
from lake_access.planning import Dimension
from lake_access.sql import run_sql
from lake_access.views import READABLE

LIMITS = [
    RowLimits(sources=("webinar",)),
    RowLimits(locations=("Berlin", "Vienna")),
    RowLimits(sources=("webinar", "online"), locations=("Berlin",)),
    RowLimits(sources=()),
    RowLimits(sources=("it's nobody's",)),
]


def within(frame: pd.DataFrame, limits: RowLimits) -> pd.DataFrame:
    kept = frame
    if limits.sources is not None:
        kept = kept[kept["source"].isin(limits.sources)]
    if limits.locations is not None:
        kept = kept[kept["location"].isin(limits.locations)]
    return kept


def ids(frame: pd.DataFrame) -> list[str]:
    return sorted(map(str, frame["lead_id"]))


@pytest.fixture(scope="module")
def whole(demo_lake: Lake) -> PinnedLake:
    return demo_lake.pin()


@pytest.fixture(params=LIMITS, ids=str)
def limits(request: pytest.FixtureRequest) -> RowLimits:
    chosen: RowLimits = request.param
    return chosen


@pytest.fixture
def limited(demo_lake: Lake, limits: RowLimits) -> PinnedLake:
    return demo_lake.pin(limits)


def test_leads_are_those_within_the_limits(whole: PinnedLake, limited: PinnedLake, limits: RowLimits) -> None:
    everything = whole.frame("SELECT * FROM curated.leads")
    own = limited.frame("SELECT * FROM curated.leads")

    assert ids(own) == ids(within(everything, limits))
    assert len(own) < len(everything)


@pytest.mark.parametrize("table", ["curated.events", "curated.scores", "features.lead_features"])
def test_what_belongs_to_a_lead_goes_with_it(
    whole: PinnedLake, limited: PinnedLake, limits: RowLimits, table: str
) -> None:
    own_leads = set(ids(within(whole.frame("SELECT lead_id, source, location FROM curated.leads"), limits)))
    everything = whole.frame(f"SELECT lead_id FROM {table}")

    assert ids(limited.frame(f"SELECT lead_id FROM {table}")) == [one for one in ids(everything) if one in own_leads]


@pytest.mark.parametrize("by", [(), ("source",), ("band", "month"), ("location", "device"), ("model_version",)])
@pytest.mark.parametrize("all_leads", [True, False])
def test_every_figure_is_of_the_own_leads(
    demo_lake: Lake, whole: PinnedLake, limits: RowLimits, by: Sequence[Dimension], all_leads: bool
) -> None:
    filters = ConversionFilters(all_leads=all_leads)
    same = ConversionFilters(all_leads=all_leads, sources=limits.sources or (), locations=limits.locations or ())

    own = conversion(demo_lake.pin(limits), by, filters)

    if limits.sources == ():
        assert own.rows == []
    else:
        assert own.rows == conversion(whole, by, same).rows


def test_rollups_that_cannot_tell_are_not_there(limited: PinnedLake, limits: RowLimits) -> None:
    by_location = limited.frame("SELECT * FROM marts.leads_by_location")

    assert set(by_location["source"]) <= set(limits.sources or set(by_location["source"]))
    assert set(by_location["location"]) <= set(limits.locations or set(by_location["location"]))
    if limits.locations is not None:
        with pytest.raises(QueryRefusedError, match="leads_by_device"):
            limited.rows("SELECT * FROM marts.leads_by_device")


def test_days_and_sources_are_of_the_own_leads(limited: PinnedLake, whole: PinnedLake, limits: RowLimits) -> None:
    own = within(whole.frame("SELECT source, location, created_at FROM curated.leads"), limits)

    assert lead_sources(limited) == sorted(own["source"].unique())
    found = created_range(limited)
    if own.empty:
        assert found is None
    else:
        days = own["created_at"].dt.tz_convert("UTC").dt.date
        assert found == (days.min(), days.max())


# They tell of no lead, but of files and lines.
GONE = ("curated.quarantine", "curated.batches")
ATTEMPTS = [
    "SELECT count(*) FROM curated.leads",
    "SELECT count(DISTINCT lead_id) FROM curated.events",
    "SELECT count(DISTINCT lead_id) FROM curated.scores",
    "SELECT count(DISTINCT lead_id) FROM features.lead_features",
    "SELECT count(*) FROM (SELECT * FROM curated.leads UNION SELECT * FROM curated.leads)",
    "SELECT count(*) FROM curated.leads AS one LEFT JOIN curated.leads AS other USING (lead_id)",
    "SELECT sum(leads) FROM marts.leads_by_location",
    "WITH l AS (SELECT * FROM curated.leads) SELECT count(*) FROM l",
    "SELECT count(*) FROM curated.leads WHERE true OR source = 'roadshow'",
    "SELECT (SELECT count(*) FROM curated.leads)",
    "FROM curated.leads SELECT count(*)",
    "SELECT max(count) FROM (SUMMARIZE curated.leads)",
    "SELECT count(*) FROM (SELECT lead_id, converted FROM curated.leads)"
    " PIVOT (count(*) FOR converted IN (true, false))",
    "SELECT count(*) FROM curated.leads TABLESAMPLE 100%",
    "SELECT count(*) FROM range(2) AS r(n), LATERAL (SELECT lead_id FROM curated.leads WHERE n = 0)",
    "SELECT count(DISTINCT e.lead_id) FROM curated.events e LEFT JOIN curated.leads l USING (lead_id)"
    " WHERE l.lead_id IS NULL",
    "SELECT count(DISTINCT s.lead_id) FROM curated.scores s ANTI JOIN curated.leads l USING (lead_id)",
    "WITH RECURSIVE l AS (SELECT lead_id, 1 AS n FROM curated.leads UNION ALL SELECT lead_id, n + 1 FROM l WHERE n < 2)"
    " SELECT count(DISTINCT lead_id) FROM l",
    "SELECT approx_count_distinct(lead_id) * 0 + count(*) FROM curated.leads GROUP BY ALL",
    "SELECT count(*) FROM information_schema.tables WHERE table_name IN ('quarantine', 'batches', 'identities')",
]


@pytest.mark.parametrize("sql", ATTEMPTS)
def test_sql_counts_no_lead_of_others(limited: PinnedLake, whole: PinnedLake, limits: RowLimits, sql: str) -> None:
    own = len(within(whole.frame("SELECT source, location FROM curated.leads"), limits))

    ((counted,),) = run_sql(limited, sql, None).rows()

    assert (counted or 0) <= own


REFUSED = [
    "SELECT * FROM curated.quarantine",
    "SELECT * FROM curated.batches",
    "SELECT * FROM curated.identities",
    "SELECT * FROM marts.rolled_up",
    "SELECT * FROM duckdb_views()",
    "SELECT * FROM read_parquet('{file}')",
    "SELECT * FROM '{file}'",
    "SELECT * FROM parquet_scan(['{file}'])",
    "SELECT * FROM information_schema.views",
    "SELECT * FROM pg_catalog.pg_views",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM read_text('{file}')",
    "SELECT * FROM parquet_metadata('{file}')",
    "SELECT * FROM glob('{file}')",
    "SELECT * FROM histogram('curated.leads', source)",
    "SELECT curated.leads.source.stats() FROM curated.leads",
    "SELECT list_transform([source], lambda s: stats(s)) FROM curated.leads",
    "SELECT * FROM curated.leads AT (VERSION => 1)",
    "SELECT * FROM curated.leads AT (TIMESTAMP => TIMESTAMP '2020-01-01')",
    "EXPLAIN ANALYZE SELECT * FROM curated.leads",
    "CREATE MACRO all_leads() AS TABLE SELECT * FROM curated.leads",
    "PREPARE p AS SELECT 1",
    "COPY (SELECT * FROM curated.leads) TO '/tmp/leads.csv'",
    "SET VARIABLE x = 1",
    "PRAGMA database_list",
    "INSTALL httpfs",
    "SELECT getvariable('x')",
    "SELECT * FROM json_execute_serialized_sql('{}')",
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM query_table(['curated.leads'])",
    "CREATE OR REPLACE VIEW curated.leads AS SELECT 1",
    "DROP VIEW curated.leads",
    "ATTACH '{file}'",
]


@pytest.mark.parametrize("sql", REFUSED)
def test_ways_around_the_views_are_refused(demo_lake: Lake, sql: str) -> None:
    limited = demo_lake.pin(LIMITS[0])
    file = next(iter(limited.tables["curated.leads"].files))

    with pytest.raises(QueryRefusedError):
        run_sql(limited, sql.replace("{file}", file), None)


LEAKS = [
    "SELECT count(*) FROM {table} WHERE CASE WHEN lead_id = '{other}' THEN error('seen') ELSE true END",
    "SELECT count(*) FROM {table} WHERE if(lead_id = '{other}', lead_id::VARCHAR::INTEGER, 1) = 1",
    "SELECT count(*) FROM {table} JOIN (SELECT if(lead_id = '{other}', error('seen'), lead_id) AS lead_id FROM {table})"
    " USING (lead_id)",
]


@pytest.mark.parametrize("table", ["curated.leads", "curated.events", "curated.scores", "features.lead_features"])
@pytest.mark.parametrize("sql", LEAKS)
def test_no_error_tells_of_a_lead_of_others(demo_lake: Lake, whole: PinnedLake, sql: str, table: str) -> None:
    others = whole.frame(
        "SELECT lead_id FROM curated.leads SEMI JOIN curated.scores USING (lead_id) WHERE source = 'online'"
    )
    asked = sql.replace("{table}", table).replace("{other}", str(others["lead_id"][0]))
    with pytest.raises(QueryRefusedError):
        run_sql(whole, asked, None)

    assert run_sql(demo_lake.pin(LIMITS[0]), asked, None).rows()


def test_statistics_of_files_are_refused(demo_lake: Lake) -> None:
    with pytest.raises(QueryRefusedError, match=r"stats\(\) may not be called"):
        run_sql(demo_lake.pin(LIMITS[0]), "SELECT stats(source) FROM curated.leads LIMIT 1", None)


def test_an_earlier_state_is_limited_as_well(demo_lake: Lake, whole: PinnedLake, limits: RowLimits) -> None:
    snapshot = whole.snapshot("curated.leads")
    assert snapshot is not None

    earlier = demo_lake.pin_as_of(snapshot, limits)

    everything = whole.frame("SELECT lead_id, source, location FROM curated.leads")
    assert ids(earlier.frame("SELECT lead_id FROM curated.leads")) == ids(within(everything, limits))


def test_features_tell_nothing_of_others(demo_lake: Lake, whole: PinnedLake) -> None:
    limits = LIMITS[0]
    other = whole.frame("SELECT lead_id FROM curated.leads WHERE source = 'roadshow' LIMIT 1")["lead_id"][0]
    asked = pa.table({"lead_id": [str(other)], "as_of": [whole.known_until]})

    (told,) = features_as_of(demo_lake.pin(limits), asked).to_pylist()

    assert told["past_event_count"] == 0


def test_readers_with_other_limits_share_no_cache(demo_lake: Lake) -> None:
    pinned = [demo_lake.pin(), *(demo_lake.pin(limits) for limits in LIMITS)]

    assert len({one.cache_key for one in pinned}) == len(pinned)
    assert demo_lake.pin(LIMITS[0]) is pinned[1]


def test_every_table_that_readers_know_is_limited_or_gone(demo_lake: Lake) -> None:
    limited = demo_lake.pin(RowLimits(sources=()))

    for table in READABLE:
        if table in GONE:
            with pytest.raises(QueryRefusedError, match=table.split(".")[1]):
                limited.rows(f"SELECT count(*) FROM {table}")
        else:
            assert limited.rows(f"SELECT count(*) FROM {table}") == [(0,)]
