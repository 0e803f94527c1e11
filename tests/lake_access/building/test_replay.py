"""A replay leaves the tables that a lake built from nothing has."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from lake_access.building.build import build
from lake_access.building.replay import ReplayRange, replay, retry
from lake_access.doctor import examine
from lake_access.errors import RefusedError
from lake_access.iceberg.commits import pin_by_name
from lake_access.iceberg.tables import BATCHES, EVENTS, LEADS, QUARANTINE, table_definitions
from lake_access.lake import Lake
from lake_access.quarantine import QuarantineFilters
from tests.lake_access.lakes import NOW, Line, batch_of, lake_in, land_lines, read_table, shipped_config, touch

EVERYTHING = ReplayRange()
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATER = NOW + 9 * DAY


def tables_of(lake: Lake) -> dict[str, list[str]]:
    """Every table's rows, whatever the order of rows and columns, without when they were built."""
    return {name: rows_of(lake, name) for name in table_definitions(lake.settings.declarations)}


def rows_of(lake: Lake, name: str) -> list[str]:
    rows = (sorted(row.items()) for row in read_table(lake, name))
    return sorted(repr([(column, value) for column, value in row if column != "built_at"]) for row in rows)


def built_from_nothing(lake: Lake, folder: Path) -> Lake:
    """Another lake, that is built at once from the same raw events by the same declarations."""
    other = lake_in(folder, lake.settings.config_file.read_text(encoding="utf-8"))
    shutil.copytree(Path(lake.settings.lake) / "raw", Path(other.settings.lake) / "raw")
    build(other, NOW)
    return other


def assert_as_from_nothing(lake: Lake, folder: Path) -> None:
    expected, stored = tables_of(built_from_nothing(lake, folder)), tables_of(lake)
    for name, rows in expected.items():
        assert stored[name] == rows, name


def attended(**keys: object) -> dict[str, object]:
    return touch(event_type="webinar_attendance") | keys


def configured(home: Path, *edits: tuple[str, str]) -> Lake:
    """The lake in this home, by the shipped declarations with these edits."""
    return lake_in(home, shipped_config(*edits))


WEBINAR = "[sources.webinar.events.webinar_registration]"
SHORT = ("max = 1440 }     # minutes", "max = 10 }")
ROOM = (WEBINAR, WEBINAR + '\nfields.room = { type = "text" }')
NEW_RULES = (('version = "2025-01"', 'version = "2025-02"'), ("{ engagement = 4 }", "{ engagement = 5 }"))


def test_a_replay_of_everything_changes_no_row(tmp_path: Path) -> None:
    lake = lake_in(tmp_path / "home")
    land_lines(lake, "webinar", touch(), touch(), "nonsense", at=NOW)
    build(lake, NOW)
    land_lines(lake, "roadshow", touch(event_type="roadshow_visit", lead_key="crm-1"), at=NOW + HOUR)
    land_lines(lake, "webinar", touch(email=None, lead_key="crm-1"), touch(), at=NOW + HOUR)
    build(lake, NOW)
    before = tables_of(lake)
    told: list[tuple[str, int]] = []

    result = replay(lake, EVERYTHING, LATER, lambda stage, lines: told.append((stage, lines)))

    assert tables_of(lake) == before
    assert (result.read, result.curated, result.duplicates, result.quarantined) == (6, 3, 2, 1)
    assert (result.replayed, result.whole, result.widened, result.freed, result.leads) == (3, True, False, 0, 1)
    assert {row["built_at"] for row in read_table(lake, BATCHES)} == {LATER}
    assert sum(lines for stage, lines in told if stage == "events") == 6
    pinned = lake.pin()
    assert {name: result.snapshots[name] for name in pinned.tables} == {
        name: table.snapshot_id for name, table in pinned.tables.items()
    }
    assert_as_from_nothing(lake, tmp_path / "other")


def test_a_replay_takes_in_what_has_landed_and_was_not_built(tmp_path: Path) -> None:
    lake = lake_in(tmp_path / "home")
    land_lines(lake, "webinar", touch(), at=NOW)
    build(lake, NOW)
    land_lines(lake, "webinar", touch(), touch(email="ann@example.com"), at=NOW + HOUR)

    assert replay(lake, EVERYTHING, NOW).replayed == 2

    assert build(lake, NOW).read == 0
    assert_as_from_nothing(lake, tmp_path / "other")


@pytest.mark.parametrize("chosen", [EVERYTHING, ReplayRange(source="webinar")])
def test_a_field_declared_later_is_filled(chosen: ReplayRange, tmp_path: Path) -> None:
    lake = lake_in(tmp_path / "home")
    land_lines(lake, "webinar", touch(room="blue"))
    build(lake, NOW)
    assert [event["attributes"] for event in read_table(lake, EVENTS)] == ['{"room":"blue"}']

    replay(configured(tmp_path / "home", ROOM), chosen, NOW)

    assert [(event["room"], event["attributes"]) for event in read_table(lake, EVENTS)] == [("blue", None)]
    assert_as_from_nothing(configured(tmp_path / "home", ROOM), tmp_path / "other")


def test_a_replay_of_everything_by_new_rules_ends_the_warning_of_the_doctor(tmp_path: Path) -> None:
    lake = lake_in(tmp_path / "home")
    for number, stream in enumerate(("webinar", "online")):
        line = touch() if stream == "webinar" else touch(event_type="brochure_download")
        land_lines(lake, stream, line, at=NOW + number * HOUR)
    build(lake, NOW)
    lake = configured(tmp_path / "home", *NEW_RULES)

    def verdict() -> str:
        return next(found.verdict for found in examine(lake.settings, NOW) if found.subject == "scoring rules")

    assert verdict() == "warning"
    land_lines(lake, "webinar", touch(email="ann@example.com"), at=NOW + 2 * HOUR)
    build(lake, NOW)
    replay(lake, ReplayRange(source="online"), NOW)
    assert verdict() == "warning"

    replay(lake, EVERYTHING, NOW)

    assert verdict() == "ok"
    assert {event["rules_version"] for event in read_table(lake, EVENTS)} == {"2025-02"}
    assert_as_from_nothing(lake, tmp_path / "other")


@pytest.mark.parametrize("chosen", [EVERYTHING, ReplayRange(until=NOW.date())])
def test_a_line_that_is_valid_by_now_takes_its_event_from_a_later_batch(chosen: ReplayRange, tmp_path: Path) -> None:
    lake = configured(tmp_path / "home", SHORT)
    land_lines(lake, "webinar", attended(event_id="1", duration=20), "nonsense", at=NOW)
    land_lines(lake, "webinar", attended(event_id="1", duration=5), touch(), at=NOW + DAY)
    build(lake, NOW)
    lake = lake_in(tmp_path / "home")

    result = replay(lake, chosen, NOW)

    assert (result.whole, result.freed) == (chosen is EVERYTHING, 1)
    assert sorted(str(event["duration"]) for event in read_table(lake, EVENTS)) == ["20.0", "None"]
    counts = {row["landed_at"]: (row["curated"], row["duplicates"], row["quarantined"]) for row in batches_of(lake)}
    assert counts == {NOW: (1, 0, 1), NOW + DAY: (1, 1, 0)}
    assert_as_from_nothing(lake, tmp_path / "other")


def batches_of(lake: Lake) -> list[dict[str, Any]]:
    rows = read_table(lake, BATCHES)
    assert all(row["read"] == row["curated"] + row["duplicates"] + row["quarantined"] for row in rows)
    return rows


def test_a_line_that_is_refused_by_now_gives_its_event_to_a_later_batch_and_everything_is_replayed(
    tmp_path: Path,
) -> None:
    lake = lake_in(tmp_path / "home")
    land_lines(lake, "webinar", attended(event_id="1", duration=20, lead_key="crm-1"), at=NOW)
    land_lines(lake, "webinar", attended(event_id="1", duration=5), touch(email=None, lead_key="crm-1"), at=NOW + DAY)
    build(lake, NOW)
    assert len(read_table(lake, LEADS)) == 1
    lake = configured(tmp_path / "home", SHORT)

    result = replay(lake, ReplayRange(until=NOW.date()), NOW)

    assert (result.whole, result.widened, result.replayed, result.freed) == (True, True, 2, -1)
    assert (result.read, result.curated, result.quarantined) == (3, 2, 1)
    assert len(read_table(lake, LEADS)) == 2
    assert_as_from_nothing(lake, tmp_path / "other")


def test_a_duplicate_that_is_refused_by_now_links_its_identities_no_more(tmp_path: Path) -> None:
    lake = lake_in(tmp_path / "home")
    land_lines(lake, "webinar", attended(event_id="1", duration=5), touch(email=None, lead_key="crm-1"), at=NOW)
    land_lines(lake, "webinar", attended(event_id="1", duration=20, lead_key="crm-1"), at=NOW + DAY)
    build(lake, NOW)
    assert len(read_table(lake, LEADS)) == 1
    lake = configured(tmp_path / "home", SHORT)

    assert replay(lake, ReplayRange(since=(NOW + DAY).date()), NOW).widened

    assert len(read_table(lake, LEADS)) == 2
    assert_as_from_nothing(lake, tmp_path / "other")


def test_a_link_that_a_replayed_line_makes_moves_the_events_of_others(tmp_path: Path) -> None:
    lake = configured(tmp_path / "home", SHORT)
    land_lines(lake, "webinar", touch(), touch(email=None, lead_key="crm-1"), at=NOW)
    land_lines(lake, "webinar", attended(duration=20, lead_key="crm-1"), at=NOW + DAY)
    build(lake, NOW)
    assert len(read_table(lake, LEADS)) == 2
    lake = lake_in(tmp_path / "home")

    assert not replay(lake, ReplayRange(since=(NOW + DAY).date()), NOW).whole

    assert [row["events"] for row in read_table(lake, LEADS)] == [3]
    assert_as_from_nothing(lake, tmp_path / "other")


@pytest.mark.parametrize("landed", [(1, 0), (2, 0, 1), (1, 2, 0)])
def test_a_batch_that_turns_up_late_owns_what_it_was_the_first_to_hold(landed: tuple[int, ...], tmp_path: Path) -> None:
    """As from a slow upload, or a clock that goes wrong: it is built after others that landed later."""
    lake = lake_in(tmp_path / "home")
    lines: dict[int, list[Line]] = {
        0: [touch(event_id="1", campaign="first"), touch(), "nonsense"],
        1: [touch(), touch(event_id="1", campaign="second"), touch(event_id="2", timestamp="2025-10-01T00:00:00Z")],
        2: [touch(event_id="2", email="ann@example.com"), touch(event_id="1", campaign="third"), touch()],
    }
    for hour in landed:
        land_lines(lake, "webinar", *lines[hour], at=NOW + hour * HOUR)
        build(lake, NOW)

    batches_of(lake)
    assert [event["campaign"] for event in read_table(lake, EVENTS) if event["event_id"] == "1"] == ["first"]
    assert_as_from_nothing(lake, tmp_path / "other")


def test_streams_whose_batches_share_an_id_are_replayed_apart(tmp_path: Path) -> None:
    lake = lake_in(tmp_path / "home")
    for stream in ("webinar", "roadshow"):
        land_lines(lake, stream, touch(), "nonsense")
    build(lake, NOW)
    before = tables_of(lake)

    assert replay(lake, ReplayRange(source="webinar"), NOW).replayed == 1

    assert tables_of(lake) == before
    assert len({row["batch_id"] for row in read_table(lake, QUARANTINE)}) == 1
    assert len(read_table(lake, QUARANTINE)) == 3


def test_a_range_takes_batches_by_the_day_of_their_landing_both_days_included(lake: Lake) -> None:
    for days in range(4):
        land_lines(lake, "webinar", touch(n=days), at=NOW + days * DAY)
        land_lines(lake, "online", touch(event_type="page_view", n=days), at=NOW + days * DAY)
    build(lake, NOW)

    def replayed(source: str | None, since: int | None, until: int | None) -> int:
        days = [None if day is None else (NOW + day * DAY).date() for day in (since, until)]
        return replay(lake, ReplayRange(source, *days), NOW).replayed

    assert replayed(None, 1, 2) == 4
    assert replayed("webinar", 1, None) == 3
    assert replayed("online", None, 0) == 1
    assert replayed("online", None, None) == 4


@pytest.mark.parametrize("source", ["sales", None])
def test_a_range_without_batches_changes_nothing(source: str | None, lake: Lake) -> None:
    land_lines(lake, "webinar", touch())
    before = build(lake, NOW)

    result = replay(lake, ReplayRange(source, since=None if source else date(2030, 1, 1)), NOW)

    assert (result.replayed, result.read, result.leads) == (0, 0, 1)
    assert result.snapshots == before.snapshots


def test_an_empty_lake_has_nothing_to_replay(lake: Lake) -> None:
    assert replay(lake, EVERYTHING, NOW).replayed == 0
    assert read_table(lake, EVENTS) == []


@pytest.mark.parametrize("step", [replay, retry])
def test_an_unknown_source_is_refused_with_the_nearest_name(step: Any, lake: Lake) -> None:
    chosen = ReplayRange(source="webina") if step is replay else QuarantineFilters(source="webina")

    with pytest.raises(RefusedError, match=r'unknown source "webina" .*"webinar".*nothing was changed'):
        step(lake, chosen, NOW)


@pytest.mark.parametrize("chosen", [EVERYTHING, ReplayRange(source="webinar")])
def test_a_raw_batch_that_was_damaged_since_it_was_built_keeps_its_events(chosen: ReplayRange, lake: Lake) -> None:
    batch = batch_of(land_lines(lake, "webinar", touch()))
    build(lake, NOW)
    before = tables_of(lake)
    (Path(lake.settings.lake) / batch.key).write_bytes(b"rubbish")

    with pytest.raises(RefusedError, match=rf"{batch.key}.*was sound when it was built.*[Rr]estore"):
        replay(lake, chosen, NOW)

    assert tables_of(lake) == before


def test_a_raw_batch_that_is_gone_since_it_was_built_keeps_its_events(lake: Lake) -> None:
    gone = batch_of(land_lines(lake, "webinar", touch()))
    land_lines(lake, "online", touch(event_type="page_view"))
    build(lake, NOW)
    before = tables_of(lake)
    (Path(lake.settings.lake) / gone.key).unlink()

    with pytest.raises(RefusedError, match=rf"{gone.key}: built before, and gone.*nothing was replayed.*Restore"):
        replay(lake, EVERYTHING, NOW)

    assert tables_of(lake) == before
    assert replay(lake, ReplayRange(source="online"), NOW).replayed == 1


def test_a_retry_after_a_fix_takes_the_lines_that_are_valid_by_now(tmp_path: Path) -> None:
    lake = configured(tmp_path / "home", SHORT)
    land_lines(lake, "webinar", attended(duration=20), "nonsense", at=NOW)
    land_lines(lake, "webinar", attended(duration=5), "rubbish", at=NOW + HOUR)
    land_lines(lake, "webinar", attended(duration=6), at=NOW + 2 * HOUR)
    build(lake, NOW)
    assert retry(lake, QuarantineFilters(), NOW).freed == 0
    lake = lake_in(tmp_path / "home")

    result = retry(lake, QuarantineFilters(reason="DURATION: over"), NOW)

    assert (result.replayed, result.curated, result.quarantined, result.freed, result.whole) == (1, 1, 1, 1, False)
    assert len(read_table(lake, QUARANTINE)) == 2
    assert retry(lake, QuarantineFilters(reason="duration: over"), NOW).replayed == 0
    assert retry(lake, QuarantineFilters(source="webinar"), NOW).replayed == 2
    assert retry(lake, QuarantineFilters(source="online"), NOW).replayed == 0
    assert_as_from_nothing(lake, tmp_path / "other")


def test_a_retry_takes_a_batch_that_was_refused_whole_and_is_sound_by_now(tmp_path: Path) -> None:
    lake = lake_in(tmp_path / "home")
    batch = batch_of(land_lines(lake, "webinar", touch()))
    file = Path(lake.settings.lake) / batch.key
    content = file.read_bytes()
    file.write_bytes(content[:-4])
    build(lake, NOW)
    still = retry(lake, QuarantineFilters(batch=batch.batch_id), NOW)
    assert (still.replayed, still.read, len(still.refused)) == (1, 0, 1)
    file.write_bytes(content)

    result = retry(lake, QuarantineFilters(reason="truncated"), NOW)

    assert (result.replayed, result.read, result.curated, result.refused) == (1, 1, 1, [])
    assert_as_from_nothing(lake, tmp_path / "other")


def test_only_files_that_hold_replayed_events_are_written_anew(lake: Lake) -> None:
    for month in ("2025-01", "2025-02"):
        land_lines(lake, "webinar", touch(timestamp=f"{month}-10T00:00:00Z"), at=NOW + (month == "2025-02") * DAY)
    build(lake, NOW)

    def files() -> set[str]:
        pinned = pin_by_name(lake.catalog, EVENTS)
        assert pinned is not None
        return set(pinned.files)

    before = files()

    replay(lake, ReplayRange(until=NOW.date()), NOW)

    assert len(before & files()) == len(files() - before) == 1
