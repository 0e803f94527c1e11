"""A build takes what is new, touches what that touches, and says what it did."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lake_access.building import build as building
from lake_access.building.build import build
from lake_access.building.rewriting import replace_all
from lake_access.engine import open_connection
from lake_access.errors import ConflictError
from lake_access.iceberg.catalog import load_table
from lake_access.iceberg.commits import MADE_BY, pin, pin_by_name
from lake_access.iceberg.tables import BATCHES, EVENTS, IDENTITIES, LEADS, QUARANTINE, SCORES, table_definitions
from lake_access.lake import Lake
from tests.lake_access.lakes import (
    CURATED_TABLES,
    NOW,
    batch_of,
    lake_in,
    land_lines,
    read_table,
    read_tables,
    shipped_config,
    touch,
)


def files_of(lake: Lake, table: str) -> set[str]:
    pinned = pin_by_name(lake.catalog, table)
    assert pinned is not None
    return set(pinned.files)


def test_a_build_says_what_it_read_and_where_the_tables_stand(lake: Lake) -> None:
    land_lines(lake, "webinar", touch(), touch(), "nonsense", touch(email="ann@example.com"))
    told: list[tuple[str, int]] = []

    result = build(lake, NOW, lambda stage, lines: told.append((stage, lines)))

    assert (result.read, result.curated, result.duplicates, result.quarantined) == (4, 2, 1, 1)
    assert (result.leads, result.batches, result.refused) == (2, 1, [])
    pinned = lake.pin()
    assert {name: result.snapshots[name] for name in pinned.tables} == {
        name: table.snapshot_id for name, table in pinned.tables.items()
    }
    assert sum(lines for _, lines in told) == 4
    assert [stage for stage, _ in told][:1] == ["events"]


def test_the_record_of_a_batch_says_what_became_of_its_lines(lake: Lake) -> None:
    batch = batch_of(land_lines(lake, "webinar", touch(), touch(), "", "nonsense", history=True))

    build(lake, NOW + timedelta(hours=1))

    assert read_table(lake, BATCHES) == [
        {
            "batch_id": batch.batch_id,
            "stream": "webinar",
            "key": batch.key,
            "landed_at": NOW,
            "history": True,
            "read": 3,
            "curated": 1,
            "duplicates": 1,
            "quarantined": 1,
            "refused": None,
            "built_at": NOW + timedelta(hours=1),
        }
    ]


def test_a_build_of_nothing_new_commits_nothing(lake: Lake) -> None:
    land_lines(lake, "webinar", touch(), "nonsense")
    first = build(lake, NOW)

    again = build(lake, NOW + timedelta(days=1))

    assert (again.read, again.batches, again.leads) == (0, 0, 1)
    assert again.snapshots == first.snapshots


def test_a_build_of_an_empty_lake_makes_empty_tables(lake: Lake) -> None:
    result = build(lake, NOW)

    assert (result.read, result.leads) == (0, 0)
    assert set(result.snapshots.values()) == {None}
    assert lake.pin().rows("SELECT * FROM curated.leads") == []


def test_a_batch_of_copies_alone_counts_as_built(lake: Lake) -> None:
    land_lines(lake, "webinar", touch())
    build(lake, NOW)
    land_lines(lake, "webinar", touch(), touch(), at=NOW + timedelta(hours=1))

    assert build(lake, NOW).duplicates == 2
    assert build(lake, NOW).read == 0


def test_only_the_files_of_months_with_news_are_written_anew(lake: Lake) -> None:
    for month in ("2025-01", "2025-02", "2025-03"):
        land_lines(lake, "webinar", touch(email=f"{month}@example.com", timestamp=f"{month}-10T00:00:00Z"))
    build(lake, NOW)
    events, leads = files_of(lake, EVENTS), files_of(lake, LEADS)

    land_lines(lake, "webinar", touch(email="2025-02@example.com", timestamp="2025-04-01T00:00:00Z"))
    build(lake, NOW)

    assert events < files_of(lake, EVENTS)
    assert len(files_of(lake, EVENTS) - events) == 1
    assert len(leads & files_of(lake, LEADS)) == 2
    assert len(read_table(lake, LEADS)) == 3


def test_other_limits_of_the_scores_make_the_leads_anew(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    land_lines(lake, "webinar", touch(event_type="webinar_attendance", duration=60, questions=5))
    build(lake, NOW)
    assert [(row["engagement_score"], row["final_score"]) for row in read_table(lake, LEADS)] == [(18, 38)]

    build(lake_in(tmp_path, shipped_config(("engagement_max = 50", "engagement_max = 7"))), NOW)

    assert [(row["engagement_score"], row["final_score"]) for row in read_table(lake, LEADS)] == [(7, 27)]


def test_a_stream_declared_of_another_kind_makes_leads_and_scores_anew(tmp_path: Path) -> None:
    text = shipped_config()
    scores = text[text.index("[sources.scores]") : text.index("[sources.sales]")]
    second = scores.replace("[sources.scores", "[sources.second")
    of_touches = second.replace('kind = "score"', 'kind = "touch"')
    lake = lake_in(tmp_path, text + of_touches)
    land_lines(lake, "second", touch(event_type="score", model_version="1", score=5))
    build(lake, NOW)
    assert [(row["source"], row["model_score"]) for row in read_table(lake, LEADS)] == [("second", None)]
    assert read_table(lake, SCORES) == []

    build(lake_in(tmp_path, text + second), NOW)

    assert [(row["source"], row["model_score"]) for row in read_table(lake, LEADS)] == [(None, 5)]
    assert [row["score"] for row in read_table(lake, SCORES)] == [5]


def test_events_in_any_order_give_the_same_tables(tmp_path: Path) -> None:
    story = [
        ("outcomes", touch(event_type="outcome", converted=True, value=10, timestamp="2025-06-01T00:00:00Z")),
        ("scores", touch(event_type="score", model_version="1", score=9, timestamp="2025-05-01T00:00:00Z")),
        ("sales", touch(event_type="sales_action", action="call", timestamp="2025-05-02T00:00:00Z")),
        ("webinar", touch(timestamp="2025-03-01T00:00:00Z")),
        ("roadshow", touch(event_type="roadshow_visit", timestamp="2025-04-01T00:00:00Z", location="Köln")),
    ]
    tables = []
    for number, (order, builds_after) in enumerate([(story, {4}), (story[::-1], {0, 2, 4})]):
        lake = lake_in(tmp_path / str(number))
        for minute, (stream, line) in enumerate(order):
            land_lines(lake, stream, line, at=NOW + timedelta(minutes=minute))
            if minute in builds_after:
                build(lake, NOW)
        stored = read_tables(lake, without=["ingested_at", "batch_id", "landed_at", "key"])
        tables.append([stored[name] for name in CURATED_TABLES])
        (lead,) = read_table(lake, LEADS)
        assert (lead["source"], lead["last_source"], lead["location"]) == ("webinar", "roadshow", "Köln")
        assert (lead["model_score"], lead["sales_actions"]) == (9, 1)
        assert (lead["converted"], lead["outcome_value"]) == (True, 10)

    assert tables[0] == tables[1]


@pytest.mark.parametrize("order", [("roadshow", "webinar"), ("webinar", "roadshow")])
def test_two_sources_at_one_moment_under_one_id_have_an_order(order: tuple[str, str], lake: Lake) -> None:
    types = {"roadshow": "roadshow_visit", "webinar": "webinar_registration"}
    for minute, stream in enumerate(order):
        land_lines(lake, stream, touch(event_id="1", event_type=types[stream]), at=NOW + timedelta(minutes=minute))
        build(lake, NOW)

    (lead,) = read_table(lake, LEADS)
    assert (lead["source"], lead["last_source"]) == ("roadshow", "webinar")


def test_who_is_overtaken_begins_anew(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    land_lines(lake, "webinar", touch())
    attempts: list[int] = []

    def overtaken_twice(*arguments: Any) -> None:
        attempts.append(len(attempts))
        if len(attempts) <= 2:
            raise ConflictError("curated.events: another writer committed first")
        whole(*arguments)

    whole = building._build
    monkeypatch.setattr(building, "_build", overtaken_twice)

    assert build(lake, NOW).curated == 1
    assert len(attempts) == 3


def test_who_is_always_overtaken_gives_up_and_says_so(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    def overtaken(*_arguments: object) -> None:
        raise ConflictError("curated.events: another writer committed first")

    monkeypatch.setattr(building, "_build", overtaken)

    with pytest.raises(ConflictError):
        build(lake, NOW)


class PowerCut(BaseException):
    """The process ends here."""


def end_of_power(*_arguments: object, **_named: object) -> None:
    raise PowerCut


BEFORE_THE_EVENTS_ARE_COMMITTED = "lake_access.building.round.commit"
BEFORE_OTHER_TABLES_FOLLOW = "lake_access.building.record.replace_files"


def build_until(lake: Lake, step: str) -> None:
    """Build up to this step, which is not taken."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(step, end_of_power)
        with pytest.raises(PowerCut):
            build(lake, NOW)


def test_a_line_that_two_runs_refuse_is_kept_once(lake: Lake) -> None:
    land_lines(lake, "webinar", touch(), "nonsense")
    build_until(lake, BEFORE_THE_EVENTS_ARE_COMMITTED)
    assert read_table(lake, QUARANTINE) == read_table(lake, IDENTITIES) == read_table(lake, EVENTS) == []

    build(lake, NOW)

    assert len(read_table(lake, QUARANTINE)) == len(read_table(lake, EVENTS)) == 1


def test_what_a_killed_run_committed_the_next_one_ends_without_reading_it_again(lake: Lake) -> None:
    land_lines(lake, "webinar", touch(), "nonsense")
    build_until(lake, BEFORE_OTHER_TABLES_FOLLOW)
    assert len(read_table(lake, EVENTS)) == 1
    assert read_table(lake, QUARANTINE) == read_table(lake, IDENTITIES) == read_table(lake, BATCHES) == []
    assert lake.pin().rows("SELECT * FROM curated.events") == []

    assert build(lake, NOW).read == 0

    assert [len(read_table(lake, name)) for name in (EVENTS, QUARANTINE, IDENTITIES, BATCHES, LEADS)] == [1] * 5


def test_a_line_that_a_killed_run_refused_and_the_next_one_takes_is_not_quarantined(tmp_path: Path) -> None:
    lake = lake_in(tmp_path, shipped_config(("max = 1440 }     # minutes", "max = 10 }")))
    land_lines(lake, "webinar", touch(event_type="webinar_attendance", duration=20))
    build_until(lake, BEFORE_THE_EVENTS_ARE_COMMITTED)

    build(lake_in(tmp_path, shipped_config()), NOW)

    assert read_table(lake, QUARANTINE) == []
    assert len(read_table(lake, EVENTS)) == 1


@pytest.mark.parametrize("step", [BEFORE_THE_EVENTS_ARE_COMMITTED, BEFORE_OTHER_TABLES_FOLLOW])
def test_events_follow_a_link_that_a_killed_run_had_found(step: str, lake: Lake) -> None:
    land_lines(lake, "webinar", touch(email="ann@example.com"), touch(email=None, lead_key="crm-1"))
    build(lake, NOW)
    land_lines(lake, "webinar", touch(email="ann@example.com", lead_key="crm-1"))
    build_until(lake, step)
    assert len({row["lead_id"] for row in read_table(lake, IDENTITIES)}) == 2

    build(lake, NOW)

    assert len({row["lead_id"] for row in read_table(lake, IDENTITIES)}) == 1
    assert len({row["lead_id"] for row in read_table(lake, EVENTS)}) == 1
    assert [row["events"] for row in read_table(lake, LEADS)] == [3]


def test_the_same_lines_landed_in_two_streams_at_one_moment_are_quarantined_in_both(lake: Lake) -> None:
    for stream in ("webinar", "roadshow"):
        land_lines(lake, stream, "nonsense")
        build(lake, NOW)

    assert sorted(row["stream"] for row in read_table(lake, QUARANTINE)) == ["roadshow", "webinar"]


def test_scores_of_two_streams_under_one_id_both_stay_when_a_lead_is_linked(tmp_path: Path) -> None:
    text = shipped_config()
    scores = text[text.index("[sources.scores]") : text.index("[sources.sales]")]
    lake = lake_in(tmp_path, text + scores.replace("[sources.scores", "[sources.other_scores"))
    score = touch(event_type="score", model_version="1", score=5, event_id="1", email=None, lead_key="crm-1")
    land_lines(lake, "scores", score | {"timestamp": "2025-01-01T00:00:00Z"})
    land_lines(lake, "other_scores", score | {"timestamp": "2025-02-01T00:00:00Z", "lead_key": "crm-2"})
    build(lake, NOW)
    assert len(read_table(lake, SCORES)) == 2

    land_lines(lake, "webinar", touch(lead_key="crm-1"))
    build(lake, NOW)

    assert len(read_table(lake, SCORES)) == 2


def test_scores_of_a_lake_from_before_they_named_their_stream_are_made_anew_once(lake: Lake) -> None:
    score = touch(event_type="score", model_version="1", score=5)
    land_lines(lake, "scores", score, score | {"score": 6})
    build(lake, NOW)
    as_they_were_made(lake, SCORES, "SELECT * REPLACE (NULL::VARCHAR AS stream) FROM {scan}", {MADE_BY: ""})
    offline = "SELECT * REPLACE ('offline' AS mode, 9 AS score, NULL::VARCHAR AS event_id) FROM {scan} LIMIT 1"
    as_they_were_made(lake, SCORES, f"FROM {{scan}} UNION ALL ({offline})", {})
    assert {row["stream"] for row in read_table(lake, SCORES)} == {None}

    first, again = build(lake, NOW), build(lake, NOW)

    scores = {(row["mode"], row["score"], row["stream"]) for row in read_table(lake, SCORES)}
    assert scores == {("online", 5, "scores"), ("online", 6, "scores"), ("offline", 9, None)}
    assert len(read_table(lake, SCORES)) == 3
    assert again.snapshots == first.snapshots


def as_they_were_made(lake: Lake, name: str, query: str, properties: dict[str, str]) -> None:
    """Put the rows of this query over a table in its place, as an earlier Leadlake would have written them."""
    table, definition = load_table(lake.catalog, name), table_definitions(lake.settings.declarations)[name]
    assert table is not None
    with open_connection(lake.settings) as connection:
        connection.execute(f"CREATE TABLE as_made AS {query.format(scan=pin(table).scan())}")
        replace_all(connection, table, definition, pin(table), "as_made", properties)
