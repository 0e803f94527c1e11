"""Which leads changed: those of whom the events tell otherwise, not all that stand in a file written anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from lake_access.building.build import build
from lake_access.building.changes import tell_changes
from lake_access.building.workshop import Workshop, changes_since, open_workshop
from lake_access.iceberg.commits import pin
from lake_access.iceberg.tables import EVENTS, IDENTITIES, LEADS
from lake_access.lake import Lake
from tests.lake_access.lakes import NOW, land_lines, read_table, touch


@contextmanager
def changes_after(lake: Lake, *lines: dict[str, object]) -> Iterator[Workshop]:
    """A workshop that has been told what changed by the build of these lines."""
    workshop = open_workshop(lake.settings, lake.store, lake.catalog, b"not asked for", NOW)
    before = pin(workshop.table(EVENTS)[0])
    land_lines(lake, "webinar", *lines, at=NOW + timedelta(hours=1))
    build(lake, NOW + timedelta(hours=1))
    workshop.tables.clear()
    with workshop.connection:
        table, _ = workshop.table(EVENTS)
        events = pin(table)
        tell_changes(workshop, events, changes_since(table, events, before.version))
        yield workshop


def leads_by_identity(lake: Lake) -> dict[str, object]:
    return {row["identity"]: row["lead_id"] for row in read_table(lake, IDENTITIES)}


def changed(workshop: Workshop) -> set[object]:
    return {row[0] for row in workshop.connection.execute("SELECT lead_id FROM changed_leads").fetchall()}


def test_a_relinked_lead_changes_alone_in_a_file_written_anew(lake: Lake) -> None:
    others = [touch(email=f"other{number}@example.com") for number in range(5)]
    land_lines(lake, "webinar", touch(email=None, lead_key="k-1"), *others)
    build(lake, NOW)
    before = leads_by_identity(lake)

    with changes_after(lake, touch(lead_key="k-1", email="ann@example.com")) as workshop:
        assert len(before) == 6
        assert changed(workshop) == {before["k-1"], leads_by_identity(lake)["ann@example.com"]}
        told = workshop.connection.execute("SELECT count(*) FROM changed_events").fetchone()
        assert told == (2,)
    assert len(read_table(lake, LEADS)) == 6


def test_a_lead_with_a_new_event_changes_and_one_without_does_not(lake: Lake) -> None:
    land_lines(lake, "webinar", touch(email="ann@example.com"), touch(email="ben@example.com"))
    build(lake, NOW)

    with changes_after(lake, touch(email="ben@example.com", timestamp="2025-11-02T10:00:00Z")) as workshop:
        assert changed(workshop) == {leads_by_identity(lake)["ben@example.com"]}


def test_a_lake_without_news_has_no_changes(lake: Lake) -> None:
    land_lines(lake, "webinar", touch())
    build(lake, NOW)

    with changes_after(lake) as workshop:
        assert changed(workshop) == set()
