"""Tables are made once, whoever comes first, and grow by the columns that are declared later."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.types import LongType, StringType, TimestamptzType
from sqlalchemy.exc import OperationalError

from lake_access.errors import ConflictError, LeadlakeError, SettingsError, StorageError
from lake_access.iceberg.catalog import ensure_table, load_table, translated
from lake_access.iceberg.tables import TableDefinition, table_definitions
from lake_access.lake import Lake
from tests.lake_access.building.crossings import Crossing, crossing, record
from tests.lake_access.lakes import lake_in

THINGS = TableDefinition("curated.things", {"name": StringType(), "moment": TimestamptzType()}, partition="moment")


def location(lake: Lake) -> str:
    return f"{lake.settings.lake}/warehouse/curated/things"


def test_a_table_that_does_not_exist_is_none(lake: Lake) -> None:
    assert load_table(lake.catalog, "curated.things") is None


def test_every_table_of_the_lake_can_be_made_and_found_again(lake: Lake) -> None:
    for name, definition in table_definitions(lake.settings.declarations).items():
        made = ensure_table(lake.catalog, definition, f"{lake.settings.lake}/warehouse/{name}")
        found = load_table(lake_in(lake.settings.home).catalog, name)

        assert found is not None
        assert found.metadata_location == made.metadata_location
        assert list(found.schema().column_names) == list(definition.columns)


def test_a_table_that_stands_is_left_as_it_is(lake: Lake) -> None:
    first = ensure_table(lake.catalog, THINGS, location(lake))

    assert ensure_table(lake.catalog, THINGS, location(lake)).metadata_location == first.metadata_location


def test_a_column_declared_later_is_added_behind_the_others(lake: Lake) -> None:
    ensure_table(lake.catalog, THINGS, location(lake))
    wider = TableDefinition(THINGS.name, {"size": LongType(), **THINGS.columns}, partition="moment")

    table = ensure_table(lake.catalog, wider, location(lake))

    assert list(table.schema().column_names) == ["name", "moment", "size"]
    assert [field.field_id for field in table.schema().fields] == [1, 2, 3]


def test_a_column_of_another_type_is_refused_with_its_name(lake: Lake) -> None:
    ensure_table(lake.catalog, THINGS, location(lake))
    other = TableDefinition(THINGS.name, {**THINGS.columns, "name": LongType()}, partition="moment")

    with pytest.raises(SettingsError, match=r'"name" is declared as long, and the table has it as string'):
        ensure_table(lake.catalog, other, location(lake))


def test_whoever_else_makes_the_table_meanwhile_it_is_one_table(tmp_path: Path) -> None:
    recorded = lake_in(tmp_path / "recorded")
    points = record(lambda: ensure_table(recorded.catalog, THINGS, location(recorded)))
    ours = sorted(point for point in points if "catalog" in point)
    assert len(ours) > 10

    for place, point in enumerate(ours):
        lake = lake_in(tmp_path / str(place))
        with crossing(Crossing(point, 0).watched(lambda: make_elsewhere(tmp_path / str(place)))):  # noqa: B023
            table = ensure_table(lake.catalog, THINGS, location(lake))
        other = load_table(lake.catalog, THINGS.name)
        assert other is not None
        assert other.metadata_location == table.metadata_location, point


def make_elsewhere(home: Path) -> None:
    other = lake_in(home)
    ensure_table(other.catalog, THINGS, location(other))


@pytest.mark.parametrize(
    ("raised", "becomes", "said"),
    [
        (CommitFailedException("metadata location has changed"), ConflictError, "another writer committed first"),
        (FileNotFoundError(2, "No such file", "/lake/x.avro"), StorageError, "a file of the table is gone"),
        (PermissionError(13, "Permission denied"), StorageError, "Permission denied"),
    ],
)
def test_what_libraries_raise_becomes_the_lakes_own(raised: Exception, becomes: type[LeadlakeError], said: str) -> None:
    with pytest.raises(becomes, match=said) as caught, translated("curated.things"):
        raise raised

    assert str(caught.value).startswith("curated.things: ")
    assert caught.value.__cause__ is raised


def test_a_message_of_the_database_shows_no_password() -> None:
    raised = OperationalError("connect to postgresql://lead:hunter2@host/lake failed", None, Exception("no route"))

    with pytest.raises(StorageError) as caught, translated("the lake's catalog"):
        raise raised

    assert "hunter2" not in str(caught.value)
