"""An address leads to its lead for who may, once the ledger says so; nothing keeps the address."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from lake_access import ledger
from lake_access.building.build import build
from lake_access.database import open_database
from lake_access.errors import NotAllowedError, SettingsError, StorageError
from lake_access.iceberg.tables import LEADS
from lake_access.lake import Lake, open_lake
from lake_access.permissions import Actor, RowLimits
from lake_access.person_lookup import LOOKED_UP, lead_of_address
from tests.lake_access.lakes import NOW, land_lines, read_table, settings_in, touch

ADMIN = Actor("root", frozenset({"admin"}), "local")
MOMENT = datetime(2026, 1, 3, tzinfo=UTC)
ADDRESS = "Jo.Höfer@Example.com"


@pytest.fixture
def built(lake: Lake) -> Lake:
    land_lines(lake, "webinar", touch(email=ADDRESS, location="Bonn"), touch(email="other@example.com"))
    land_lines(lake, "webinar", touch(email="old@example.com", lead_key="K1"))
    land_lines(lake, "webinar", touch(email="new@example.com", lead_key="K1"))
    build(lake, NOW)
    return lake


@pytest.fixture
def engine(built: Lake) -> Engine:
    return open_database(built.settings)


def lead_at(lake: Lake, location: str) -> str:
    (lead,) = [lead for lead in read_table(lake, LEADS) if lead["location"] == location]
    return str(lead["lead_id"])


@pytest.mark.parametrize("written", [ADDRESS, "  jo.höfer@EXAMPLE.com ", "jo.ho\u0308fer@example.com"])
def test_an_address_however_written_leads_to_its_lead(written: str, built: Lake, engine: Engine) -> None:
    assert lead_of_address(built.pin(), engine, ADMIN, written, MOMENT) == lead_at(built, "Bonn")


def test_two_addresses_of_one_person_lead_to_one_lead(built: Lake, engine: Engine) -> None:
    found = [lead_of_address(built.pin(), engine, ADMIN, f"{name}@example.com", MOMENT) for name in ("old", "new")]

    assert found[0] is not None
    assert found[0] == found[1]


@pytest.mark.parametrize("written", ["nobody@example.com", "' OR 1=1 --@x", "", "%", "K1"])
def test_what_is_nobodys_address_finds_nobody(written: str, built: Lake, engine: Engine) -> None:
    assert lead_of_address(built.pin(), engine, ADMIN, written, MOMENT) is None


def test_the_ledger_has_each_search_and_never_the_address(built: Lake, engine: Engine) -> None:
    for address in (ADDRESS, "nobody@example.com"):
        lead_of_address(built.pin(), engine, ADMIN, address, MOMENT)

    entries = ledger.entries(engine, event=LOOKED_UP)

    assert [(entry.actor, entry.at) for entry in entries] == [("root", MOMENT)] * 2
    home = Path(built.settings.home)
    kept = b"".join(file.read_bytes() for file in home.glob("*.sqlite*"))
    assert b"nobody@example.com" not in kept
    assert not any("@" in f"{entry.subject}{entry.details}" for entry in entries)


@pytest.mark.parametrize("role", ["viewer", "analyst", "ml_engineer"])
def test_who_may_not_find_people_gets_no_answer(role: str, built: Lake, engine: Engine) -> None:
    actor = Actor("eve", frozenset({role}), "local")  # type: ignore[arg-type]

    with pytest.raises(NotAllowedError):
        lead_of_address(built.pin(), engine, actor, ADDRESS, MOMENT)

    assert ledger.entries(engine) == []


def test_without_the_ledger_there_is_no_answer(built: Lake, tmp_path: Path) -> None:
    broken = open_database(settings_in(tmp_path, database=f"sqlite:///{tmp_path}/no.sqlite"))
    (tmp_path / "no.sqlite").write_text("this is no database, and long enough to be refused as one" * 30)

    with pytest.raises(StorageError):
        lead_of_address(built.pin(), broken, ADMIN, ADDRESS, MOMENT)


def test_another_key_than_the_lakes_is_said_to_be_wrong(built: Lake, engine: Engine) -> None:
    other = open_lake(settings_in(Path(built.settings.home), identity_key="quite another key"))

    with pytest.raises(SettingsError, match="not the key that this lake was built with"):
        lead_of_address(other.pin(), engine, ADMIN, ADDRESS, MOMENT)


def test_a_lead_that_the_reader_may_not_see_is_not_found(built: Lake, engine: Engine) -> None:
    limited = built.pin(RowLimits(locations=("Ulm",)))

    assert lead_of_address(limited, engine, ADMIN, ADDRESS, MOMENT) is None
