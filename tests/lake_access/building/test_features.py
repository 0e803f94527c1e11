from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lake_access.building.build import build
from lake_access.features import features_as_of
from lake_access.iceberg.commits import pin_by_name
from lake_access.iceberg.tables import EVENTS, FEATURES, KNOWN_OUTCOMES
from lake_access.lake import Lake
from tests.lake_access import feature_oracle as oracle
from tests.lake_access.feature_events import moments_table
from tests.lake_access.lakes import Line, lake_in, land_lines, read_table, shipped_config, touch

DAY = timedelta(days=1)
FIRST = datetime(2025, 11, 1, tzinfo=UTC)
NAMED = ("numeric = []", 'numeric = ["age"]'), ("categorical = []", 'categorical = ["job"]')


@dataclass(frozen=True)
class Landing:
    stream: str
    lines: list[Line]
    at: datetime
    history: bool


def when(day: float) -> str:
    """A moment, in days after the first."""
    return (FIRST + day * DAY).isoformat()


def score(day: float, **keys: Any) -> dict[str, Any]:
    return touch(**{"event_type": "score", "model_version": "1", "score": 50, "timestamp": when(day)} | keys)


def outcome(day: float, converted: bool, **keys: Any) -> dict[str, Any]:
    return touch(event_type="outcome", converted=converted, timestamp=when(day), **keys)


def land_history(lake: Lake, stream: str, *lines: Line) -> None:
    land_lines(lake, stream, *lines, at=FIRST + 100 * DAY, history=True)


def rows(lake: Lake, name: str = FEATURES) -> list[dict[str, Any]]:
    return in_order(read_table(lake, name))


def in_order(found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(found, key=lambda one: (one.get("as_of", one.get("known_at")), one["lead_id"], repr(one)))


def row(lake: Lake) -> dict[str, Any]:
    (only,) = rows(lake)
    return only


def as_of(lake: Lake, day: float) -> dict[str, Any]:
    """The only row as of this day."""
    (found,) = [one for one in rows(lake) if one["as_of"] == FIRST + day * DAY]
    return found


def test_a_crm_contact_is_known_at_its_moment_and_its_outcome_is_not(tmp_path: Path) -> None:
    """A CRM's export dates an outcome with its contact where it knows no other date."""
    lake = lake_in(tmp_path, shipped_config(*NAMED))
    contact = {"event_type": "crm_contact", "lead_source": "fair", "location": "Berlin", "age": 44, "job": "nurse"}
    land_history(lake, "crm", *(contact | {"lead_key": str(day), "timestamp": when(day)} for day in (1, 2)))
    dated = {"event_type": "outcome", "converted": True}
    land_history(lake, "outcomes", *(dated | {"lead_key": str(day), "timestamp": when(day)} for day in (1, 2)))
    build(lake, FIRST)

    assert [one["as_of"] for one in rows(lake)] == [FIRST + DAY, FIRST + 2 * DAY]
    known = [(one["past_event_count"], one["first_source"], one["age"], one["job"]) for one in rows(lake)]
    assert known == [(1, "fair", 44.0, "nurse")] * 2
    assert as_of(lake, 1)["location_conversion_rate"] is None
    assert as_of(lake, 2)["location_conversion_rate"] == 1.0


def test_columns_follow_the_attributes_that_the_settings_name(tmp_path: Path) -> None:
    before = lake_in(tmp_path, shipped_config())
    land_history(before, "webinar", touch(age=44, job="nurse"))
    build(before, FIRST)
    assert {"age", "job"}.isdisjoint(row(before))

    named = lake_in(tmp_path, shipped_config(*NAMED))
    build(named, FIRST)
    with_both = row(named)
    assert (with_both["age"], with_both["job"]) == (44.0, "nurse")
    assert named.pin().rows(f"SELECT age, job FROM {FEATURES}") == [(44.0, "nurse")]

    no_more = lake_in(tmp_path, shipped_config(NAMED[0]))
    build(no_more, FIRST)
    assert row(no_more) == {name: value for name, value in with_both.items() if name != "job"}


def test_a_build_without_news_leaves_the_features_as_they_are(lake: Lake) -> None:
    land_history(lake, "webinar", touch())
    build(lake, FIRST)
    before = snapshots(lake)

    build(lake, FIRST + DAY)

    assert snapshots(lake) == before


def snapshots(lake: Lake) -> list[int | None]:
    return [pinned.snapshot_id for name in (FEATURES, KNOWN_OUTCOMES) if (pinned := pin_by_name(lake.catalog, name))]


def test_news_leaves_the_files_of_other_months_where_they_are(lake: Lake) -> None:
    land_history(lake, "webinar", *(touch(timestamp=when(day), email=f"{day}@example.com") for day in (0, 40)))
    build(lake, FIRST)
    before = files(lake)

    land_lines(lake, "webinar", touch(email="0@example.com", timestamp=when(70)), at=FIRST + 70 * DAY)
    land_lines(lake, "outcomes", outcome(50, True, email="0@example.com"), at=FIRST + 71 * DAY)
    build(lake, FIRST)

    assert [one["as_of"] for one in rows(lake)] == [FIRST + 40 * DAY, FIRST + 70 * DAY]
    assert len(files(lake) & before) == 1


def files(lake: Lake) -> set[str]:
    pinned = pin_by_name(lake.catalog, FEATURES)
    assert pinned is not None
    return set(pinned.files)


def test_history_of_an_outcome_changes_the_features_of_others_after_it(lake: Lake) -> None:
    land_history(lake, "webinar", *(touch(timestamp=when(day), email=f"{day}@example.com") for day in (0, 40)))
    build(lake, FIRST)

    land_history(lake, "outcomes", outcome(20, True, email="somebody@example.com"))
    build(lake, FIRST)

    assert as_of(lake, 0)["location_conversion_rate"] is None
    assert as_of(lake, 40)["location_conversion_rate"] == 1.0


def random_landings(seed: int) -> list[Landing]:
    """Batches of few people and few days: live and history, in order and late, with people that turn out to be one."""
    rng = random.Random(seed)

    def line(stream: str) -> dict[str, Any]:
        who: dict[str, Any] = {"email": f"{rng.randrange(7)}@example.com"}
        if rng.random() < 0.2:
            who = {"lead_key": f"key {rng.randrange(7)}"} | (who if rng.random() < 0.3 else {"email": None})
        day = rng.randrange(0, 60)
        kinds: dict[str, Callable[[], dict[str, Any]]] = {
            "webinar": lambda: touch(
                timestamp=when(day), location=rng.choice(["Berlin", "Zürich"]), age=rng.randrange(30), **who
            ),
            "scores": lambda: score(day, **who),
            "outcomes": lambda: outcome(day, rng.random() < 0.5, **who),
            "sales": lambda: touch(event_type="sales_action", action="call", timestamp=when(day), **who),
        }
        return kinds[stream]()

    landings = []
    for place in range(10):
        stream = rng.choice(["webinar", "webinar", "scores", "outcomes", "outcomes", "sales"])
        lines: list[Line] = [line(stream) for _ in range(rng.randrange(2, 8))]
        landings.append(Landing(stream, lines, FIRST + (60 + place) * DAY, history=rng.random() < 0.6))
    return landings


@pytest.mark.parametrize("seed", range(2))
def test_features_built_bit_by_bit_are_those_built_from_nothing(tmp_path: Path, seed: int) -> None:
    config = shipped_config(NAMED[0])
    by_bits, at_once = lake_in(tmp_path / "bits", config), lake_in(tmp_path / "once", config)
    for place, landing in enumerate(random_landings(seed)):
        for lake in (by_bits, at_once):
            land_lines(lake, landing.stream, *landing.lines, at=landing.at, history=landing.history)
        if place in (4, 7):
            build(by_bits, FIRST)
    build(by_bits, FIRST)
    build(at_once, FIRST)

    assert rows(by_bits, KNOWN_OUTCOMES) == rows(at_once, KNOWN_OUTCOMES)
    assert rows(by_bits) == rows(at_once)
    events, declarations = read_table(by_bits, EVENTS), by_bits.settings.declarations
    moments = oracle.scoring_moments(events, declarations)
    assert rows(by_bits) == in_order(oracle.features(lead, moment, events, declarations) for lead, moment in moments)


def test_whoever_asks_gets_the_features_that_the_build_made(demo_lake: Lake) -> None:
    built = {(str(one["lead_id"]), one["as_of"]): one for one in read_table(demo_lake, FEATURES)}
    assert len(built) > 1_500

    asked = features_as_of(demo_lake.pin(), moments_table((one["lead_id"], one["as_of"]) for one in built.values()))

    found = {(one["lead_id"], one["as_of"]): one for one in asked.to_pylist()}
    assert found == {key: one | {"lead_id": key[0]} for key, one in built.items()}


def test_some_leads_asked_for_alone_get_the_features_that_the_build_made(demo_lake: Lake) -> None:
    built = sorted(read_table(demo_lake, FEATURES), key=lambda one: (one["as_of"], str(one["lead_id"])))
    groups = (built[:40], built[len(built) // 2 :: 50], built[-1:])
    for some in groups:
        asked = features_as_of(demo_lake.pin(), moments_table((one["lead_id"], one["as_of"]) for one in some))

        assert asked.to_pylist() == [one | {"lead_id": str(one["lead_id"])} for one in some]
    assert len({one["location_conversion_rate"] for group in groups for one in group}) > 10


def test_features_of_a_demo_lake_say_something(demo_lake: Lake) -> None:
    counted = demo_lake.pin().rows(
        f"""
        SELECT
            count(*), count(avg_webinar_time), count(location_conversion_rate), count(device_model_interest),
            min(past_event_count), count(DISTINCT first_source), min(days_since_last_touch) >= 0
        FROM {FEATURES}
        """
    )
    ((moments, webinars, rates, devices, fewest, sources, after),) = counted
    assert (fewest, sources, after) == (1, 3, True)
    # Most are scored after their first touch, which no webinar attendance is.
    assert 100 < webinars < 0.2 * moments
    assert rates > 0.9 * moments
    assert devices > 0.8 * moments
