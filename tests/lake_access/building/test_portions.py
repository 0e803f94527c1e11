"""Leads some at a time: each with all of its events, and the same tables as all at once."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid5

import duckdb
import pytest

from lake_access.building import portions
from lake_access.building.build import build
from lake_access.building.portions import lead_portions
from lake_access.demo_events import DemoPlan
from tests.lake_access.lakes import NOW, lake_in, land_demo, land_lines, read_tables, touch


def test_every_lead_is_in_one_portion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portions, "EVENTS_PER_PORTION", 100)
    ends = [UUID(int=0), UUID(int=(1 << 127) - 1), UUID(int=1 << 127), UUID(int=(1 << 128) - 1)]
    leads = [*ends, *(uuid5(ends[0], str(number)) for number in range(700))]
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE told AS SELECT unnest($1)::UUID AS lead_id", [[str(lead) for lead in leads]])
        found = [connection.execute(f"FROM {portion}").fetchall() for portion in lead_portions("told", len(leads))]
    assert len(found) == 8
    assert min(map(len, found)) > 50
    assert sorted(row[0] for of_portion in found for row in of_portion) == sorted(leads)


def test_few_events_are_one_portion() -> None:
    assert lead_portions("told", 0) == ["told"]
    assert lead_portions("told", portions.EVENTS_PER_PORTION) == ["told"]
    assert len(lead_portions("told", portions.EVENTS_PER_PORTION + 1)) == 2


def test_a_lake_built_in_portions_is_that_built_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for number, events in enumerate((portions.EVENTS_PER_PORTION, 100)):
        monkeypatch.setattr(portions, "EVENTS_PER_PORTION", events)
        lake = lake_in(tmp_path / str(number))
        land_demo(lake, DemoPlan(until=NOW, leads=120), tmp_path / f"events-{number}")
        assert build(lake, NOW).read > 400
        land_lines(lake, "webinar", *(touch(email=f"new{who}@example.com") for who in range(150)))
        assert build(lake, NOW).curated == 150
        found.append(read_tables(lake, without=["built_at"]))
        lake.close()
    assert found[0] == found[1]
