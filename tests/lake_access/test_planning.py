"""A rollup answers what it can, the leads all else; whoever answers, the figures are the same."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lake_access.building.build import build
from lake_access.conversion import DIMENSIONS, Conversion, ConversionFilters, Dimension, conversion
from lake_access.iceberg.tables import LEADS
from lake_access.lake import Lake, PinnedLake
from lake_access.rollup_definitions import ROLLUP_NAMES, ROLLUPS
from tests.lake_access.lakes import NOW, lake_in, land_lines, shipped_config, touch, without_rollups

TIMES: tuple[Dimension, ...] = ("month", "week", "day")
Question = tuple[list[Dimension], ConversionFilters]
FILTERS: Mapping[Dimension, str] = {
    "source": "sources",
    "last_source": "last_sources",
    "band": "bands",
    "location": "locations",
    "device": "devices",
    "campaign": "campaigns",
    "model_version": "model_versions",
    "action": "actions",
}


def figures(answer: Conversion) -> tuple[Any, ...]:
    """All that is said, but not who says it."""
    return answer.snapshot, answer.immature, answer.dimensions, list(answer.rows)


def of_rollup(number: int) -> list[Dimension]:
    columns = {"device_model": "device", "first_action": "action"}
    names = [columns.get(name, name) for name in ROLLUPS[number].dimensions]
    return [dimension for dimension in DIMENSIONS if dimension in names]


@st.composite
def questions(draw: st.DrawFn, values: Mapping[Dimension, Sequence[str]], among: Sequence[Dimension]) -> Question:
    """Dimensions and filters, with values that leads have and with others."""
    by = draw(st.lists(st.sampled_from([*among, *TIMES]), unique=True, max_size=3))
    given: dict[str, Any] = {}
    for dimension in draw(st.lists(st.sampled_from(among), unique=True, max_size=2)):
        if dimension in ("contacted", "scored"):
            given[dimension] = draw(st.booleans())
        else:
            known = st.sampled_from([*values[dimension], "unknown", "unscored", "none", "'; --"])
            given[FILTERS[dimension]] = tuple(draw(st.lists(known, min_size=1, max_size=3)))
    days = st.none() | st.dates(date(2023, 6, 1), date(2026, 2, 1))
    return by, ConversionFilters(since=draw(days), until=draw(days), all_leads=draw(st.booleans()), **given)


def values_of(pinned: PinnedLake) -> dict[Dimension, list[str]]:
    everything = ConversionFilters(all_leads=True)
    rows = {name: conversion(without_rollups(pinned), [name], everything).rows for name in DIMENSIONS}
    return {name: [row.keys[name] for row in found] for name, found in rows.items()}


@pytest.mark.parametrize("number", range(len(ROLLUPS)), ids=ROLLUP_NAMES)
def test_a_rollup_and_the_leads_give_the_same_figures(number: int, demo_lake: Lake) -> None:
    pinned = demo_lake.pin()
    leads_alone, values = without_rollups(pinned), values_of(pinned)

    @settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(question=questions(values, of_rollup(number)))
    def hold(question: Question) -> None:
        told, counted = conversion(pinned, *question), conversion(leads_alone, *question)
        assert (told.answered_by in ROLLUP_NAMES, counted.answered_by) == (True, LEADS)
        assert figures(told) == figures(counted)

    hold()


def test_any_question_has_the_same_answer_with_rollups_as_without(demo_lake: Lake) -> None:
    pinned = demo_lake.pin()
    leads_alone, values = without_rollups(pinned), values_of(pinned)
    answered_by = set()

    @settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(question=questions(values, [dimension for dimension in DIMENSIONS if dimension not in TIMES]))
    def hold(question: Question) -> None:
        told = conversion(pinned, *question)
        answered_by.add(told.answered_by)
        assert figures(told) == figures(conversion(leads_alone, *question))

    hold()
    assert LEADS in answered_by
    assert len(answered_by) > 3


def random_lines(rng: random.Random) -> dict[str, list[dict[str, Any]]]:
    """Events of few people of whom much is unknown: without touches, rules, places, or all of them."""
    lines: dict[str, list[dict[str, Any]]] = {}
    for _ in range(60):
        who = {"email": None, "lead_key": str(rng.randrange(25))}
        day = datetime(2025, 9, 1, tzinfo=UTC) + timedelta(hours=rng.randrange(24 * 120))
        where = {"location": rng.choice(["Köln", "unknown", "", None]), "campaign": rng.choice(["a", None])}
        kinds: list[tuple[str, dict[str, Any]]] = [
            ("webinar", {"device_model": rng.choice(["X1", None]), **where}),
            ("crm", {"event_type": "crm_contact", "lead_source": rng.choice(["fair", "unknown", "ü"]), **where}),
            ("scores", {"event_type": "score", "model_version": rng.choice(["1", "unknown"]), "score": 50}),
            ("sales", {"event_type": "sales_action", "action": "call"}),
            ("outcomes", {"event_type": "outcome", "converted": rng.random() < 0.7}),
            ("online", {"event_type": "quote_request", "quantity": rng.randrange(1, 30), **where}),
        ]
        stream, keys = rng.choice(kinds)
        lines.setdefault(stream, []).append(touch(timestamp=day.isoformat(), **who, **keys))
    return lines


@pytest.mark.parametrize("seed", range(3))
def test_of_leads_of_whom_little_is_known_both_give_the_same_figures(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    lake = lake_in(tmp_path)
    for stream, lines in random_lines(rng).items():
        land_lines(lake, stream, *lines)
    build(lake, NOW)
    pinned = lake.pin()
    values, leads_alone = values_of(pinned), without_rollups(pinned)
    assert "unknown" in values["location"]
    assert "unscored" in values["band"]

    for number in range(len(ROLLUPS)):
        for dimension in of_rollup(number):
            by, all_leads = [dimension, rng.choice(TIMES)], rng.random() < 0.5
            filters = [ConversionFilters(all_leads=all_leads)]
            if dimension in FILTERS:
                chosen = rng.sample([*values[dimension], "unknown", "unscored"], 2)
                given_values: dict[str, Any] = {FILTERS[dimension]: tuple(chosen)}
                filters.append(ConversionFilters(all_leads=all_leads, **given_values))
            for one in filters:
                told = conversion(pinned, by, one)
                assert told.answered_by in ROLLUP_NAMES
                assert figures(told) == figures(conversion(leads_alone, by, one)), (by, one)


@pytest.mark.parametrize(
    ("by", "filters", "answered_by"),
    [
        ([], ConversionFilters(), "marts.leads_by_"),
        (["source", "band"], ConversionFilters(since=date(2025, 1, 1)), "marts.leads_by_"),
        (["last_source", "week"], ConversionFilters(bands=("hot",)), "marts.leads_by_source"),
        (["location", "month"], ConversionFilters(sources=("online",)), "marts.leads_by_location"),
        (["device"], ConversionFilters(), "marts.leads_by_device"),
        (["band"], ConversionFilters(campaigns=("spring",)), "marts.leads_by_campaign"),
        (["model_version"], ConversionFilters(contacted=True), "marts.leads_by_model"),
        (["location", "device"], ConversionFilters(), LEADS),
        (["location"], ConversionFilters(last_sources=("online",)), LEADS),
        (["source"], ConversionFilters(devices=("X1",), locations=("Köln",)), LEADS),
    ],
)
def test_the_smallest_table_that_can_is_asked(
    by: list[Dimension], filters: ConversionFilters, answered_by: str, demo_lake: Lake
) -> None:
    answer = conversion(demo_lake.pin(), by, filters)

    assert answer.answered_by.startswith(answered_by)
    assert f"FROM {answer.answered_by}" in answer.sql


def test_the_smallest_rollup_is_asked_where_several_can(demo_lake: Lake) -> None:
    pinned = demo_lake.pin()
    rows = {name: pinned.rows(f"SELECT count(*) FROM {name}")[0][0] for name in ROLLUP_NAMES}
    assert all({"source", "band"} <= set(rollup.dimensions) for rollup in ROLLUPS)

    answer = conversion(pinned, ["source", "band"])

    assert rows[answer.answered_by] == min(rows.values()) < max(rows.values())


def test_the_sql_of_an_answer_gives_it_again(demo_lake: Lake) -> None:
    pinned = demo_lake.pin()
    questions_asked: list[list[Dimension]] = [["source", "band"], ["location", "device"]]
    for by in questions_asked:
        answer = conversion(pinned, by, ConversionFilters(sources=("online", "webinar"), bands=("warm", "unscored")))

        rows = pinned.rows(answer.sql, answer.parameters)

        assert sorted(row[-3] for row in rows if row[-3]) == sorted(row.leads for row in answer.rows)


def test_a_lake_with_other_bands_than_its_rollups_asks_the_leads_until_it_is_built(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    land_lines(lake, "online", touch(event_type="quote_request", quantity=20, timestamp="2025-01-01T00:00:00Z"))
    build(lake, NOW)
    assert conversion(lake.pin(), ["band"]).rows[0].keys == {"band": "cold"}

    other = lake_in(tmp_path, shipped_config(("warm = 40", "tepid = 30")))
    answer = conversion(other.pin(), ["band"])
    assert (answer.answered_by, answer.rows[0].keys) == (LEADS, {"band": "tepid"})

    build(other, NOW)
    answer = conversion(other.pin(), ["band"])
    assert (answer.answered_by in ROLLUP_NAMES, answer.rows[0].keys) == (True, {"band": "tepid"})
