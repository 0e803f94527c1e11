from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, update

from lake_access.database import open_database, writing
from lake_access.ledger import HEAD, LEDGER, Verification, append, entries, open_ledger, record, verify
from lake_access.permissions import local_user
from tests.lake_access.lakes import settings_in

MARIA = local_user("maria")
NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(settings_in(tmp_path))
    yield engine
    engine.dispose()


@pytest.fixture
def written(engine: Engine) -> Engine:
    for number, event in enumerate(("promotion.requested", "promotion.approved", "export", "promoted"), 1):
        record(engine, MARIA, event, "3", {"n": number, "text": "ä"}, NOW + timedelta(seconds=number))
    return engine


def test_an_empty_ledger_holds(engine: Engine) -> None:
    assert verify(engine) == Verification(0, True, None)


def test_rows_come_back_as_they_were_told(written: Engine) -> None:
    first = entries(written)[0]

    assert (first.number, first.actor, first.via, first.event) == (1, "maria", "local", "promotion.requested")
    assert (first.subject, first.details, first.at) == ("3", {"n": 1, "text": "ä"}, NOW + timedelta(seconds=1))
    assert verify(written) == Verification(4, True, None)


def test_an_event_is_asked_for_with_those_below_it(written: Engine) -> None:
    assert [entry.event for entry in entries(written, event="promotion")] == [
        "promotion.requested",
        "promotion.approved",
    ]


@pytest.mark.parametrize(
    "changed", [{"actor": "eve"}, {"details": "{}"}, {"at": NOW}, {"event": "x"}, {"via": "oidc"}, {"subject": "4"}]
)
def test_a_changed_row_is_named(written: Engine, changed: dict[str, object]) -> None:
    with writing(written) as connection:
        connection.execute(update(LEDGER).where(LEDGER.c.number == 2).values(**changed))

    assert verify(written) == Verification(4, False, 2)


def test_a_row_taken_out_is_named(written: Engine) -> None:
    with writing(written) as connection:
        connection.execute(delete(LEDGER).where(LEDGER.c.number == 2))

    assert verify(written) == Verification(3, False, 2)


def test_rows_taken_off_the_end_are_noticed(written: Engine) -> None:
    with writing(written) as connection:
        connection.execute(delete(LEDGER).where(LEDGER.c.number >= 3))

    assert verify(written) == Verification(2, False, 3)


def test_a_changed_head_is_noticed(written: Engine) -> None:
    with writing(written) as connection:
        connection.execute(update(HEAD).values(hash="f" * 64))

    assert not verify(written).valid


def test_a_row_goes_with_the_change_that_it_tells_of(engine: Engine) -> None:
    open_ledger(engine)

    def tell_and_fail() -> None:
        with writing(engine) as connection:
            append(connection, MARIA, "promoted", "3", {}, NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        tell_and_fail()

    assert entries(engine) == []


def test_many_at_once_make_one_chain(engine: Engine) -> None:
    open_ledger(engine)

    def tell() -> None:
        for number in range(10):
            record(engine, MARIA, "export", str(number), {}, NOW)

    threads = [threading.Thread(target=tell) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert verify(engine) == Verification(40, True, None)
