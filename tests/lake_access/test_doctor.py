"""The doctor says how each thing stands, and what to do where something is wrong."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from lake_access.building.build import build
from lake_access.doctor import Finding, declared_schema, examine
from lake_access.lake import Lake
from lake_access.settings import load_settings
from tests.lake_access.lakes import (
    NOW,
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
    assert found["freshness"].detail == "newest batch landed 2026-01-02 12:00 UTC, 1 hours ago"
    assert found["raw batches"].detail == "1 landed, all built"
    assert found["curated.events"].detail.startswith("1 rows in 1 files, ")
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
        "quarantine": "3 lines: 2 × not valid JSON; 1 × email: not a possible address",
    }
    assert found["raw batches"].remedy == "Run `leadlake build`."


def test_a_batch_that_was_refused_whole_is_named(lake: Lake) -> None:
    batch = batch_of(land_lines(lake, "webinar", touch()))
    (Path(lake.settings.lake) / batch.key).write_bytes(b"damaged")
    build(lake, NOW)

    assert batch.key in wrong(findings(lake))["refused batches"]


def test_rules_that_changed_since_the_build_are_warned_of(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    land_lines(lake, "webinar", touch())
    build(lake, NOW)
    changed = lake_in(tmp_path, shipped_config(('version = "2025-01"', 'version = "2025-02"')))

    found = findings(changed)

    assert wrong(found) == {"scoring rules": "declared 2025-02, last built with 2025-01"}
    assert found["scoring rules"].remedy == "Run `leadlake replay`."


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
