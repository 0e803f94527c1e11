"""The doctor says how each thing stands, and what to do where something is wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lake_access.building.build import build
from lake_access.doctor import Finding, declared_schema, examine
from lake_access.errors import SettingsError
from lake_access.iceberg.catalog import load_table
from lake_access.iceberg.commits import commit, pin
from lake_access.iceberg.tables import LEADS
from lake_access.lake import Lake
from lake_access.settings import load_settings
from lake_access.upkeep.maintain import maintain
from tests.lake_access.lakes import (
    NOW,
    Line,
    batch_of,
    lake_in,
    land_lines,
    settings_in,
    shipped_config,
    touch,
)


def findings(lake: Lake, hours: float = 1) -> dict[str, Finding]:
    return {finding.subject: finding for finding in examine(lake.settings, NOW + timedelta(hours=hours))}


def wrong(found: dict[str, Finding]) -> dict[str, str]:
    return {subject: finding.detail for subject, finding in found.items() if finding.verdict != "ok"}


def test_a_built_lake_is_in_order(lake: Lake) -> None:
    land_lines(lake, "webinar", touch())
    build(lake, NOW)

    found = findings(lake)

    assert wrong(found) == {}
    assert found["settings"].detail.endswith("7 streams declared")
    assert found["freshness"].detail == "newest batch landed 2026-01-02 12:00 UTC, 1 hour ago"
    assert found["raw batches"].detail == "1 landed, all built"
    assert found["curated.events"].detail.startswith("1 row in 1 file, ")
    assert all(not finding.remedy for finding in found.values())


def test_an_empty_lake_is_told_how_to_begin(lake: Lake) -> None:
    found = findings(lake)

    assert wrong(found) == {"freshness": "nothing was built yet"}
    assert "leadlake demo" in found["freshness"].remedy


def test_old_news_waiting_batches_and_quarantined_lines_are_warned_of(lake: Lake) -> None:
    land_lines(lake, "webinar", touch(), "nonsense", "more nonsense", touch(email="x"))
    build(lake, NOW)
    land_lines(lake, "webinar", touch(n=1), at=NOW + timedelta(hours=1))

    found = findings(lake, hours=48)

    assert wrong(found) == {
        "freshness": "newest batch landed 2026-01-02 12:00 UTC, 48 hours ago",
        "raw batches": "1 of 2 are not built yet",
        "quarantine": "3 lines (75.0% of those read): 2 × not valid JSON; 1 × email: not a possible address",
    }
    assert found["raw batches"].remedy == "Run `leadlake build`."


def test_of_many_reasons_for_quarantine_the_others_are_counted_and_a_small_share_is_not_nothing(lake: Lake) -> None:
    good = [touch(email=f"lead-{n}@example.com") for n in range(2_000)]
    bad: list[Line] = [
        "nonsense",
        touch(email="x"),
        touch(timestamp="soon"),
        touch(event_type="unheard_of"),
        touch(campaign=7),
    ]
    land_lines(lake, "webinar", *good, *bad)
    build(lake, NOW)

    detail = findings(lake)["quarantine"].detail

    assert detail.startswith("5 lines (0.25% of those read): 1 × ")
    assert detail.endswith("; and 2 more reasons")


def test_a_batch_that_was_refused_whole_is_named(lake: Lake) -> None:
    batch = batch_of(land_lines(lake, "webinar", touch()))
    (Path(lake.settings.lake) / batch.key).write_bytes(b"damaged")
    build(lake, NOW)

    assert batch.key in wrong(findings(lake))["refused batches"]


def test_a_refused_batch_is_forgotten_once_its_content_has_landed_again(lake: Lake) -> None:
    batch = batch_of(land_lines(lake, "webinar", touch()))
    root = Path(lake.settings.lake)
    (root / batch.key).write_bytes(b"damaged")
    build(lake, NOW)
    assert "refused batches" in wrong(findings(lake))

    (reservation,) = (root / "raw" / "webinar" / "landed").iterdir()
    reservation.unlink()
    land_lines(lake, "webinar", touch(), at=NOW + timedelta(minutes=30))
    build(lake, NOW)

    assert wrong(findings(lake)) == {}


def land_each_day(lake: Lake, days: int, *, bad_lines: int = 0, first: int = 0) -> None:
    """A batch of twenty lines a day, the last of them now."""
    for day in range(first, first + days):
        good = [touch(email=f"lead-{day}-{n}@example.com") for n in range(20 - bad_lines)]
        bad = [f"nonsense {day} {n}" for n in range(bad_lines)]
        land_lines(lake, "webinar", *good, *bad, at=NOW - timedelta(days=30 - day))


def test_a_stream_that_has_fallen_silent_is_named_with_its_rhythm(lake: Lake) -> None:
    land_each_day(lake, 20)
    land_lines(lake, "online", touch(event_type="page_view"), at=NOW)
    build(lake, NOW)

    found = wrong(findings(lake))

    assert found == {"silent streams": "webinar: nothing for 11 days, usually every 1 day"}


def test_a_stream_that_keeps_its_rhythm_and_one_that_has_none_are_not_silent(lake: Lake) -> None:
    land_each_day(lake, 30)
    for hours in (0, 1, 2):
        land_lines(lake, "online", touch(event_type="page_view", n=hours), at=NOW - timedelta(days=9, hours=hours))
    build(lake, NOW)

    assert wrong(findings(lake)) == {}


def test_a_share_of_quarantined_lines_that_jumps_is_told(lake: Lake) -> None:
    land_each_day(lake, 27, bad_lines=0)
    land_each_day(lake, 3, bad_lines=5, first=27)
    build(lake, NOW)

    found = findings(lake)

    assert found["quarantined share"].detail == "webinar: 25.0% of its newest 3 batches, 0.0% before"
    assert "leadlake.toml" in found["quarantined share"].remedy


def test_a_share_of_quarantined_lines_that_was_always_high_is_none(lake: Lake) -> None:
    land_each_day(lake, 8, bad_lines=5)
    build(lake, NOW)

    assert findings(lake)["quarantined share"].verdict == "ok"


def test_many_small_files_are_warned_of_until_they_are_joined(lake: Lake) -> None:
    months = [f"{year}-{month:02d}-01T10:00:00Z" for year in range(2018, 2023) for month in range(1, 13)]
    for n in range(2):
        land_lines(lake, "webinar", *(touch(timestamp=month, n=n) for month in months), at=NOW)
        build(lake, NOW)

    found = findings(lake)
    assert found["small files"].detail == "curated.events: 120 files could be 60"
    assert found["small files"].remedy == "Run `leadlake maintain`, once a day."

    maintain(lake, datetime.now(UTC))
    assert findings(lake)["small files"].verdict == "ok"


def test_snapshots_past_the_retention_are_warned_of_until_they_are_gone(lake: Lake) -> None:
    for n in range(2):
        land_lines(lake, "webinar", touch(n=n))
        build(lake, NOW)
    later = datetime.now(UTC) + timedelta(days=9)

    def old_snapshots() -> Finding:
        return next(finding for finding in examine(lake.settings, later) if finding.subject == "old snapshots")

    assert old_snapshots().detail.endswith(" past the retention of 7 days")
    assert old_snapshots().verdict == "warning"
    maintain(lake, later)
    assert old_snapshots().verdict == "ok"


def test_a_table_that_lost_its_rows_is_a_failure(lake: Lake) -> None:
    land_lines(lake, "webinar", touch())
    build(lake, NOW)
    table = load_table(lake.catalog, LEADS)
    assert table is not None
    commit(table, [], list(pin(table).files.values()), {})

    found = findings(lake)["agreement"]

    assert (found.verdict, found.detail) == ("failure", "1 lead of events that curated.leads has not")


def test_who_is_known_from_refused_lines_alone_is_no_fault(lake: Lake) -> None:
    land_lines(lake, "webinar", touch(), touch(email="ann@example.com", event_type="webinar_attendance", duration=-1))
    build(lake, NOW)

    found = findings(lake)["agreement"]

    assert found.verdict == "ok"
    assert found.detail.startswith("every lead has its events, and every event its lead")


def test_rules_that_changed_since_the_build_are_warned_of(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    land_lines(lake, "webinar", touch())
    build(lake, NOW)
    changed = lake_in(tmp_path, shipped_config(('version = "2025-01"', 'version = "2025-02"')))

    found = findings(changed)

    assert wrong(found) == {"scoring rules": "declared 2025-02, last built with 2025-01"}
    assert found["scoring rules"].remedy == "Run `leadlake replay`."


def test_a_field_of_another_type_than_its_column_is_a_failure_before_a_build_refuses_it(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    land_lines(lake, "webinar", touch(event_type="webinar_attendance", questions=2))
    build(lake, NOW)
    edits = (('fields.questions = { type = "integer"', 'fields.questions = { type = "number"'),)

    later = lake_in(tmp_path, shipped_config(*edits))

    assert findings(lake)["columns"] == Finding("columns", "ok", "of the types that are declared")
    found = findings(later)["columns"]
    assert found.verdict == "failure"
    assert found.detail == 'curated.events: "questions" is declared as double, and the table has it as long'
    assert "leadlake.toml" in found.remedy
    with pytest.raises(SettingsError) as refused:
        build(later, NOW)
    assert str(refused.value).startswith(found.detail)


def test_a_database_that_cannot_be_reached_is_the_last_finding(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    settings = settings_in(tmp_path, database=f"sqlite:///{tmp_path / 'folder'}")

    found = list(examine(settings, NOW))

    assert [finding.subject for finding in found] == ["settings", "lake", "database"]
    assert (found[-1].verdict, bool(found[-1].remedy)) == ("failure", True)


def test_a_password_is_not_shown(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, database="postgresql+psycopg://lead:hunter2@127.0.0.1:1/lake")

    said = str(list(examine(settings, NOW)))

    assert "failure" in said
    assert "hunter2" not in said


def test_a_lake_that_cannot_be_written_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("a file where the lake should be", encoding="utf-8")
    settings = settings_in(tmp_path / "home", lake=str(tmp_path / "lake" / "below"))

    found = {finding.subject: finding for finding in examine(settings, NOW)}

    assert found["lake"].verdict == "failure"


def test_the_declared_schema_says_each_events_fields_in_words(tmp_path: Path) -> None:
    rows = declared_schema(load_settings({"LEADLAKE_HOME": str(tmp_path)}))

    assert (
        "scores",
        "score",
        "model_version: text required; score: integer required from 0 to 100",
    ) in rows
    assert len(rows) == 11
