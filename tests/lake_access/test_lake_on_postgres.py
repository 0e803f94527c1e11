"""The lake's catalog in PostgreSQL: for a team, whose builds and readers come from several machines."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path

import pytest

from lake_access.building.build import build
from lake_access.errors import SettingsError, StorageError
from lake_access.lake import Lake
from tests.lake_access.lakes import NOW, lake_in, land_lines, read_tables, touch
from tests.lake_access.postgres_server import PASSWORD, QUOTED_PASSWORD, PostgresServer, programs, running_postgres
from tests.lake_access.s3_server import silent_port

pytestmark = pytest.mark.skipif(programs() is None, reason="PostgreSQL's server programs are not installed")

OpenLake = Callable[..., Lake]


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    binaries = programs()
    assert binaries is not None
    with running_postgres(binaries) as server:
        yield server


@pytest.fixture
def database(postgres: PostgresServer) -> str:
    """The address of a new, empty database."""
    return postgres.make_database(f"lake-{uuid.uuid4()}")


@pytest.fixture
def lake_at(tmp_path: Path) -> Iterator[OpenLake]:
    """Opens lakes in folders of the test, and closes them at its end."""
    with ExitStack() as stack:
        yield lambda home, **variables: stack.enter_context(closing(lake_in(tmp_path / home, **variables)))


def feed(lake: Lake, days: range) -> None:
    for day in days:
        land_lines(lake, "webinar", touch(email=f"{day}@example.com"), touch(), at=NOW + timedelta(days=day))


def in_threads(work: list[Lake]) -> list[int]:
    """Build all of them at once; the leads that each saw at its end."""
    together = threading.Barrier(len(work))

    def run(lake: Lake) -> int:
        together.wait()
        return build(lake, NOW).leads

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(run, work))


def test_a_catalog_in_postgresql_says_what_one_in_a_file_says(database: str, lake_at: OpenLake, tmp_path: Path) -> None:
    lakes = lake_at("postgres", database=database), lake_at("sqlite")

    for lake in lakes:
        for days in (range(3), range(3, 5)):
            feed(lake, days)
            build(lake, NOW)

    assert lakes[0].pin().rows("SELECT count(*), sum(events) FROM curated.leads") == [(6, 6)]
    assert read_tables(lakes[0]) == read_tables(lakes[1])
    assert not (tmp_path / "postgres" / "leadlake.sqlite").exists()


def test_every_usual_form_of_the_address_opens_the_same_catalog(database: str, lake_at: OpenLake) -> None:
    feed(lake_at("home", database=database), range(1))
    build(lake_at("home", database=database), NOW)

    for scheme in ("postgresql", "postgres", "postgresql+psycopg"):
        lake = lake_at("home", database=database.replace("postgresql", scheme, 1))
        assert lake.pin().rows("SELECT count(*) FROM curated.leads") == [(2,)]


def test_another_driver_or_database_is_refused(lake_at: OpenLake) -> None:
    for address in ("postgresql+psycopg2://localhost/lake", "mysql://localhost/lake", "lake"):
        with pytest.raises(SettingsError, match="LEADLAKE_DATABASE"):
            lake_at("home", database=address)


def test_many_who_open_an_empty_database_at_once_all_find_a_catalog(
    postgres: PostgresServer, lake_at: OpenLake
) -> None:
    for attempt in range(3):
        database = postgres.make_database(f"empty-{attempt}")
        together = threading.Barrier(6)

        def open_it(_: int, database: str = database, together: threading.Barrier = together) -> int:
            together.wait()
            return len(lake_at("home", database=database).pin().tables)

        with ThreadPoolExecutor(6) as pool:
            assert list(pool.map(open_it, range(6))) == [0] * 6


def test_two_first_builds_at_once_end_with_the_tables_of_one(database: str, lake_at: OpenLake) -> None:
    alone = lake_at("alone")
    both = [lake_at("shared", database=database) for _ in range(2)]
    for lake in (alone, both[0]):
        feed(lake, range(4))
    build(alone, NOW)

    leads = in_threads(both)

    assert leads == [5, 5]
    assert read_tables(both[0]) == read_tables(alone)


def test_two_builds_of_what_is_new_at_once_end_with_the_tables_of_one(database: str, lake_at: OpenLake) -> None:
    alone = lake_at("alone")
    both = [lake_at("shared", database=database) for _ in range(2)]
    for lake in (alone, both[0]):
        feed(lake, range(2))
        build(lake, NOW)
        feed(lake, range(2, 4))
    build(alone, NOW)

    in_threads(both)

    assert read_tables(both[0]) == read_tables(alone)


def test_a_server_that_was_restarted_is_found_again(postgres: PostgresServer, database: str, lake_at: OpenLake) -> None:
    lake = lake_at("home", database=database)
    feed(lake, range(1))
    build(lake, NOW)

    postgres.stop()
    with pytest.raises(StorageError, match="Check LEADLAKE_DATABASE"):
        lake.pin()
    postgres.start()

    assert lake.pin().rows("SELECT count(*) FROM curated.leads") == [(2,)]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (("lake-", "no-lake-"), "does not exist"),
        ((QUOTED_PASSWORD, "wrong"), "password authentication failed"),
        (("127.0.0.1:{port}", "127.0.0.1:{silent}"), "Connection refused"),
    ],
)
def test_a_database_that_does_not_open_is_one_sentence_without_its_password(
    postgres: PostgresServer, database: str, lake_at: OpenLake, change: tuple[str, str], what: str
) -> None:
    places = {"port": postgres.port, "silent": silent_port()}
    old, new = (text.format(**places) for text in change)
    started = time.monotonic()

    with pytest.raises(StorageError, match=what) as refused:
        lake_at("home", database=database.replace(old, new))

    assert time.monotonic() - started < 10
    assert "Check LEADLAKE_DATABASE" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not any(password in str(refused.value) for password in (PASSWORD, QUOTED_PASSWORD, "wrong"))
