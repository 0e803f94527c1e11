"""What the database keeps of a person beside the lake goes with them: found by a search of the whole file."""

from __future__ import annotations

import importlib
import re
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import JSON, Engine, String, Table, Text, insert, select

from jobs.forgetting import ERASERS, WRITTEN, forget_person
from jobs.job import digest_of
from jobs.requests import list_jobs, read_log
from jobs.tables import JOB_LOG, JOBS, open_jobs
from lake_access import band_proposals
from lake_access.band_proposals import propose_bands
from lake_access.building.replay import replay
from lake_access.database import Moment, open_database, reading, writing
from lake_access.forgetting import forget as steps
from lake_access.lake import Lake
from lake_access.ledger import entries, verify
from lake_access.permissions import local_user
from lake_access.saved_queries import PastQuery, note_query, query_history, save_query
from lake_access.score_histograms import ScoreKind
from tests.lake_access.forgetting.test_forget import ADDRESS, filled, lead_of
from tests.lake_access.lakes import NOW

ROOT = Path(__file__).parents[2]
ADMIN = local_user("maria")


def job(number: int, **texts: object) -> dict[str, object]:
    plain = {"kind": "build", "digest": str(number), "state": "succeeded", "requested_by": "maria", "rights": {}}
    return {"id": number, "requested_at": NOW, "attempt": 1, "cancel_asked": False, "parameters": {}, **plain, **texts}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return filled(tmp_path / "home")


def written_about(lead: str, engine: Engine) -> None:
    """Each kind of text that people and jobs leave, about this lead and about nobody."""
    save_query(engine, ADMIN, "their events", f"SELECT * FROM curated.events WHERE lead_id = '{lead.upper()}'", NOW)
    save_query(engine, ADMIN, "all", "SELECT 1", NOW)
    for sql in (f"SELECT '{lead.replace('-', '')}'", "SELECT 'Ann.Lee@EXAMPLE.org'", "SELECT 2"):
        note_query(engine, ADMIN, PastQuery(NOW, sql, 1, 0.1, "done"))
    note_query(engine, ADMIN, PastQuery(NOW, "SELECT x", None, None, f"no lead {lead}"))
    propose_bands(engine, ADMIN, "mine", ScoreKind(None, None), {"cold": 0}, f"because of {ADDRESS}", NOW)
    open_jobs(engine)
    about = {"error": f"{ADDRESS}: what?", "result": {"location": "Bonn"}, "digest": digest_of("build", {"lead": lead})}
    with writing(engine) as connection:
        connection.execute(insert(JOBS).values(job(1, parameters={"lead": lead, "n": 3}, **about)))
        connection.execute(insert(JOBS).values(job(2, result={"found": [{"lead": lead}, {"lead": "another"}]})))
        connection.execute(insert(JOBS).values(job(3, result={"leads": 7})))
        lines = [(1, f"scored {lead}"), (2, "scored others")]
        rows = [{"job": 3, "number": number, "at": NOW, "line": line} for number, line in lines]
        connection.execute(insert(JOB_LOG), rows)


def forgotten(lake: Lake, engine: Engine) -> steps.Forgotten:
    return forget_person(lake, engine, ADMIN, ADDRESS, "case 12", lambda: datetime.now(UTC), lambda _stage: None)


def test_the_file_of_the_database_tells_nothing_of_the_person(lake: Lake) -> None:
    engine, lead = open_database(lake.settings), lead_of(lake, ADDRESS)
    written_about(lead, engine)
    # What was deleted before leaves its bytes in the file as well.
    save_query(engine, ADMIN, "their events", f"SELECT '{ADDRESS}'", NOW)

    done = forgotten(lake, engine)

    assert done.elsewhere == {"queries": 4, "proposals of bands": 1, "jobs": 3}
    assert [past.sql for past in query_history(engine, ADMIN)] == ["SELECT 2"]
    jobs = {each.id: each for each in list_jobs(engine, ADMIN)}
    assert jobs[1].parameters == {"lead": "(forgotten)", "n": 3}
    # Where somebody lives is theirs, whether it stands beside their name or not.
    assert (jobs[1].result, jobs[1].error) == (None, None)
    with reading(engine) as connection:
        assert connection.execute(select(JOBS.c.digest).where(JOBS.c.id == 1)).scalar() == "(forgotten) 1"
    assert jobs[2].result == {"found": [{"lead": "(forgotten)"}, {"lead": "another"}]}
    assert jobs[3].result == {"leads": 7}
    assert [line for _, line in read_log(engine, 3, ADMIN)] == ["(forgotten)", "scored others"]
    assert [proposal.note for proposal in band_proposals.band_proposals(engine)] == ["(forgotten)"]
    engine.dispose()
    content = (lake.settings.home / "leadlake.sqlite").read_bytes().lower()
    assert ADDRESS.encode() not in content
    assert lead.replace("-", "").encode() not in content
    with sqlite3.connect(lake.settings.home / "leadlake.sqlite") as connection:
        naming = [line for line in connection.iterdump() if lead in line.lower()]
    # The ledger and its note know the person by a keyed hash, which here is the lead's id.
    assert all(re.match(r'INSERT INTO "?(ledger|forgettings)', line) for line in naming), naming
    assert {row.event for row in entries(open_database(lake.settings)) if lead in str(row)} <= {
        "person.forgetting_begun",
        "person.forgotten",
    }
    assert verify(open_database(lake.settings)).valid


def test_what_is_written_while_it_runs_goes_as_well(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, lead = open_database(lake.settings), lead_of(lake, ADDRESS)

    def replay_and_ask(*arguments: object, **named: object) -> object:
        note_query(engine, ADMIN, PastQuery(NOW, f"SELECT '{lead}'", 1, 0.1, "done"))
        return replay(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(steps, "replay", replay_and_ask)

    forgotten(lake, engine)

    assert query_history(engine, ADMIN) == []


# Texts of the database that name no lead, and why.
OURS = {
    "ledger": "never forgets, and so takes no address; a query stands in it by its hash",
    "ledger_head": "hashes",
    "forgettings": "the keyed hash alone, once it is done",
    "access_ended_sessions": "who signs in here",
    "access_revoked_people": "who signs in here",
    "access_seen_people": "who signs in here",
    "model_versions": "what a version was made of; metrics and features, no lead",
    "champion_tenures": "versions, digests and who decided",
    "champion": "a version",
    "drift_checks": "figures of columns, no lead",
    "alert_rules": "figures that are watched, and who watches them",
    "alert_checks": "figures of all leads together",
    "alert_messages": "figures of all leads together, and names of channels",
    "alerts": "figures of all leads together",
    "alert_status": "whether a rule is open, and who has seen it",
    "job_schedules_set_once": "names of schedules",
}


def test_every_table_of_the_database_is_cleared_or_named_here_with_the_reason_why_not() -> None:
    cleared = {table.name for table in WRITTEN} | {"saved_queries", "query_history", "band_proposals"}
    cleared |= {"model_comparisons", "promotion_requests", "promotion_overrides"}
    found = {table.name: table for table in _tables() if any(map(_is_written, table.columns))}

    assert set(found) - cleared - set(OURS) == set()
    of_erasers = {table for eraser in (*ERASERS, *steps.OWN_ERASERS) for table in eraser.tables.tables}
    assert cleared <= of_erasers


def _tables() -> list[Table]:
    """The tables of every module that declares some, found in its source."""
    tables = []
    for package in ("lake_access", "training", "monitoring", "jobs", "app"):
        for file in (ROOT / package).rglob("*.py"):
            if re.search(r"^METADATA = MetaData\(\)", file.read_text(encoding="utf-8"), flags=re.MULTILINE):
                module = importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
                tables.extend(module.METADATA.tables.values())
    return tables


def _is_written(column: object) -> bool:
    kind = getattr(column, "type", None)
    return isinstance(kind, (String, Text, JSON)) and not isinstance(kind, Moment)
