"""Rollups always equal those built from nothing, whatever came late, moved or was declared anew."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pyiceberg.io.pyarrow import parquet_file_to_data_file

from lake_access.building import build as building
from lake_access.building.build import build
from lake_access.conversion import conversion
from lake_access.iceberg.catalog import load_table
from lake_access.iceberg.commits import commit, pin, pin_by_name
from lake_access.iceberg.tables import LEADS, ROLLED_UP
from lake_access.lake import Lake
from lake_access.rollup_definitions import ROLLUP_NAMES, ROLLUPS, Rollup
from tests.lake_access.lakes import NOW, lake_in, land_lines, read_table, read_tables, shipped_config, touch
from tests.lake_access.test_planning import random_lines

OTHER_BANDS = ("warm = 40", "warm = 10")
OTHER_LIMITS = ("engagement_max = 50", "engagement_max = 7")


def quote(email: str, month: str, **keys: Any) -> dict[str, Any]:
    """A lead with an engagement of 5 and an intent of 30."""
    event = touch(event_type="quote_request", quantity=20, email=email, timestamp=f"{month}-10T00:00:00Z")
    return event | keys


def rows_of(lake: Lake, rollup: Rollup) -> list[dict[str, Any]]:
    """A rollup's rows as they are stored."""
    stored = [row for row in read_table(lake, ROLLED_UP) if row["rollup"] == rollup.name]
    return [{name: row[name] for name in rollup.columns} for row in stored]


def leads_counted(lake: Lake) -> set[tuple[tuple[str, int], ...]]:
    """Day and leads of each row of a rollup: all rollups say the same where each lead has a day of its own."""
    told = ([(str(row["created_on"]), row["leads"]) for row in rows_of(lake, rollup)] for rollup in ROLLUPS)
    return {tuple(sorted(rows)) for rows in told}


def files(lake: Lake) -> set[str]:
    pinned = pin_by_name(lake.catalog, ROLLED_UP)
    assert pinned is not None
    return set(pinned.files)


def snapshot(lake: Lake) -> int | None:
    pinned = pin_by_name(lake.catalog, ROLLED_UP)
    return None if pinned is None else pinned.snapshot_id


def converted_by(lead: dict[str, Any]) -> int | None:
    """The first of the ages by which a lead of this demo lake, whose outcome window has 60 days, converted."""
    if not lead["converted"]:
        return None
    days = (lead["converted_at"].date() - lead["created_at"].date()).days
    return next((age for age in (7, 14, 30, 60, 90, 180) if days <= age), None)


def counted(
    leads: list[dict[str, Any]], rollup: Rollup, bands: dict[str, int]
) -> dict[tuple[Any, ...], dict[str, int]]:
    """The rollup's rows, told without SQL."""
    rows: dict[tuple[Any, ...], Counter[str]] = {}
    for lead in leads:
        final, model = lead["final_score"], lead["model_score"]
        band = "unscored" if final is None else max((edge, name) for name, edge in bands.items() if final >= edge)[1]
        told = lead | {"band": band, "contacted": lead["sales_actions"] > 0, "converted_by": converted_by(lead)}
        place = (lead["created_at"].date(), *(told[dimension] for dimension in rollup.dimensions))
        rows.setdefault(place, Counter()).update(
            leads=1,
            conversions=lead["converted"],
            contacted_leads=told["contacted"],
            scored_leads=final is not None,
            final_score_sum=final or 0,
            final_score_square_sum=(final or 0) ** 2,
            model_scored_leads=model is not None,
            model_score_sum=model or 0,
        )
    return {place: dict(counts) for place, counts in rows.items()}


@pytest.mark.parametrize("rollup", ROLLUPS, ids=ROLLUP_NAMES)
def test_a_row_counts_the_leads_of_a_day_and_its_dimensions(rollup: Rollup, demo_lake: Lake) -> None:
    bands = dict(demo_lake.settings.declarations.bands)
    width = 1 + len(rollup.dimensions)
    stored = [tuple(row.items()) for row in rows_of(demo_lake, rollup)]

    found = {tuple(value for _, value in row[:width]): dict(row[width:]) for row in stored}

    assert len(found) == len(stored) > 100
    assert found == counted(read_table(demo_lake, LEADS), rollup, bands)


def test_readers_see_whether_the_leads_of_a_row_are_mature(demo_lake: Lake) -> None:
    pinned = demo_lake.pin()
    of_leads = pinned.rows("SELECT matures_on, mature, count(*) FROM curated.leads GROUP BY ALL ORDER BY ALL")

    for name in ROLLUP_NAMES:
        sql = f"SELECT matures_on, mature, sum(leads)::BIGINT FROM {name} GROUP BY ALL ORDER BY ALL"
        assert pinned.rows(sql) == of_leads


@pytest.mark.parametrize("seed", range(2))
def test_rollups_built_bit_by_bit_are_those_built_from_nothing(seed: int, tmp_path: Path) -> None:
    """With late events, people who turn out to be one, and bands and limits that are declared anew on the way."""
    rng = random.Random(seed)
    configs = [shipped_config(), shipped_config(OTHER_BANDS), shipped_config(OTHER_BANDS, OTHER_LIMITS)]
    landings = [(stream, lines) for _ in configs for stream, lines in random_lines(rng).items()]
    linked = [
        touch(email=f"{key % 9}@example.com", lead_key=str(key), timestamp="2025-12-01T00:00:00Z") for key in range(25)
    ]
    landings.insert(len(landings) // 2, ("online", [line | {"event_type": "page_view"} for line in linked]))
    portion = -(-len(landings) // len(configs))
    for place, (stream, lines) in enumerate(landings):
        for name in ("bits", "once"):
            lake = lake_in(tmp_path / name, configs[place // portion])
            land_lines(lake, stream, *lines, at=NOW + timedelta(minutes=place))
            if name == "bits" and place % portion == portion - 1:
                build(lake, NOW)
    by_bits, at_once = (lake_in(tmp_path / name, configs[-1]) for name in ("bits", "once"))
    build(by_bits, NOW)
    build(at_once, NOW)

    tables, at_once_tables = read_tables(by_bits), read_tables(at_once)
    assert tables[LEADS] == at_once_tables[LEADS]
    assert tables[ROLLED_UP] == at_once_tables[ROLLED_UP]
    bands = dict(by_bits.settings.declarations.bands)
    for rollup in ROLLUPS:
        told = counted(read_table(by_bits, LEADS), rollup, bands)
        assert sorted(row["leads"] for row in rows_of(by_bits, rollup)) == sorted(row["leads"] for row in told.values())


def test_a_build_without_news_leaves_the_rollups_as_they_are(lake: Lake) -> None:
    land_lines(lake, "online", quote("ann@example.com", "2025-01"))
    build(lake, NOW)
    before = snapshot(lake)

    build(lake, NOW + timedelta(days=1))

    assert snapshot(lake) == before is not None


def test_news_leaves_the_files_of_other_years_where_they_are(lake: Lake) -> None:
    land_lines(lake, "online", *(quote(f"{month}@example.com", month) for month in ("2023-05", "2024-05", "2024-06")))
    build(lake, NOW)
    before = files(lake)

    land_lines(lake, "online", quote("new@example.com", "2024-06"), at=NOW + timedelta(hours=1))
    build(lake, NOW)

    each = len(ROLLUPS)
    assert (len(before), len(files(lake)), len(before & files(lake))) == (2 * each, 2 * each, each)
    assert leads_counted(lake) == {(("2023-05-10", 1), ("2024-05-10", 1), ("2024-06-10", 2))}


def test_a_lead_that_turns_out_to_be_older_leaves_the_month_it_was_in(lake: Lake) -> None:
    land_lines(lake, "online", quote("ann@example.com", "2025-03"))
    build(lake, NOW)
    land_lines(lake, "online", quote("ann@example.com", "2023-12"), at=NOW + timedelta(hours=1))

    build(lake, NOW)

    assert leads_counted(lake) == {(("2023-12-10", 1),)}
    assert len(files(lake)) == len(ROLLUPS)


def test_leads_compacted_are_the_same_leads(lake: Lake) -> None:
    """A commit that keeps the version changes files, not rows: nothing is counted anew, and news is found after it."""
    land_lines(lake, "online", quote("ann@example.com", "2025-01"), quote("bob@example.com", "2024-01"))
    build(lake, NOW)
    compact(lake)
    before = snapshot(lake)

    build(lake, NOW)
    assert snapshot(lake) == before

    land_lines(lake, "online", quote("eve@example.com", "2025-01"), at=NOW + timedelta(hours=1))
    build(lake, NOW)
    assert leads_counted(lake) == {(("2024-01-10", 1), ("2025-01-10", 2))}
    assert conversion(lake.pin(), []).answered_by in ROLLUP_NAMES


def compact(lake: Lake) -> None:
    """Write the leads' files anew under other names."""
    table = load_table(lake.catalog, LEADS)
    assert table is not None
    pinned, copies = pin(table), []
    for path in pinned.files:
        copy = Path(path).with_name(f"copy-{Path(path).name}")
        copy.write_bytes(Path(path).read_bytes())
        copies.append(parquet_file_to_data_file(table.io, table.metadata, str(copy)))
    commit(table, copies, list(pinned.files.values()), {}, keeps_version=True)


def test_a_lake_without_rollups_opens_and_the_next_build_makes_them(lake: Lake) -> None:
    land_lines(lake, "online", quote("ann@example.com", "2025-01"))
    build(lake, NOW)
    made = read_table(lake, ROLLED_UP)
    lake.catalog.drop_table(ROLLED_UP)

    pinned = lake_in(lake.settings.home).pin()
    answer = conversion(pinned, ["source"])
    assert (answer.answered_by, answer.rows[0].leads) == (LEADS, 1)
    assert [pinned.rows(f"SELECT * FROM {name}") for name in ROLLUP_NAMES] == [[]] * len(ROLLUPS)

    build(lake_in(lake.settings.home), NOW)
    assert sorted(read_table(lake, ROLLED_UP), key=repr) == sorted(made, key=repr)


class PowerCut(BaseException):
    """The process ends here."""


def test_between_new_leads_and_their_rollups_the_leads_are_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other limits make other leads of the same events: the rollups of before are not of these leads."""
    lake = lake_in(tmp_path)
    land_lines(lake, "webinar", touch(event_type="webinar_attendance", duration=60, questions=5))
    build(lake, NOW)
    assert conversion(lake.pin(), ["band"]).answered_by in ROLLUP_NAMES

    def end_of_power(*_arguments: object) -> None:
        raise PowerCut

    monkeypatch.setattr(building, "build_rollups", end_of_power)
    other = lake_in(tmp_path, shipped_config(OTHER_LIMITS))
    with pytest.raises(PowerCut):
        build(other, NOW)

    assert conversion(other.pin(), ["band"]).answered_by == LEADS
