"""Drift of a lake's versions, periods and sources: the planted drift is found, named and dated, chance is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from lake_access.building.build import build
from lake_access.demo.plan import LONGER_WEBINARS_DAYS, NEW_DEVICE_DAYS, SOURCE_MIX_SHIFT_DAYS
from lake_access.demo_events import DemoPlan
from lake_access.drift.compared import Side, population
from lake_access.errors import QueryRefusedError
from lake_access.lake import PinnedLake
from monitoring.drift.columns import Wish
from monitoring.drift.compare import compare, compare_lake
from monitoring.drift.mattering import drift_by_source, weigh
from monitoring.drift.over_time import date_changes, drift_by_week
from tests.lake_access.lakes import NOW, lake_in, land_demo
from tests.monitoring.drift.evidently_says import evidently_says
from tests.monitoring.drift.random_halves import false_alarms

PLANTED = {
    "first_source": SOURCE_MIX_SHIFT_DAYS,
    "avg_webinar_time": LONGER_WEBINARS_DAYS,
    "device_model_interest": NEW_DEVICE_DAYS,
}
BEFORE = Side(until=NOW - timedelta(days=SOURCE_MIX_SHIFT_DAYS))
AFTER = Side(since=NOW - timedelta(days=NEW_DEVICE_DAYS))


@pytest.fixture(scope="module")
def pinned(tmp_path_factory: pytest.TempPathFactory) -> PinnedLake:
    folder = tmp_path_factory.mktemp("demo")
    lake = lake_in(folder / "home")
    land_demo(lake, DemoPlan(until=NOW, leads=6_000), folder / "events")
    build(lake, NOW)
    return lake.pin()


def week_of(moment: datetime) -> date:
    return moment.date() - timedelta(days=moment.weekday())


def test_the_planted_drift_is_found_and_named(pinned: PinnedLake) -> None:
    found = compare_lake(pinned, BEFORE, AFTER)

    assert {name for name in PLANTED if found.column(name).drifted} == PLANTED.keys()
    assert {name for name in PLANTED if found.column(name).beyond_chance} == PLANTED.keys()
    assert found.column("device_model_interest").unseen.examples == ("Aero 3",)
    assert not found.column("days_since_first_touch").beyond_chance
    assert found.snapshot_ids == pinned.snapshot_ids
    assert found.reference_rows + found.current_rows < pinned.rows("SELECT count(*) FROM features.lead_features")[0][0]


def test_the_planted_drift_is_dated_to_its_week(pinned: PinnedLake) -> None:
    changes = {change.column: change for change in date_changes(pinned, list(PLANTED))}

    for column, days in PLANTED.items():
        planted = week_of(NOW - timedelta(days=days))
        # A week that it fell into, or the first whole week after.
        assert changes[column].week in (planted, planted + timedelta(weeks=1)), column
        assert changes[column].beyond_chance


def test_without_named_columns_all_are_dated_and_one_that_never_changed_is_within_chance(pinned: PinnedLake) -> None:
    changes = {change.column: change for change in date_changes(pinned, [], least_weeks=20)}

    assert changes.keys() >= PLANTED.keys()
    assert not changes["days_since_first_touch"].beyond_chance


def test_every_value_of_the_lake_is_evidentlys(pinned: PinnedLake) -> None:
    found = compare_lake(pinned, BEFORE, AFTER)
    with population(pinned, []) as people:
        compared = people.take(BEFORE, AFTER)
        reference, current = (people.frame(side) for side in ("reference_rows", "current_rows"))
    categories = [name for name, kind in compared.columns.items() if kind == "category"]
    for frame in (reference, current):
        frame["converted"] = frame["converted"].map(str, na_action="ignore").astype(object)
    theirs = evidently_says(reference, current, categories)

    assert theirs.columns.keys() == set(compared.columns)
    for column in found.columns:
        said = theirs.columns[column.column]
        assert (column.test, column.drifted) == (said.test, said.drifted), column.column
        assert column.value == pytest.approx(said.value, rel=1e-9, abs=1e-9), column.column
    assert found.share == pytest.approx(theirs.share)


def test_a_version_has_the_scores_it_gave_and_the_features_of_those_moments(pinned: PinnedLake) -> None:
    with population(pinned, ["1", "2"]) as people:
        people.take(Side("1"), Side("2", source="webinar"))
        reference, current = (people.frame(side) for side in ("reference_rows", "current_rows"))
    told = pinned.frame(
        "SELECT s.model_version, s.score, f.past_event_count, l.source, l.mature, l.converted FROM curated.scores s "
        "JOIN features.lead_features f ON f.lead_id = s.lead_id AND f.as_of = s.scored_at "
        "JOIN curated.leads l ON l.lead_id = s.lead_id"
    )
    expected = told[told.model_version == "1"], told[(told.model_version == "2") & (told.source == "webinar")]
    for frame, rows in zip((reference, current), expected, strict=True):
        assert len(frame) == len(rows)
        assert frame["score"].mean() == pytest.approx(rows["score"].mean())
        assert frame["past_event_count"].mean() == pytest.approx(rows["past_event_count"].mean())
        assert frame["converted"].isna().sum() == (~rows["mature"]).sum()
        assert frame["converted"].dropna().sum() == rows[rows["mature"]]["converted"].sum()


def test_that_outcomes_are_not_known_yet_is_no_drift(pinned: PinnedLake) -> None:
    with population(pinned, []) as people:
        compared = people.take(BEFORE, AFTER, ["converted"])
        compared.connection.execute("UPDATE current_rows SET converted = NULL")
        found = compare(compared, Wish(halves=0))
        counted = compare(compared, Wish(halves=0, maturing=frozenset()))

    assert (found.columns[0].note, found.columns[0].value) == ("no value on the current side", None)
    assert (found.columns[0].drifted, found.columns[0].beyond_chance) == (False, False)
    assert (counted.columns[0].drifted, counted.columns[0].beyond_chance) == (True, True)


@pytest.mark.slow
def test_random_halves_of_a_month_are_seldom_called_beyond_chance(pinned: PinnedLake) -> None:
    """A hundred times: with alpha = 1% for all columns together, more than five alarms have a chance of 1 in 2,000."""
    month = Side(since=datetime(2025, 6, 1, tzinfo=UTC), until=datetime(2025, 7, 1, tzinfo=UTC))

    assert false_alarms(pinned, month) <= 5


def test_by_week_the_new_device_is_seen_from_its_week_on(pinned: PinnedLake) -> None:
    champions = {datetime(2025, 12, 10, 9, tzinfo=UTC): "2"}
    baseline = Side(until=NOW - timedelta(days=70))
    weeks = drift_by_week(pinned, baseline, columns=["device_model_interest"], wish=Wish(halves=0), champions=champions)

    planted = week_of(NOW - timedelta(days=NEW_DEVICE_DAYS))
    unseen = {week.week: week.drift.columns[0].unseen.rows for week in weeks}
    assert [week for week, rows in unseen.items() if rows] == [week for week in unseen if week >= planted]
    assert {week.week: week.champion for week in weeks if week.champion} == {date(2025, 12, 8): "2"}
    assert list(unseen) == [min(unseen) + timedelta(weeks=place) for place in range(len(unseen))]


def test_segments_keep_the_test_of_all_leads(pinned: PinnedLake) -> None:
    columns = ["past_event_count", "avg_webinar_time", "device_model_interest"]
    found = drift_by_source(pinned, Side("1"), Side("2"), ["webinar", "roadshow"], columns, Wish(halves=1))
    alone = compare_lake(pinned, Side("1", source="webinar"), Side("2", source="webinar"), columns, Wish(halves=1))

    assert {column.test for column in alone.columns} != {column.test for column in found[None].columns} or (
        alone.reference_rows > 1_000
    )
    for drift in found.values():
        assert {c.column: c.test for c in drift.columns} == {c.column: c.test for c in found[None].columns}


def test_what_costs_most_comes_first(pinned: PinnedLake) -> None:
    whole = compare_lake(pinned, Side("1"), Side("2"), ["past_event_count", "avg_webinar_time"], Wish(halves=0))
    importance = {"avg_webinar_time": 0.2, "past_event_count": 0.1, "location": 0.5}
    rows = weigh({None: whole, "webinar": whole}, importance, {None: 50, "webinar": 20})

    psi = {column.column: column.psi for column in whole.columns}
    assert {(row.segment, row.column): row.weight for row in rows} == pytest.approx(
        {
            (segment, name): psi[name] * importance[name] * leads  # type: ignore[operator]
            for segment, leads in ((None, 50), ("webinar", 20))
            for name in psi
        }
    )
    assert rows[0].column == "avg_webinar_time"
    assert [row.weight for row in rows] == sorted((row.weight for row in rows), reverse=True)
    assert sum(row.share for row in rows) == pytest.approx(1)


def test_what_cannot_be_compared_is_a_sentence(pinned: PinnedLake) -> None:
    with pytest.raises(
        QueryRefusedError, match=r'no column "past_event_cuont" to compare .did you mean "past_event_count"'
    ):
        compare_lake(pinned, Side("1"), Side("2"), ["past_event_cuont"])
    with pytest.raises(QueryRefusedError, match="one side is of version 1 and the other of none"):
        compare_lake(pinned, Side("1"), Side())


def test_the_same_seed_gives_the_same_noise(pinned: PinnedLake) -> None:
    columns = ["past_event_count", "days_since_first_touch"]
    once, again = (compare_lake(pinned, BEFORE, AFTER, columns, Wish(seed=3)) for _ in range(2))
    other = compare_lake(pinned, BEFORE, AFTER, columns[:1], Wish(seed=3))

    assert once == again
    assert replace(other.columns[0], adjusted_p=0) == replace(once.column("past_event_count"), adjusted_p=0)
