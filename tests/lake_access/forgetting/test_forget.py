from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import Engine

from lake_access.building.build import build
from lake_access.building.identity import identity_digest
from lake_access.building.replay import ReplayRange, replay
from lake_access.database import open_database
from lake_access.doctor import examine
from lake_access.errors import LandingRefusedError, NotAllowedError, RefusedError
from lake_access.forgetting import forget as steps
from lake_access.forgetting.forget import Forgotten, cut_short, forget
from lake_access.iceberg.tables import BATCHES, EVENTS, IDENTITIES, LEADS, QUARANTINE, SCORES
from lake_access.lake import Lake
from lake_access.ledger import entries, verify
from lake_access.offline_scores import append_offline_scores
from lake_access.permissions import Actor, local_user
from lake_access.raw import land, list_batches
from tests.lake_access.lakes import IDENTITY_KEY, NOW, lake_in, land_lines, read_table, read_tables, touch

ADDRESS = "ann.lee@example.org"
ADMIN = local_user("maria")
REASON = "asked for it on 2 January, case 12"


def event(day: int, event_type: str, **keys: Any) -> dict[str, Any]:
    return {"event_type": event_type, "timestamp": f"2025-11-{day:02}T10:00:00Z", **keys}


def with_person() -> list[tuple[str, list[Any]]]:
    """Lines by stream, of which some name the person in every way there is."""
    ann, bob, key = {"email": " Ann.Lee@Example.org"}, {"email": "bob@example.org"}, {"lead_key": "CRM-4242-ann-77"}
    given = {"model_version": "1", "score": 70}
    return [
        ("webinar", [touch(email=ADDRESS), touch(**bob), touch(email=ADDRESS, **key)]),
        ("online", [b'{"email": "ann.lee@example.org", broken', event(1, "page_view", email="eve@example.org")]),
        ("online", [event(3, "page_view", **key)]),
        ("scores", [event(2, "score", **given, **ann), event(2, "score", **given, **bob)]),
        ("outcomes", [event(9, "outcome", converted=True, **key)]),
        ("sales", [event(5, "sales_action", action="call", **bob)]),
    ]


def filled(home: Path) -> Lake:
    lake = lake_in(home)
    for number, (stream, lines) in enumerate(with_person()):
        land_lines(lake, stream, *lines, at=NOW + timedelta(seconds=number))
        if number == 2:
            build(lake, NOW + timedelta(minutes=1))
    build(lake, NOW + timedelta(minutes=2))
    return lake


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return filled(tmp_path / "home")


@pytest.fixture
def database(lake: Lake) -> Iterator[Engine]:
    engine = open_database(lake.settings)
    yield engine
    engine.dispose()


def now() -> datetime:
    return datetime.now(UTC)


def erase(lake: Lake, database: Engine, address: str = ADDRESS) -> Forgotten:
    return forget(lake, database, ADMIN, address, REASON, now)


def stored_texts(root: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file below, decompressed: raw batches, the cells of Parquet, and all else as it lies there."""
    for path in sorted(root.rglob("*")):
        if path.is_dir():
            continue
        if path.suffix == ".zst":
            with pa.input_stream(path, compression="zstd") as stream:
                yield path, stream.read()
        elif path.suffix == ".parquet":
            yield path, "\n".join(map(str, pq.read_table(path).to_pylist())).encode()
        else:
            yield path, path.read_bytes()


def files_naming(lake: Lake, *tokens: str) -> list[Path]:
    root = Path(lake.settings.lake)
    texts = [(path, content.lower()) for path, content in stored_texts(root)]
    assert len(texts) > 20
    return [path for path, content in texts if any(token.lower().encode() in content for token in tokens)]


def lead_of(lake: Lake, address: str) -> str:
    (lead,) = {str(row["lead_id"]) for row in read_table(lake, IDENTITIES) if row["identity"] == address}
    return lead


def test_no_file_and_no_row_tells_of_the_person(lake: Lake, database: Engine) -> None:
    lead = lead_of(lake, ADDRESS)
    assert files_naming(lake, ADDRESS)
    assert files_naming(lake, lead)

    done = erase(lake, database)

    assert files_naming(lake, ADDRESS, lead, "CRM-4242-ann-77") == []
    assert done.lines == 6
    assert done.leads == 1
    assert done.unreadable == ()
    for table in (EVENTS, LEADS, SCORES, IDENTITIES):
        assert lead not in str(read_table(lake, table))


def test_scores_given_offline_go_with_the_person_and_stay_of_others(lake: Lake, database: Engine) -> None:
    leads = [lead_of(lake, ADDRESS), lead_of(lake, "bob@example.org")]
    given = pa.table({"lead_id": leads, "score": [7, 8], "scored_at": pa.array([NOW] * 2, pa.timestamp("us", "UTC"))})
    assert append_offline_scores(lake, "9", given, NOW) == 2

    erase(lake, database)

    assert files_naming(lake, leads[0]) == []
    offline = [row for row in read_table(lake, SCORES) if row["mode"] == "offline"]
    assert [(str(row["lead_id"]), row["score"]) for row in offline] == [(leads[1], 8)]
    # As a scoring that began before would.
    assert append_offline_scores(lake, "10", given, NOW) == 1
    assert files_naming(lake, leads[0]) == []


def test_the_database_tells_nothing_of_the_person_either(lake: Lake, database: Engine) -> None:
    erase(lake, database)
    database.dispose()

    content = (lake.settings.home / "leadlake.sqlite").read_bytes().lower()
    assert ADDRESS.encode() not in content
    with sqlite3.connect(lake.settings.home / "leadlake.sqlite") as connection:
        assert ADDRESS not in "\n".join(connection.iterdump()).lower()


def test_everybody_else_stays_as_they_were(lake: Lake, database: Engine, tmp_path: Path) -> None:
    never_there = lake_in(tmp_path / "other")
    for number, (stream, lines) in enumerate(with_person()):
        others = [line for line in lines if "ann" not in str(line).lower() and "CRM-4242-ann-77" not in str(line)]
        if others:
            land_lines(never_there, stream, *others, at=NOW + timedelta(seconds=number))
    build(never_there, NOW + timedelta(minutes=1))

    erase(lake, database)

    moments = ("built_at", "committed_at")
    assert read_tables(lake, without=moments) == read_tables(never_there, without=moments)
    assert read_table(lake, QUARANTINE) == []


def test_neither_a_build_nor_a_replay_brings_the_person_back(lake: Lake, database: Engine) -> None:
    erase(lake, database)
    after = read_tables(lake)

    assert build(lake, now()).read == 0
    replay(lake, ReplayRange(), now())

    without = ("built_at", "committed_at")
    assert read_tables(lake, without=without) == read_tables(lake, without=without)
    assert {name: len(rows) for name, rows in read_tables(lake).items()} == {name: len(r) for name, r in after.items()}
    assert files_naming(lake, ADDRESS) == []


def test_the_file_they_came_in_does_not_land_again(lake: Lake, database: Engine, tmp_path: Path) -> None:
    erase(lake, database)
    file = tmp_path / "again.jsonl"
    stream, lines = with_person()[0]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    before = [batch.key for batch in list_batches(lake.store, stream)]

    with pytest.raises(LandingRefusedError, match="a person who was forgotten"):
        land(lake.store, stream, file, now())

    assert [batch.key for batch in list_batches(lake.store, stream)] == before


def test_the_doctor_finds_nothing_wrong_afterwards(lake: Lake, database: Engine) -> None:
    before = {finding.subject for finding in examine(lake.settings, NOW) if finding.verdict != "ok"}

    erase(lake, database)

    assert {finding.subject for finding in examine(lake.settings, NOW) if finding.verdict != "ok"} <= before


def test_the_ledger_keeps_that_it_was_done_by_a_keyed_hash(lake: Lake, database: Engine) -> None:
    erase(lake, database)

    told = entries(database, event="person")
    identity = str(identity_digest(IDENTITY_KEY.encode(), "email", ADDRESS))
    assert [(entry.event, entry.subject, entry.actor) for entry in told] == [
        ("person.forgetting_begun", identity, "maria"),
        ("person.forgotten", identity, "maria"),
    ]
    assert told[1].details["reason"] == REASON
    assert told[1].details["lines"] == 6
    assert ADDRESS not in str(told)
    assert verify(database).valid


def test_reports_that_name_the_lead_go_and_others_stay(lake: Lake, database: Engine, tmp_path: Path) -> None:
    lead = lead_of(lake, ADDRESS)
    for name, text in (("with.html", f"<td>{lead}</td>"), ("without.html", "<td>nobody</td>")):
        (tmp_path / name).write_text(text, encoding="utf-8")
        lake.store.put_if_absent(f"reports/{name}", tmp_path / name)

    done = erase(lake, database)

    assert done.reports == ("reports/with.html",)
    assert [stored.key for stored in lake.store.list("reports/")] == ["reports/without.html"]


def test_a_report_of_which_one_file_names_the_person_goes_whole(lake: Lake, database: Engine, tmp_path: Path) -> None:
    lead = lead_of(lake, ADDRESS)
    for report, figures in (("one", f'{{"top": "{lead}"}}'), ("two", "{}")):
        for name, text in (("evidently.json", figures), ("index.json", "{}"), ("ours.json", "{}")):
            (tmp_path / name).write_text(text, encoding="utf-8")
            lake.store.put_if_absent(f"reports/{report}/{name}", tmp_path / name)

    done = erase(lake, database)

    assert done.reports == ("reports/one",)
    assert [stored.key for stored in lake.store.list("reports/")] == [
        f"reports/two/{name}" for name in ("evidently.json", "index.json", "ours.json")
    ]


def test_a_person_alone_in_the_lake_goes_as_well(tmp_path: Path) -> None:
    lake = lake_in(tmp_path / "home")
    land_lines(lake, "webinar", touch(email=ADDRESS))
    build(lake, NOW + timedelta(minutes=1))
    database = open_database(lake.settings)

    erase(lake, database)

    assert read_table(lake, LEADS) == []
    assert read_table(lake, BATCHES) == []
    assert list(list_batches(lake.store, "webinar")) == []
    database.dispose()


@pytest.mark.parametrize(
    ("actor", "address", "reason", "message"),
    [
        (ADMIN, "nobody@example.org", REASON, "nothing in the lake names this address"),
        (ADMIN, "no address", REASON, "this is no e-mail address"),
        (ADMIN, ADDRESS, " ", "takes a reason"),
        (ADMIN, ADDRESS, f"since {ADDRESS} asked", "no address may stand in it"),
        (Actor("ben", frozenset({"ml_engineer"}), "oidc"), ADDRESS, REASON, "ben may not forget a person"),
    ],
)
def test_a_refused_one_changes_nothing(
    lake: Lake, database: Engine, actor: Actor, address: str, reason: str, message: str
) -> None:
    before, raw = read_tables(lake), [stored.key for stored in lake.store.list("raw/")]

    with pytest.raises(RefusedError, match=message) as refused:
        forget(lake, database, actor, address, reason, now)

    assert address not in str(refused.value)
    assert read_tables(lake) == before
    assert [stored.key for stored in lake.store.list("raw/")] == raw
    assert entries(database) == []
    assert isinstance(refused.value, NotAllowedError) == ("ben" in message)


class Killed(BaseException):
    """As by SIGKILL: nothing after it runs."""


STEPS = [
    "_erase_elsewhere",
    "rewrite",
    "erase",
    "replay",
    "erase_history",
    "_erase_reports",
    "sweep_deleted",
    "_finish",
]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", STEPS)
def test_a_run_that_is_cut_short_anywhere_is_finished_by_repeating_it(
    lake: Lake, database: Engine, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    lead = lead_of(lake, ADDRESS)
    done: Callable[..., Any] = getattr(steps, step)

    def die(*arguments: Any, **named: Any) -> None:
        if after:
            done(*arguments, **named)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(steps, step, die)
        with pytest.raises(Killed):
            erase(lake, database)
    if not (step == "_finish" and after):
        assert cut_short(database) == 1
        # The worker builds every minute, and knows of nothing.
        build(lake, now())

        erase(lake, database)

    assert files_naming(lake, ADDRESS, lead, "CRM-4242-ann-77") == []
    assert cut_short(database) == 0
    assert verify(database).valid


BOB = "bob@example.org"


def test_one_that_was_cut_short_does_not_hold_up_another(
    lake: Lake, database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    leads = [lead_of(lake, address) for address in (ADDRESS, BOB)]

    def die(*_arguments: Any, **_named: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(steps, "replay", die)
        with pytest.raises(Killed):
            erase(lake, database)

    # Of what the first has erased, the second knows only that it was to go.
    erase(lake, database, BOB)
    assert cut_short(database) == 1
    erase(lake, database)

    assert files_naming(lake, ADDRESS, BOB, "CRM-4242-ann-77", *leads) == []
    assert cut_short(database) == 0


def test_two_people_of_the_same_batches_are_forgotten_one_after_the_other(lake: Lake, database: Engine) -> None:
    leads = [lead_of(lake, address) for address in (ADDRESS, BOB)]
    amid, second_came = Event(), Event()

    def first(stage: str) -> None:
        if stage.startswith("Rewriting") and not amid.is_set():
            amid.set()
            assert second_came.wait(60)

    def second(_stage: str) -> None:
        second_came.set()

    with ThreadPoolExecutor() as both:
        ann = both.submit(forget, lake, database, ADMIN, ADDRESS, REASON, now, first)
        assert amid.wait(60)
        bob = both.submit(forget, lake, database, ADMIN, BOB, REASON, now, second)
        assert (ann.result(120).leads, bob.result(120).leads) == (1, 1)

    assert files_naming(lake, ADDRESS, BOB, "CRM-4242-ann-77", *leads) == []
    assert cut_short(database) == 0
