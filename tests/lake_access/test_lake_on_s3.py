"""The whole lake on S3: the same tables and answers as in a folder, and a sentence where something is wrong."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lake_access.building.build import BuildResult, build
from lake_access.building.replay import ReplayRange, replay
from lake_access.conversion import ConversionFilters, conversion
from lake_access.demo_events import DemoPlan, write_demo_events
from lake_access.doctor import examine
from lake_access.errors import LeadlakeError, QueryRefusedError, RefusedError, SettingsError, StorageError
from lake_access.iceberg.tables import EVENTS, IDENTITIES
from lake_access.lake import Lake, open_views
from lake_access.raw import land
from lake_access.sql import run_sql
from lake_access.upkeep.maintain import maintain
from tests.lake_access.lakes import NOW, lake_in, land_lines, read_tables, settings_in, touch
from tests.lake_access.s3_server import KEYS, S3Server, silent_port, write_rotating_keys

LATER = NOW + timedelta(days=1)
SECRETS = (KEYS["AWS_SECRET_ACCESS_KEY"], KEYS["AWS_ACCESS_KEY_ID"], "the token of the tests")


@pytest.fixture(scope="module")
def to_read(s3_server: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A lake on S3 of one lead; only for reading."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in {**s3_server.environment, "AWS_SESSION_TOKEN": SECRETS[2]}.items():
            environment.setenv(name, value)
        lake = lake_in(tmp_path_factory.mktemp("home"), lake=f"s3://{s3_server.make_bucket('lake-to-read')}/lake")
        land_lines(lake, "webinar", touch())
        build(lake, NOW)
        yield lake


@pytest.fixture
def on_s3(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    monkeypatch.setenv("AWS_SESSION_TOKEN", SECRETS[2])
    return lake_in(tmp_path / "s3", lake=f"s3://{bucket}/company/lake")


def built_in_steps(lake: Lake, folder: Path) -> list[tuple[int, int, int, int, int]]:
    """A first build, an incremental one with feedback, one where a late event links two leads, and replays; counts."""
    written = write_demo_events(DemoPlan(until=NOW, leads=100), folder)
    for stream, file in [
        (stream, file) for stream, of in written.items() for file in of if file.stem > f"{stream}-2025-10"
    ]:
        land(lake.store, stream, file, NOW, history=True)
    results = [build(lake, NOW)]
    land_lines(lake, "webinar", touch(email="ann@example.com"), touch(email="bob@example.com"), "not JSON", at=LATER)
    outcome = {"event_type": "outcome", "lead_key": "C-1", "timestamp": "2026-01-02T10:00:00Z", "converted": True}
    land_lines(lake, "outcomes", outcome, at=LATER)
    results.append(build(lake, LATER))
    filed = {"event_type": "sales_action", "action": "call", "timestamp": "2026-01-02T11:00:00Z", "lead_key": "C-1"}
    land_lines(lake, "sales", filed | {"email": "ann@example.com"}, at=LATER + timedelta(hours=1))
    results.append(build(lake, LATER + timedelta(hours=1)))
    results += [replay(lake, chosen, LATER) for chosen in (ReplayRange(since=LATER.date()), ReplayRange())]
    return [counts_of(result) for result in results]


def counts_of(result: BuildResult) -> tuple[int, int, int, int, int]:
    return result.read, result.curated, result.duplicates, result.quarantined, result.leads


def test_a_lake_on_s3_says_what_the_same_lake_in_a_folder_says(on_s3: Lake, tmp_path: Path) -> None:
    in_folder = lake_in(tmp_path / "folder")

    counts = [built_in_steps(lake, tmp_path / "events") for lake in (on_s3, in_folder)]

    assert counts[0] == counts[1]
    assert counts[0][1][:4] == (4, 3, 0, 1)
    assert counts[0][2][4] == counts[0][1][4] - 1, "the late event made two leads one"
    assert read_tables(on_s3) == read_tables(in_folder)
    pinned = on_s3.pin(), in_folder.pin()
    found = [conversion(lake, ["source", "band"], ConversionFilters(all_leads=True)) for lake in pinned]
    assert found[0].rows == found[1].rows
    assert sum(row.leads for row in found[0].rows) == counts[0][2][4]
    sql = "SELECT event_type, count(*), max(duration) FROM curated.events GROUP BY ALL ORDER BY ALL"
    answers = [run_sql(lake, sql, None).rows() for lake in pinned]
    assert answers[0] == answers[1]
    assert len(answers[0]) > 5


def test_everything_of_the_lake_lies_in_the_bucket(to_read: Lake, s3_server: S3Server) -> None:
    stored = s3_server.client().list_objects_v2(Bucket="lake-to-read")["Contents"]

    assert {"/".join(found["Key"].split("/")[:2]) for found in stored} == {"lake/raw", "lake/warehouse"}
    assert {file.name for file in to_read.settings.home.iterdir()} == {"leadlake.sqlite"}


def test_a_second_process_reads_what_the_first_has_built(to_read: Lake) -> None:
    other = lake_in(to_read.settings.home, lake=to_read.settings.lake)

    assert other.pin().rows("SELECT count(*) FROM curated.leads") == [(1,)]
    assert counts_of(build(other, NOW)) == (0, 0, 0, 0, 1)
    assert other.pin().snapshot_ids == to_read.pin().snapshot_ids


def test_upkeep_on_s3_leaves_what_is_in_use_and_earlier_states_until_they_expire(on_s3: Lake, tmp_path: Path) -> None:
    built_in_steps(on_s3, tmp_path / "events")
    land_lines(on_s3, "webinar", touch(), at=LATER + timedelta(hours=2))
    leads = build(on_s3, LATER + timedelta(hours=2)).leads
    before, first = read_tables(on_s3), on_s3.pin()
    raw = [stored.key for stored in on_s3.store.list("raw/")]
    moment = datetime.now(UTC) + timedelta(seconds=2)  # S3 tells whole seconds
    time.sleep(2)

    compacted = maintain(on_s3, datetime.now(UTC))
    assert compacted.tables[EVENTS].files_after < compacted.tables[EVENTS].files_before
    assert first.rows("SELECT count(*) FROM curated.leads") == [(leads,)]
    assert on_s3.pin_as_of(moment).snapshot_ids == first.snapshot_ids
    report = maintain(on_s3, datetime.now(UTC) + timedelta(days=30))

    assert read_tables(on_s3) == before
    assert [stored.key for stored in on_s3.store.list("raw/")] == raw
    stored = {on_s3.store.address(one.key) for one in on_s3.store.list("warehouse/curated/events/data/")}
    assert stored == set(on_s3.pin().tables[EVENTS].files)
    assert report.tables[EVENTS].orphan_files > 0
    assert counts_of(build(on_s3, LATER))[:4] == (0, 0, 0, 0)
    with pytest.raises(RefusedError, match="has expired"):
        on_s3.pin_as_of(moment)


# What a user's SQL can reach.


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM duckdb_secrets()",
        "SELECT * FROM system.main.duckdb_secrets()",
        "SELECT (SELECT secret_string FROM Duckdb_Secrets())",
        "SELECT * FROM which_secret('s3://x', 's3')",
        "SELECT * FROM query('FROM duckdb_secrets()')",
        "SELECT * FROM enable_logging('HTTP')",
        "WITH logged AS MATERIALIZED (FROM enable_logging('HTTP')) SELECT * FROM logged, duckdb_logs",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM glob('s3://*/**')",
        "SELECT * FROM read_parquet('{raw}')",
        "SELECT * FROM '{identities}'",
        "SELECT * FROM '{identities}?s3_region=eu-central-1'",
        "CREATE SECRET mine (TYPE s3)",
        "SET s3_endpoint = 'elsewhere.example'",
        "COPY curated.leads TO 's3://elsewhere/leads.parquet'",
    ],
)
def test_a_users_sql_reaches_no_keys_and_no_other_files(to_read: Lake, sql: str) -> None:
    raw = to_read.store.address(next(to_read.store.list("raw/")).key)
    identities = next(found.key for found in to_read.store.list(f"warehouse/{IDENTITIES.replace('.', '/')}/data/"))

    with pytest.raises(QueryRefusedError):
        run_sql(to_read.pin(), sql.format(raw=raw, identities=to_read.store.address(identities)), None)


def test_no_setting_shows_the_keys_of_the_environment(to_read: Lake) -> None:
    pinned = to_read.pin()

    with open_views(pinned) as connection:
        in_queries_database = connection.execute("SELECT name, value FROM duckdb_settings()").fetchall()
    in_readers_database = pinned.rows("SELECT name, value FROM duckdb_settings()")
    keys = "SELECT current_setting('s3_secret_access_key'), current_setting('s3_session_token')"

    assert len(in_queries_database) > 100
    assert pinned.rows(keys) == [("", "")]
    assert [secret for secret in SECRETS if secret in repr((in_queries_database, in_readers_database))] == []
    with pytest.raises(QueryRefusedError):
        run_sql(pinned, keys, 1)


def test_no_message_can_show_the_secrets_of_an_open_lake(to_read: Lake) -> None:
    pinned, access = to_read.pin(), to_read.store.access()

    assert access is not None
    assert (access.secret, access.key_id, access.token) == SECRETS
    assert not any(secret in repr((to_read, pinned, access)) for secret in (SECRETS[0], SECRETS[2]))


# Keys that rotate.


def test_rotated_keys_reach_every_engine(
    bucket: str, s3_server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in KEYS:
        monkeypatch.delenv(name)
    soon = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    for name, value in write_rotating_keys(tmp_path, "FIRST", soon).items():
        monkeypatch.setenv(name, value)
    lake = lake_in(tmp_path / "home", lake=f"s3://{bucket}")
    land_lines(lake, "webinar", touch())
    build(lake, NOW)
    pinned = lake.pin()
    assert pinned.rows("SELECT count(*) FROM curated.leads") == [(1,)]

    write_rotating_keys(tmp_path, "SECOND", soon)
    with s3_server.refusing("FIRST"):
        assert pinned.rows("SELECT count(DISTINCT lead_id), min(events) FROM curated.leads") == [(1, 1)]
        land_lines(lake, "webinar", touch(email="ann@example.com"), at=LATER)
        assert build(lake, LATER).leads == 2
        assert run_sql(lake.pin(), "SELECT count(*) FROM curated.leads", 1).rows() == [[2]]


# What goes wrong, as one sentence, in seconds.


def refusal_of(home: Path, root: str) -> str:
    started = time.monotonic()
    with pytest.raises(LeadlakeError) as refused:
        lake_in(home, lake=root)
    assert time.monotonic() - started < 10
    return str(refused.value)


def test_a_missing_bucket_is_told_with_its_name(bucket: str, tmp_path: Path) -> None:
    assert refusal_of(tmp_path, f"s3://{bucket}-not/lake") == (
        f"s3://{bucket}-not/lake: there is no such bucket; create it, or correct LEADLAKE_LAKE."
    )


def test_an_address_that_can_be_no_bucket_is_refused(bucket: str, tmp_path: Path) -> None:
    for root in (
        "s3://",
        "s3:///",
        "s3://Capitals",
        f"s3://{bucket}/a b",
        f"s3://{bucket}/a//b",
        f"s3://{bucket}/a?b",
        "gs://b",
    ):
        with pytest.raises(SettingsError, match="LEADLAKE_LAKE"):
            lake_in(tmp_path, lake=root)


def test_wrong_keys_are_told_apart_from_missing_rights(
    bucket: str, s3_server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    iam = s3_server.client("iam")
    iam.create_user(UserName="somebody")
    policy = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}}
    iam.put_user_policy(UserName="somebody", PolicyName="writes", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName="somebody")["AccessKey"]
    with s3_server.rights_checked():
        unknown = refusal_of(tmp_path, f"s3://{bucket}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        wrong = refusal_of(tmp_path, f"s3://{bucket}")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
        forbidden = refusal_of(tmp_path, f"s3://{bucket}")

    assert unknown == wrong
    assert unknown.startswith(f"s3://{bucket}: the AWS credentials are wrong; check AWS_PROFILE")
    assert forbidden.startswith(f"s3://{bucket}: the AWS credentials do not allow it, or have expired; docs/")
    assert not any(secret in unknown + wrong + forbidden for secret in (*SECRETS, key["SecretAccessKey"]))


def test_no_keys_at_all_are_told_with_what_to_set(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KEYS:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    assert "no AWS credentials were found; set AWS_PROFILE, or AWS_ACCESS_KEY_ID" in refusal_of(
        tmp_path, f"s3://{bucket}"
    )


def test_a_dead_endpoint_is_told_within_seconds(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent_port()}")

    assert refusal_of(tmp_path, f"s3://{bucket}").startswith(f"s3://{bucket}: the endpoint did not answer; check")


def test_a_connection_lost_at_work_is_one_sentence_and_loses_nothing(on_s3: Lake, s3_server: S3Server) -> None:
    land_lines(on_s3, "webinar", touch())
    build(on_s3, NOW)
    land_lines(on_s3, "webinar", touch(email="ann@example.com"), at=LATER)
    pinned = on_s3.pin()

    with s3_server.refusing(KEYS["AWS_ACCESS_KEY_ID"]):
        for work in (
            lambda: build(on_s3, LATER),
            lambda: lake_in(on_s3.settings.home, lake=on_s3.settings.lake),
            lambda: pinned.rows("SELECT sum(final_score) FROM curated.leads"),
            lambda: run_sql(pinned, "SELECT sum(final_score) FROM curated.leads", 1),
            lambda: land_lines(on_s3, "webinar", touch(email="bob@example.com")),
        ):
            with pytest.raises(StorageError, match="expired") as refused:
                work()
            assert "\n" not in str(refused.value)
            assert not any(secret in str(refused.value) for secret in SECRETS)

    assert build(on_s3, LATER).leads == 2


def test_a_build_that_finds_a_data_file_gone_says_which(on_s3: Lake, s3_server: S3Server, bucket: str) -> None:
    land_lines(on_s3, "webinar", touch())
    build(on_s3, NOW)
    lost = next(on_s3.store.list(f"warehouse/{EVENTS.replace('.', '/')}/data/")).key
    s3_server.client().delete_object(Bucket=bucket, Key=f"company/lake/{lost}")
    land_lines(on_s3, "webinar", touch(email="ann@example.com"), at=LATER)

    with pytest.raises(StorageError, match=r"the build: .*\.parquet.* The file is gone") as refused:
        build(on_s3, LATER)

    assert lost.rsplit("/", 1)[-1] in str(refused.value)


def test_the_doctor_says_what_is_wrong_with_the_bucket(bucket: str, tmp_path: Path) -> None:
    findings = list(examine(settings_in(tmp_path, lake=f"s3://{bucket}-not"), NOW))

    assert [(found.subject, found.verdict) for found in findings] == [("settings", "ok"), ("lake", "failure")]
    assert "there is no such bucket" in findings[-1].detail


def test_the_doctor_finds_a_lake_on_s3_in_order(to_read: Lake) -> None:
    findings = list(examine(to_read.settings, NOW))

    assert [found.subject for found in findings if found.verdict != "ok"] == []
    assert ("lake", to_read.settings.lake) in [(found.subject, found.detail) for found in findings]


# The catalog in AWS Glue.


def test_a_lake_in_glue_says_what_the_same_lake_in_a_folder_says(bucket: str, tmp_path: Path) -> None:
    in_glue = lake_in(tmp_path / "glue", lake=f"s3://{bucket}/glue", database="glue")
    in_folder = lake_in(tmp_path / "folder")

    for lake in (in_glue, in_folder):
        for month in (10, 11):
            at = datetime(2025, month + 1, 1, tzinfo=UTC)
            land_lines(lake, "webinar", touch(timestamp=f"2025-{month}-05T10:00:00Z"), touch(email="no"), at=at)
            build(lake, at)

    assert in_glue.pin().rows("SELECT events FROM curated.leads") == [(2,)]
    assert read_tables(in_glue) == read_tables(in_folder)


def test_a_catalog_of_another_lake_is_refused_before_anything_is_written(to_read: Lake, bucket: str) -> None:
    before = to_read.pin().snapshot_ids
    another = lake_in(to_read.settings.home, lake=f"s3://{bucket}/another")
    land_lines(another, "webinar", touch(email="ann@example.com"))

    with pytest.raises(SettingsError, match="lies at s3://lake-to-read/lake/warehouse/"):
        build(another, NOW)

    assert lake_in(to_read.settings.home, lake=to_read.settings.lake).pin().snapshot_ids == before
    assert list(another.store.list("warehouse/")) == []


def test_glue_without_s3_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="LEADLAKE_DATABASE=glue needs LEADLAKE_LAKE=s3://"):
        lake_in(tmp_path, database="glue")
