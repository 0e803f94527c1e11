"""An earlier state reads as a reader saw it then: at a moment, or of a snapshot; what has expired is refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from lake_access.building.build import build
from lake_access.conversion import conversion
from lake_access.errors import RefusedError
from lake_access.iceberg.catalog import load_tables
from lake_access.iceberg.consistency import pin_together
from lake_access.iceberg.history import seen_by_readers
from lake_access.iceberg.tables import EVENTS, FEATURES, IDENTITIES, LEADS, QUARANTINE
from lake_access.lake import Lake
from lake_access.views import PINNED
from tests.lake_access.building.crossings import crossing
from tests.lake_access.lakes import NOW, Row, lake_in, land_lines, shipped_config, touch
from tests.lake_access.upkeep.tended import LANDINGS, RETENTION, built, long_after, moment_between, seen, tend

State = dict[str, list[Row]]
Steps = tuple[Lake, list[tuple[datetime, State, dict[str, int]]]]


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Steps:
    """A lake after four builds; of each, a moment after it, what a reader saw, and the snapshots that it printed."""
    lake = lake_in(tmp_path_factory.mktemp("steps"))
    found = []
    for land in LANDINGS:
        land(lake)
        result = build(lake, NOW)
        printed = {name: snapshot for name, snapshot in result.snapshots.items() if snapshot is not None}
        found.append((moment_between(), seen(lake.pin()), printed))
    return lake, found


@pytest.mark.parametrize("step", range(4))
def test_a_moment_gives_what_a_reader_saw_then(step: int, steps: Steps) -> None:
    lake, found = steps
    moment, before, printed = found[step]

    pinned = lake.pin_as_of(moment)

    assert seen(pinned) == before
    assert dict(pinned.snapshot_ids) == {name: printed[name] for name in dict(pinned.snapshot_ids)}


@pytest.mark.parametrize("step", range(4))
def test_a_snapshot_of_any_table_gives_the_tables_of_its_build(step: int, steps: Steps) -> None:
    lake, found = steps
    _, before, printed = found[step]
    earlier = set(found[step - 1][2].values()) if step else set()

    told = {name: seen(lake.pin_as_of(snapshot)) for name, snapshot in printed.items() if snapshot not in earlier}

    assert {EVENTS, LEADS, FEATURES} <= told.keys()
    assert [name for name, state in told.items() if state != before] == []


def test_the_quarantine_and_the_identities_lead_to_their_build_too(steps: Steps) -> None:
    lake, found = steps
    for name in (QUARANTINE, IDENTITIES):
        assert seen(lake.pin_as_of(found[1][2][name])) == found[1][1]


def test_the_newest_state_holds_for_all_time_after_it(steps: Steps) -> None:
    lake, found = steps

    assert seen(lake.pin_as_of(found[-1][0] + timedelta(days=400))) == found[-1][1]


def test_a_moment_before_the_first_build_is_refused_with_the_oldest(steps: Steps) -> None:
    lake, found = steps

    with pytest.raises(
        RefusedError, match=r"^2020-01-01T00:00:00.000Z is before all that can be read: .* that of 20\S+Z\.$"
    ) as refused:
        lake.pin_as_of(datetime.fromisoformat("2020-01-01T00:00:00Z"))

    oldest = datetime.fromisoformat(str(refused.value).split()[-1].rstrip("."))
    # Amid the first build, before it had made any rollups and features.
    not_made = [name for name in found[0][1] if name.startswith("marts.")]
    assert seen(lake.pin_as_of(oldest)) == found[0][1] | {name: [] for name in (FEATURES, *not_made)}
    with pytest.raises(RefusedError):
        lake.pin_as_of(oldest - timedelta(milliseconds=1))


def test_an_unknown_snapshot_is_refused_with_the_oldest(steps: Steps) -> None:
    with pytest.raises(
        RefusedError, match=r"^123456789012: no snapshot from which .* oldest state is that of 20\S+Z\.$"
    ):
        steps[0].pin_as_of(123456789012)


def test_an_empty_lake_has_no_earlier_state(lake: Lake) -> None:
    with pytest.raises(RefusedError, match="run `leadlake build`"):
        lake.pin_as_of(NOW)
    with pytest.raises(RefusedError, match="no build of this lake has ended yet"):
        lake.pin_as_of(123456789012)


def test_what_has_expired_is_refused_and_what_is_left_reads_as_before(tmp_path: Path) -> None:
    lake, found = lake_in(tmp_path), []
    for land in LANDINGS:
        land(lake)
        snapshots = build(lake, NOW).snapshots
        found.append((moment_between(), seen(lake.pin()), snapshots[LEADS]))
    tend(lake, found[1][0] + RETENTION)

    for moment, before, snapshot in found[1:]:
        assert seen(lake.pin_as_of(moment)) == before
        assert seen(lake.pin_as_of(snapshot or 0)) == before
    for gone in (found[0][0], found[0][2]):
        with pytest.raises(RefusedError, match=r"(The oldest|the oldest state) is that of") as refused:
            lake.pin_as_of(gone or 0)
        oldest = datetime.fromisoformat(str(refused.value).split()[-1].rstrip("."))
        assert seen(lake.pin_as_of(oldest)) == found[1][1]


def test_long_after_all_has_expired_the_newest_state_is_the_oldest(tmp_path: Path) -> None:
    lake = built(tmp_path, 2)
    leads = lake.pin().snapshot(LEADS)
    now = long_after()
    tend(lake, now)
    tend(lake, now)
    before = seen(lake.pin())

    assert seen(lake.pin_as_of(now)) == before
    assert seen(lake.pin_as_of(lake.pin().snapshot(QUARANTINE) or 0)) == before
    with pytest.raises(RefusedError, match="has expired"):
        lake.pin_as_of(leads or 0)


def test_amid_a_build_the_moment_before_counts(tmp_path: Path) -> None:
    """Every moment of a build reads as a reader who pinned at that moment did."""
    lake, reader = built(tmp_path, 2), lake_in(tmp_path)
    LANDINGS[2](lake)
    pins: list[tuple[datetime, State]] = []

    def look(point: str) -> None:
        if point.startswith("return") and point.endswith("commits.commit"):
            pins.append((moment_between(), seen(reader.pin())))

    with crossing(look):
        build(lake, NOW)

    assert len(pins) >= 6
    assert all(seen(lake.pin_as_of(moment)) == before for moment, before in pins)


def test_after_every_commit_readers_saw_what_is_told_of_then(tmp_path: Path) -> None:
    lake, told = lake_in(tmp_path), []

    def look(point: str) -> None:
        if point.startswith("return") and point.endswith("commits.commit"):
            tables = load_tables(lake.catalog, PINNED)
            last = list(seen_by_readers(tables))[-1].snapshots
            together = {name: pinned.snapshot_id for name, pinned in pin_together(tables).items()}
            told.append((together, {name: last[name].snapshot_id if name in last else None for name in tables}))

    with crossing(look):
        for land in LANDINGS:
            land(lake)
            build(lake, NOW)
            tend(lake)

    assert len(told) > 30
    assert [pair for pair in told if pair[0] != pair[1] and any(pair[0].values())] == []


def test_maturity_is_judged_as_of_then(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    land_lines(lake, "webinar", touch(timestamp="2025-12-20T10:00:00Z"))
    build(lake, NOW)
    moment = moment_between()
    land_lines(lake, "webinar", touch(email="ann@example.com"), at=NOW + timedelta(days=90))
    build(lake, NOW + timedelta(days=90))

    then, now = (conversion(pinned, []) for pinned in (lake.pin_as_of(moment), lake.pin()))

    assert (then.immature, [row.leads for row in then.rows]) == (1, [])
    assert (now.immature, [row.leads for row in now.rows]) == (0, [2])
    assert lake.pin_as_of(moment).known_until == NOW


def test_a_column_added_since_is_empty_then(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    land_lines(lake, "webinar", touch())
    build(lake, NOW)
    moment = moment_between()
    lake = lake_in(
        tmp_path, shipped_config(("fields.duration = {", 'fields.mood = { type = "text" }\nfields.duration = {'))
    )
    land_lines(lake, "webinar", touch(event_type="webinar_attendance", mood="good"))
    build(lake, NOW)

    assert lake.pin_as_of(moment).rows("SELECT mood FROM curated.events") == [(None,)]
    assert lake.pin().rows("SELECT mood FROM curated.events ORDER BY 1") == [("good",), (None,)]
