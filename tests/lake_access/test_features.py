"""Features as of a moment: against plain Python, with the future deleted, and the rules one by one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lake_access.declarations import Declarations, load_declarations
from lake_access.settings import SHIPPED_CONFIG
from tests.lake_access import feature_oracle as oracle
from tests.lake_access.feature_events import (
    LEADS,
    START,
    Moment,
    Row,
    days,
    event,
    events,
    features_from,
    moments,
    moments_from,
)

SHIPPED = load_declarations(SHIPPED_CONFIG)
NAMED = SHIPPED.features.model_copy(update={"numeric": ("age",), "categorical": ("job", "campaign")})
DECLARATIONS: Declarations = SHIPPED.model_copy(update={"features": NAMED})
DAY = timedelta(days=1)


def history(stream: str, event_type: str, day: float, **values: Any) -> Row:
    """An event that was known as it happened, this many days after the start; by default of the first lead."""
    occurred_at = START + day * DAY
    values = {"occurred_at": occurred_at, "event_id": f"{day}", "history": True} | values
    return event(stream, event_type, **values)


def contact(day: float, **values: Any) -> Row:
    return history("online", "page_view", day, **values)


def outcome(day: float, converted: bool, **values: Any) -> Row:
    return history("outcomes", "outcome", day, converted=converted, **values)


def feature(name: str, told: list[Row], day: float, lead: int = 0) -> Any:
    """One feature of a lead as of a day."""
    moment = (LEADS[lead], START + day * DAY)
    return features_from(told, [moment], DECLARATIONS)[moment][name]


@settings(max_examples=40, deadline=None)
@given(events, st.lists(moments, max_size=12))
def test_features_are_what_plain_python_tells(told: list[Row], asked: list[Moment]) -> None:
    found = features_from(told, asked, DECLARATIONS)

    assert found == {(lead, moment): oracle.features(lead, moment, told, DECLARATIONS) for lead, moment in asked}


@settings(max_examples=20, deadline=None)
@given(events, st.lists(moments, min_size=2, max_size=6, unique=True))
def test_moments_asked_for_together_have_the_features_that_each_has_alone(told: list[Row], asked: list[Moment]) -> None:
    alone = [features_from(told, [moment], DECLARATIONS) for moment in asked]

    assert features_from(told, asked, DECLARATIONS) == {key: row for one in alone for key, row in one.items()}


@settings(max_examples=20, deadline=None)
@given(events, days)
def test_features_are_the_same_with_everything_later_deleted(told: list[Row], moment: datetime) -> None:
    asked = [(lead, moment) for lead in LEADS]
    by_then = [one for one in told if oracle.is_known(one, moment)]

    assert features_from(told, asked, DECLARATIONS) == features_from(by_then, asked, DECLARATIONS)


@settings(max_examples=40, deadline=None)
@given(events)
def test_a_build_makes_features_of_the_moments_that_plain_python_tells(told: list[Row]) -> None:
    assert moments_from(told, DECLARATIONS) == oracle.scoring_moments(told, DECLARATIONS)


def test_a_scored_lead_has_features_as_of_each_of_its_scores_once() -> None:
    scores = [history("scores", "score", day, event_id=name) for name, day in (("a", 1), ("b", 2), ("c", 2))]

    assert moments_from([contact(0), contact(3), *scores], DECLARATIONS) == {
        (LEADS[0], START + DAY),
        (LEADS[0], START + 2 * DAY),
    }


def test_an_unscored_lead_has_features_as_of_when_its_newest_touch_was_known() -> None:
    late = contact(1, history=False, ingested_at=START + 5 * DAY)

    assert moments_from([contact(0), contact(3)], DECLARATIONS) == {(LEADS[0], START + 3 * DAY)}
    assert moments_from([contact(3), late], DECLARATIONS) == {(LEADS[0], START + 5 * DAY)}


def test_a_lead_of_whom_only_feedback_is_known_has_no_features() -> None:
    assert moments_from([outcome(1, True), history("sales", "sales_action", 2)], DECLARATIONS) == set()


def test_an_event_that_landed_after_the_moment_is_not_used_unless_it_is_history() -> None:
    late = {"ingested_at": START + 5 * DAY}

    assert feature("past_event_count", [contact(1, history=False, **late)], 4.9) == 0
    assert feature("past_event_count", [contact(1, history=False, **late)], 5) == 1
    assert feature("past_event_count", [contact(1, history=True, **late)], 1) == 1
    assert feature("past_event_count", [contact(1, history=True, **late)], 0.9) == 0


@pytest.mark.parametrize("converted", [True, False])
def test_an_outcome_is_used_only_after_its_moment(converted: bool) -> None:
    told = [outcome(2, converted, lead_id=LEADS[1])]

    assert feature("location_conversion_rate", told, 2) is None
    assert feature("location_conversion_rate", told, 2.001) == float(converted)


def test_an_outcome_at_the_same_location_is_used_only_after_its_moment() -> None:
    here = [contact(0, lead_id=LEADS[lead], location="Berlin") for lead in range(3)]
    told = [*here, outcome(1, False, lead_id=LEADS[1]), outcome(2, True, lead_id=LEADS[2])]

    assert feature("location_conversion_rate", told, 2) == 0.0
    assert feature("location_conversion_rate", told, 2.001) == 0.5


def test_an_outcome_that_landed_late_is_used_only_after_its_landing_unless_it_is_history() -> None:
    late = outcome(2, True, lead_id=LEADS[1], ingested_at=START + 4 * DAY)

    assert feature("location_conversion_rate", [late | {"history": False}], 4) is None
    assert feature("location_conversion_rate", [late | {"history": False}], 4.001) == 1.0
    assert feature("location_conversion_rate", [late], 3) == 1.0


def test_a_leads_own_outcome_is_never_used() -> None:
    others = [contact(0, location="Berlin"), outcome(1, True, lead_id=LEADS[1])]
    without = features_from(others, [(LEADS[0], START + 5 * DAY)], DECLARATIONS)

    for own in ([outcome(2, False)], [outcome(2, True)], [outcome(0.5, False), outcome(2, True)]):
        assert features_from(others + own, [(LEADS[0], START + 5 * DAY)], DECLARATIONS) == without
    assert feature("location_conversion_rate", [contact(0), outcome(2, True)], 5) is None


def test_the_conversion_rate_of_a_location_is_smoothed_with_twenty_leads_at_the_overall_rate() -> None:
    """Of two other leads in Berlin one converted, of three in all one: (1 + 20 × 1/3) / (2 + 20)."""
    here = [contact(0, lead_id=LEADS[lead], location="Berlin") for lead in range(4)]
    elsewhere = [contact(0, lead_id=LEADS[3], event_id="later", location="Zürich")]
    told = [*here, *elsewhere, *(outcome(1, lead == 1, lead_id=LEADS[lead]) for lead in (1, 2, 3))]

    assert feature("location_conversion_rate", told, 2) == pytest.approx((1 + 20 / 3) / (2 + 20))
    assert feature("location_conversion_rate", told[1:], 2) == pytest.approx(1 / 3), (
        "without a location: the overall rate"
    )


def test_a_lead_that_was_lost_and_then_won_counts_as_one_that_converted() -> None:
    told = [outcome(1, False, lead_id=LEADS[1]), outcome(2, True, lead_id=LEADS[1])]

    assert [feature("location_conversion_rate", told, day) for day in (1.5, 2.5)] == [0.0, 1.0]


def test_the_newest_touch_is_the_one_that_occurred_last_not_the_one_that_landed_last() -> None:
    late = contact(1, history=False, ingested_at=START + 5 * DAY, location="Zürich", source="late")
    told = [contact(2, location="Berlin"), late]

    asked = [(LEADS[0], START + day * DAY) for day in (2, 5)]
    found = features_from(told, asked, DECLARATIONS)

    assert [found[moment]["location"] for moment in asked] == ["Berlin", "Berlin"]
    assert [found[moment]["first_source"] for moment in asked] == ["online", "late"]
    assert feature("location", told, 5) == "Berlin", "also where both are news"


def test_the_device_model_of_most_touches_is_of_interest_and_of_two_the_one_shown_last() -> None:
    shown = [contact(day, device_model=model) for day, model in enumerate(["X1", "X2", "X2", "X1", None])]

    assert [feature("device_model_interest", shown, day) for day in range(5)] == ["X1", "X2", "X2", "X1", "X1"]


def test_an_attribute_comes_from_the_newest_touch_that_has_it() -> None:
    told = [
        contact(0, attributes='{"age": 44, "job": "nurse"}'),
        contact(1, attributes='{"age": "unknown", "job": null}', campaign="spring"),
        contact(2, attributes='{"age": "1e999", "campaign": "autumn"}'),
    ]

    assert feature("age", told, 3) == 44.0
    assert feature("job", told, 3) == "nurse"
    assert [feature("campaign", told, day) for day in (1, 2)] == ["spring", "autumn"], (
        "a field, or among the attributes"
    )
