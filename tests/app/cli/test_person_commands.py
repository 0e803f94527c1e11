"""forget: what it asks, what it says, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.app.cli.running import Ended

Leadlake = Callable[..., Ended]
LEADS = "SELECT count(*) FROM curated.leads"


@pytest.fixture
def address(leadlake: Leadlake, webinar: Path) -> str:
    leadlake("ingest", "webinar", webinar)
    leadlake("build")
    return str(json.loads(webinar.read_text(encoding="utf-8").splitlines()[0])["email"])


def test_a_person_is_forgotten_and_it_says_what_went(leadlake: Leadlake, address: str) -> None:
    before = leadlake("query", LEADS, "--json").json["rows"][0][0]

    done = leadlake("forget", address, "--reason", "case 12", "--yes")

    assert done.code == 0, done.err
    assert done.out.startswith("Forgotten: 1 raw line of 1 batch, 1 lead, ")
    assert address not in done.out + done.err
    assert leadlake("query", LEADS, "--json").json["rows"][0][0] == before - 1


def test_the_report_as_json_has_all_counts(leadlake: Leadlake, address: str) -> None:
    done = leadlake("forget", address, "--reason", "case 12", "--yes", "--json").json

    assert done.keys() == {"subject", "leads", "lines", "batches", "snapshots", "reports", "unreadable", "elsewhere"}
    assert (done["leads"], done["lines"], done["batches"], done["unreadable"]) == (1, 1, 1, [])


def test_without_an_answer_nothing_is_forgotten(leadlake: Leadlake, address: str) -> None:
    before = leadlake("query", LEADS, "--json").json["rows"]

    asked = leadlake("forget", address, "--reason", "case 12")

    assert asked.code == 1
    assert "It cannot be undone." in asked.err
    assert leadlake("query", LEADS, "--json").json["rows"] == before


@pytest.mark.usefixtures("address")
def test_an_unknown_address_is_refused_and_not_repeated(leadlake: Leadlake) -> None:
    refused = leadlake("forget", "nobody@example.net", "--reason", "case 12", "--yes")

    assert refused.code == 1
    assert refused.err == "leadlake: nothing in the lake names this address; nothing was changed.\n"
