from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from lake_access.database import open_database
from lake_access.errors import NotAllowedError, RefusedError
from lake_access.permissions import Actor
from lake_access.saved_queries import (
    KEPT,
    LONGEST_SQL,
    PastQuery,
    delete_query,
    note_query,
    query_history,
    save_query,
    saved_queries,
)
from tests.lake_access.lakes import settings_in

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
ANN, BEN = (Actor(name, frozenset({"analyst"}), "oidc") for name in ("ann", "ben"))
VIEWER = Actor("eve", frozenset({"viewer"}), "oidc")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(settings_in(tmp_path))
    yield engine
    engine.dispose()


def names(database: Engine, actor: Actor) -> list[str]:
    return [one.name for one in saved_queries(database, actor)]


def past(number: int) -> PastQuery:
    return PastQuery(NOW + timedelta(seconds=number), f"SELECT {number}", number, 0.25, "done")


def test_nobody_sees_or_deletes_another_ones_queries(database: Engine) -> None:
    save_query(database, ANN, "hot leads", "SELECT 1", NOW)
    save_query(database, BEN, "hot leads", "SELECT 2", NOW)

    delete_query(database, BEN, "hot leads")

    assert names(database, BEN) == []
    assert [(one.sql, one.saved_at) for one in saved_queries(database, ANN)] == [("SELECT 1", NOW)]


def test_saving_under_the_same_name_takes_the_place(database: Engine) -> None:
    save_query(database, ANN, "b", "SELECT 1", NOW)
    save_query(database, ANN, " b ", "SELECT 2", NOW)
    save_query(database, ANN, "a", "SELECT 3", NOW)

    assert [(one.name, one.sql) for one in saved_queries(database, ANN)] == [("a", "SELECT 3"), ("b", "SELECT 2")]


@pytest.mark.parametrize(
    ("name", "sql"), [("", "SELECT 1"), ("x" * 121, "SELECT 1"), ("x", " "), ("x", "x" * (LONGEST_SQL + 1))]
)
def test_what_cannot_be_saved_is_refused_and_changes_nothing(database: Engine, name: str, sql: str) -> None:
    with pytest.raises(RefusedError, match="nothing was saved"):
        save_query(database, ANN, name, sql, NOW)

    assert names(database, ANN) == []


def test_history_is_each_ones_own_with_the_newest_first(database: Engine) -> None:
    for number in range(3):
        note_query(database, ANN, past(number))
    note_query(database, BEN, past(9))

    assert query_history(database, ANN) == [past(2), past(1), past(0)]
    assert query_history(database, BEN) == [past(9)]


def test_history_keeps_the_newest(database: Engine) -> None:
    note_query(database, BEN, past(1))
    for number in range(KEPT + 5):
        note_query(database, ANN, past(number))

    kept = query_history(database, ANN, limit=KEPT + 5)
    assert len(kept) == KEPT
    assert kept[-1] == past(5)
    assert query_history(database, BEN) == [past(1)]


def test_a_viewer_has_no_queries(database: Engine) -> None:
    with pytest.raises(NotAllowedError):
        save_query(database, VIEWER, "x", "SELECT 1", NOW)
    with pytest.raises(NotAllowedError):
        saved_queries(database, VIEWER)
    with pytest.raises(NotAllowedError):
        query_history(database, VIEWER)
