"""conversion with its filters, and funnel, over a demo lake."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lake_access.intervals import wilson_interval
from tests.app.cli.running import Ended

Leadlake = Callable[..., Ended]


@pytest.mark.parametrize(
    ("options", "condition"),
    [
        (("--band", "hot", "--band", "warm"), "final_score >= 40"),
        (("--last-source", "webinar"), "last_source = 'webinar'"),
        (("--location", "unknown"), "location IS NULL"),
        (("--device", "unknown"), "device_model IS NULL"),
        (("--campaign", "unknown"), "campaign IS NULL"),
        (("--model-version", "unknown"), "model_version IS NULL"),
        (("--action", "call", "--action", "none"), "coalesce(first_action, 'call') = 'call'"),
        (("--contacted", "yes"), "sales_actions > 0"),
        (("--contacted", "no", "--source", "online"), "sales_actions = 0 AND source = 'online'"),
    ],
    ids=str,
)
def test_a_filter_leaves_in_the_leads_that_it_names(
    options: tuple[str, ...], condition: str, leadlake: Leadlake, demo_home: Path
) -> None:
    sql = f"SELECT count(*), count(*) FILTER (converted) FROM curated.leads WHERE mature AND {condition}"
    ((leads, conversions),) = leadlake("query", sql, "--json", home=demo_home).json["rows"]

    rows = leadlake("conversion", "--by", "", *options, "--json", home=demo_home).json["rows"]

    assert [(row["leads"], row["conversions"]) for row in rows] == ([(leads, conversions)] if leads else [])


def test_the_funnel_narrows_from_step_to_step(leadlake: Leadlake, demo_home: Path) -> None:
    found = leadlake("funnel", "--json", home=demo_home).json
    sql = (
        "SELECT count(*), count(*) FILTER (sales_actions > 0), count(*) FILTER (sales_actions > 0 AND converted), "
        "count(*) FILTER (sales_actions = 0 AND converted) FROM curated.leads WHERE mature"
    )
    ((leads, contacted, converted, past),) = leadlake("query", sql, "--json", home=demo_home).json["rows"]

    assert [(step["step"], step["leads"]) for step in found["steps"]] == [
        ("lead", leads), ("scored", leads), ("contacted", contacted), ("converted", converted)
    ]  # fmt: skip
    assert (found["past_contact"], found["past_score"]) == (past, 0)
    last = found["steps"][-1]
    assert last["of_step_before"] == converted / contacted
    assert (last["low"], last["high"]) == wilson_interval(converted, contacted)


def test_the_funnel_says_what_went_past_it(leadlake: Leadlake, demo_home: Path) -> None:
    ended = leadlake("funnel", home=demo_home)

    assert ended.code == 0
    assert ended.out.split()[:2] == ["step", "leads"]
    assert "scored leads that converted without a sales action" in ended.out


def test_the_funnel_of_an_empty_lake_is_empty(leadlake: Leadlake) -> None:
    assert [step["leads"] for step in leadlake("funnel", "--json").json["steps"]] == [0, 0, 0, 0]


def test_a_band_that_is_none_is_refused_with_the_nearest(leadlake: Leadlake, demo_home: Path) -> None:
    ended = leadlake("conversion", "--band", "hott", home=demo_home)

    assert (ended.code, ended.out) == (1, "")
    assert 'there is no score band "hott"' in ended.err
    assert '"hot"' in ended.err


def test_the_shape_of_the_answer_is_as_before(leadlake: Leadlake, demo_home: Path) -> None:
    answer = leadlake("conversion", "--json", home=demo_home)

    assert list(json.loads(answer.out)) == ["snapshot", "immature", "answered_by", "rows"]
    assert list(answer.json["rows"][0]) == ["source", "leads", "conversions", "rate", "low", "high"]
