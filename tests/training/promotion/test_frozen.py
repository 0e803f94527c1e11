"""A lead that is forgotten goes out of frozen evidence, and the request goes on being held against all the rest."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select, update

from lake_access.database import writing
from lake_access.errors import ConflictError
from lake_access.forgetting.traces import Traces
from tests.training.promotion.desk import ANALYST, ENGINEER, LATER, NOW, Desk
from training.comparison import kept
from training.promotion.comparing import compare_and_keep
from training.promotion.deciding import approve
from training.promotion.evidence import digest_of
from training.promotion.frozen import ERASER, evidence_digest, without_leads
from training.promotion.impact import impact_from_json
from training.promotion.records import Request, request_of
from training.promotion.requesting import request_promotion
from training.promotion.tables import REQUESTS

NOBODY = re.compile(r"nobody@example\.org")


def traces(*leads: str) -> Traces:
    return Traces(NOBODY, re.compile("|".join(leads)))


def requested(desk: Desk) -> Request:
    return request_promotion(desk.engine, desk.sources, ANALYST, "2", "It knows past events.", NOW)


def movers(request: Request) -> list[str]:
    impact = impact_from_json(request.evidence)
    assert impact is not None
    assert impact.comparison is not None
    return [mover.lead_id for mover in impact.comparison.movers]


def forgotten(desk: Desk, *leads: str) -> int:
    with writing(desk.engine) as connection:
        return ERASER.erase(connection, traces(*leads))


def change_evidence(desk: Desk, evidence: dict[str, Any]) -> None:
    with writing(desk.engine) as connection:
        connection.execute(update(REQUESTS).values(evidence=evidence))


def test_a_waiting_request_outlives_a_lead_that_its_evidence_names(desk: Desk) -> None:
    made = requested(desk)
    first, second, third = movers(made)[0], movers(made)[5], movers(made)[-1]

    assert forgotten(desk, first, third) == 1
    assert forgotten(desk, second) == 1
    assert forgotten(desk, first, second, third) == 0

    left = request_of(desk.engine, made.id)
    assert movers(left) == [lead for lead in movers(made) if lead not in (first, second, third)]
    assert not any(lead in str(left.evidence) for lead in (first, second, third))
    assert left.bound == made.bound
    assert approve(desk.engine, desk.sources, ENGINEER, made.id, "Go.", LATER).version == "2"


@pytest.mark.parametrize("what", ["a lead that is left", "the digest that is left", "a place", "a lead taken out"])
def test_evidence_that_was_changed_voids_the_request_all_the_same(desk: Desk, what: str) -> None:
    made = requested(desk)
    forgotten(desk, movers(made)[3])
    evidence: dict[str, Any] = dict(request_of(desk.engine, made.id).evidence)
    if what == "a lead that is left":
        evidence["comparison"]["movers"][0]["second_score"] += 1
    elif what == "the digest that is left":
        evidence["forgotten"][0][1] = "0" * 64
    elif what == "a place":
        evidence["forgotten"][0][0] = 2
    else:
        del evidence["comparison"]["movers"][1]
    change_evidence(desk, evidence)

    with pytest.raises(ConflictError, match="frozen evidence changed since it was requested"):
        approve(desk.engine, desk.sources, ENGINEER, made.id, "Go.", LATER)


def test_evidence_without_a_comparison_has_the_digest_of_its_content() -> None:
    for evidence in ({}, {"version": "1", "comparison": None}):
        assert evidence_digest(evidence) == digest_of(evidence)
        assert without_leads(evidence, lambda _lead: True) == (evidence, 0)


def test_a_kept_comparison_loses_the_lead_alone(desk: Desk) -> None:
    made = compare_and_keep(desk.engine, desk.sources, ANALYST, "1", "2", NOW)
    lead = made.comparison.movers[2].lead_id

    with writing(desk.engine) as connection:
        assert kept.ERASER.erase(connection, traces(lead)) == 1
        stored = connection.execute(select(kept.COMPARISONS.c.comparison)).scalar_one()

    assert lead not in str(stored)
    left = kept.newest_comparison(desk.engine, "1", "2")
    assert left is not None
    assert left.comparison.movers == tuple(mover for mover in made.comparison.movers if mover.lead_id != lead)
    assert left.comparison.metrics == made.comparison.metrics
