"""A proposal of bands is kept with its row in the ledger, or refused and nothing is."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from lake_access import ledger
from lake_access.band_proposals import BandProposal, band_proposals, check_bands, propose_bands
from lake_access.database import open_database
from lake_access.errors import NotAllowedError, RefusedError
from lake_access.permissions import Actor
from lake_access.score_histograms import RULES, ScoreKind
from tests.lake_access.lakes import settings_in

ANALYST = Actor("ann", frozenset({"analyst"}), "local")
MOMENT = datetime(2026, 1, 3, tzinfo=UTC)
BANDS = {"cold": 0, "warm": 35, "hot": 72}


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return open_database(settings_in(tmp_path))


def test_proposals_are_kept_whole_the_newest_first(engine: Engine) -> None:
    version = ScoreKind("<b>2</b>", "online")
    numbers = [
        propose_bands(engine, ANALYST, " Spring\n fair ", RULES, BANDS, "=1+1", MOMENT),
        propose_bands(engine, ANALYST, "Fewer", version, {"all": 0}, "fewer calls", MOMENT),
    ]

    assert band_proposals(engine) == [
        BandProposal(numbers[1], "Fewer", version, {"all": 0}, "fewer calls", "ann", MOMENT),
        BandProposal(numbers[0], "Spring fair", RULES, BANDS, "=1+1", "ann", MOMENT),
    ]
    assert list(band_proposals(engine)[1].bands) == list(BANDS)
    entries = ledger.entries(engine, event="bands.proposed")
    assert [(entry.actor, entry.subject) for entry in entries] == [("ann", f"band proposal {n}") for n in numbers]
    assert ledger.verify(engine).valid


@pytest.mark.parametrize(
    "bands",
    [
        {},
        {"cold": 1},
        {"cold": 0, "warm": 0},
        {"cold": 0, "warm": 60, "hot": 50},
        {"cold": 0, "hot": 101},
        {"Cold": 0},
        {"unscored": 0},
        {"a b": 0},
        {f"b{n}": n for n in range(11)},
    ],
    ids=str,
)
def test_bands_that_cannot_be_are_refused_and_nothing_is_kept(bands: dict[str, int], engine: Engine) -> None:
    with pytest.raises(RefusedError):
        propose_bands(engine, ANALYST, "A name", RULES, bands, "a reason", MOMENT)

    assert band_proposals(engine) == []
    assert ledger.entries(engine) == []


@pytest.mark.parametrize(
    ("name", "note", "missing"),
    [
        ("", "why", "a name of 1 to 80"),
        ("  ", "why", "a name of 1 to 80"),
        ("x" * 81, "why", "a name of 1 to 80"),
        ("A name", "", "a reason of 1 to 2,000"),
        ("A name", " \n ", "a reason of 1 to 2,000"),
        ("A name", "x" * 2_001, "a reason of 1 to 2,000"),
    ],
)
def test_a_name_and_a_reason_are_needed_and_have_a_length(name: str, note: str, missing: str, engine: Engine) -> None:
    with pytest.raises(RefusedError, match=missing):
        propose_bands(engine, ANALYST, name, RULES, BANDS, note, MOMENT)

    assert band_proposals(engine) == []


def test_a_viewer_proposes_nothing(engine: Engine) -> None:
    with pytest.raises(NotAllowedError):
        propose_bands(engine, Actor("vic", frozenset({"viewer"}), "local"), "A name", RULES, BANDS, "a reason", MOMENT)

    assert band_proposals(engine) == []


def test_the_declared_form_passes() -> None:
    check_bands({"cold": 0, "hot": 100})
