"""`leadlake forget`: the steps by which a person goes for good; whoever is killed amid them repeats the command.

1. find      everything that names the person, and the raw lines that do
2. note      in the database: which batches are being rewritten, for a run that is cut short
3. clear     what else the database holds of the person: queries, jobs, evidence; each by who keeps it
4. rewrite   those batches without the lines, beside the old ones: whoever builds now finds only duplicates
5. erase     the old batches
6. replay    everything from raw: the tables are those of a lake that has never heard of the person
7. expire    every earlier state, and remove its files; and the reports that name the person, whole
8. sweep     what the store and the database keep of what was deleted, now or before
9. tell      the ledger, by a keyed hash; and clear once more what was written meanwhile
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, Connection, Engine, MetaData, String, Table, insert, select, update

from lake_access.band_proposals import ERASER as OF_PROPOSALS
from lake_access.building.replay import ReplayRange, replay
from lake_access.database import Moment, make_tables, overwrite_deleted, reading, sweep_deleted, writing
from lake_access.errors import RefusedError
from lake_access.forgetting.person import NamingLines, Person, find_person, find_person_of_lead, refuse_reason
from lake_access.forgetting.raw_rewriting import Search, erase, rewrite, search_raw
from lake_access.forgetting.traces import Eraser, Traces, traces_of
from lake_access.forgetting.turns import in_turn
from lake_access.lake import Lake
from lake_access.ledger import append, open_ledger
from lake_access.permissions import Action, Actor, require
from lake_access.saved_queries import ERASER as OF_QUERIES
from lake_access.storage import ObjectStore
from lake_access.upkeep.history_erasing import erase_history

METADATA = MetaData()
FORGETTINGS = Table(
    "forgettings",
    METADATA,
    Column("identity_id", String(36), primary_key=True),
    Column("begun_at", Moment, primary_key=True),
    Column("batches", JSON, nullable=False),
    Column("lead_ids", JSON, nullable=False),
    Column("finished_at", Moment),
)
REPORTS = "reports/"
# Where a store that keeps earlier versions of objects may keep some that tell of the person.
FOLDERS = ("raw/", "warehouse/", REPORTS)
SECONDS_BETWEEN_TRIES = 0.5
OWN_ERASERS = (OF_QUERIES, OF_PROPOSALS)

Progress = Callable[[str], None]
Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Forgotten:
    """What went: leads, raw lines, the batches rewritten for it, earlier snapshots, reports, and rows of the database.

    `elsewhere` counts those rows by what they are. `unreadable` are corrupt raw batches, which nobody could search.
    """

    identity_id: UUID
    leads: int
    lines: int
    batches: int
    snapshots: int
    reports: tuple[str, ...]
    unreadable: tuple[str, ...]
    elsewhere: Mapping[str, int]


@dataclass(frozen=True)
class _Begun:
    """What a run has noted: the batches to erase and the leads to look for, by this run and those cut short.

    `subjects` are the identities by which it and they know the person. `given_up` are the batches that runs for other
    people, cut short, may have erased as well.
    """

    subjects: tuple[str, ...]
    batches: tuple[str, ...]
    lead_ids: tuple[str, ...]
    given_up: frozenset[str]


def forget(
    lake: Lake,
    database: Engine,
    actor: Actor,
    whom: str | UUID,
    reason: str,
    clock: Clock,
    progress: Progress = lambda _stage: None,
    erasers: Sequence[Eraser] = (),
) -> Forgotten:
    """Erase a person from the lake: raw events, tables, earlier states, reports.

    `whom` is an address, or the id of a lead: what keeps whom to forget until it is done keeps no address. `erasers`
    clear what others keep in the database; queries and proposals are cleared in any case. One run waits for another to
    end, and one that was cut short is finished by repeating it. Afterwards no earlier state can be read.

    Raises:
        NotAllowedError: the actor may not.
        RefusedError: no reason, no address, or nothing in the lake is of the person; nothing was changed.
        ConflictError: others kept committing first; repeat it.
        StorageError: the lake or its database cannot be reached, read or written; repeat it.
    """
    require(actor, Action.FORGET_PERSON)
    refuse_reason(reason)
    erasers = (*OWN_ERASERS, *erasers)
    for metadata in (METADATA, *(eraser.tables for eraser in erasers)):
        make_tables(database, metadata)
    open_ledger(database)

    def wait() -> None:
        progress("Waiting until another person is forgotten")
        time.sleep(SECONDS_BETWEEN_TRIES)

    with in_turn(database, wait):
        return _forget(lake, database, actor, whom, reason, clock, progress, erasers)


def _forget(
    lake: Lake,
    database: Engine,
    actor: Actor,
    whom: str | UUID,
    reason: str,
    clock: Clock,
    progress: Progress,
    erasers: Sequence[Eraser],
) -> Forgotten:
    """The steps, which nobody else takes meanwhile."""
    person = find_person(lake, whom) if isinstance(whom, str) else find_person_of_lead(lake, whom)
    names = NamingLines(person)
    found = search_raw(lake.store, names, lambda key: progress(f"Searching {key}"))
    begun = _begin(database, actor, person, found, clock())
    traces = traces_of(person, begun.lead_ids)
    elsewhere = _erase_elsewhere(database, erasers, traces)
    # Once more below: here the addresses of a lead are still known, there nobody makes reports of it any more.
    reports = _erase_reports(lake.store, person, begun.lead_ids)
    for key in found.lines:
        progress(f"Rewriting {key}")
        rewrite(lake.store, key, names)
    for key in begun.batches:
        erase(lake.store, key)
    replay(
        lake,
        ReplayRange(),
        clock(),
        lambda stage, _lines: progress(f"Building {stage} anew"),
        given_up=begun.given_up,
    )
    progress("Removing earlier states")
    snapshots = erase_history(lake, clock())
    reports += _erase_reports(lake.store, person, begun.lead_ids)
    progress("Sweeping what was deleted")
    for folder in FOLDERS:
        lake.store.erase_earlier_versions(folder)
    sweep_deleted(database)
    done = Forgotten(
        person.identity_id,
        len(begun.lead_ids),
        sum(found.lines.values()),
        len(begun.batches),
        snapshots,
        reports,
        found.unreadable,
        elsewhere,
    )
    clear = partial(_clear, erasers=erasers, traces=traces)
    _finish(database, actor, done, begun.subjects, reason, clock(), clear)
    return done


def cut_short(database: Engine) -> int:
    """How many forgettings have begun and not ended: each is finished by repeating it.

    Raises:
        StorageError: the database cannot be read.
    """
    make_tables(database, METADATA)
    query = select(FORGETTINGS.c.identity_id).where(FORGETTINGS.c.finished_at.is_(None)).distinct()
    with reading(database) as connection:
        return len(connection.execute(query).all())


def _begin(database: Engine, actor: Actor, person: Person, found: Search, now: datetime) -> _Begun:
    """Note what is begun; together with what runs that were cut short had noted."""
    known = {str(person.identity_id), *map(str, person.lead_ids)}
    with writing(database) as connection:
        begun = connection.execute(select(FORGETTINGS).where(FORGETTINGS.c.finished_at.is_(None))).all()
        unfinished = [row for row in begun if not known.isdisjoint({row.identity_id, *row.lead_ids})]
        if not (found.lines or person.lead_ids or unfinished):
            what = "names this address" if person.addresses else "is of this lead"
            raise RefusedError(f"nothing in the lake {what}; nothing was changed.")
        noted = {"batches": list(found.lines), "lead_ids": [str(lead_id) for lead_id in person.lead_ids]}
        connection.execute(insert(FORGETTINGS).values(identity_id=str(person.identity_id), begun_at=now, **noted))
        append(connection, actor, "person.forgetting_begun", str(person.identity_id), {"again": bool(unfinished)}, now)
    batches = {*found.lines, *(key for row in unfinished for key in row.batches)}
    leads = {*noted["lead_ids"], *(lead_id for row in unfinished for lead_id in row.lead_ids)}
    subjects = {str(person.identity_id), *(row.identity_id for row in unfinished)}
    given_up = batches.union(*(row.batches for row in begun))
    return _Begun(tuple(sorted(subjects)), tuple(sorted(batches)), tuple(sorted(leads)), frozenset(given_up))


def _erase_elsewhere(database: Engine, erasers: Sequence[Eraser], traces: Traces) -> Mapping[str, int]:
    """Clear what else the database holds of the person; how many rows, by what they are."""
    with writing(database) as connection:
        return _clear(connection, erasers, traces)


def _clear(connection: Connection, erasers: Sequence[Eraser], traces: Traces) -> Mapping[str, int]:
    overwrite_deleted(connection)
    met: Counter[str] = Counter()
    for eraser in erasers:
        met[eraser.what] += eraser.erase(connection, traces)
    return {what: rows for what, rows in met.items() if rows}


def _finish(
    database: Engine,
    actor: Actor,
    done: Forgotten,
    subjects: Collection[str],
    reason: str,
    now: datetime,
    clear: Callable[[Connection], object],
) -> None:
    subject = str(done.identity_id)
    details: Mapping[str, Any] = {
        "reason": reason,
        "leads": done.leads,
        "lines": done.lines,
        "batches": done.batches,
        "snapshots": done.snapshots,
        "reports": len(done.reports),
        "unreadable": len(done.unreadable),
        "rows_elsewhere": sum(done.elsewhere.values()),
    }
    with writing(database) as connection:
        clear(connection)
        ended = {"finished_at": now, "lead_ids": [], "batches": []}
        connection.execute(update(FORGETTINGS).where(FORGETTINGS.c.identity_id.in_(subjects)).values(ended))
        append(connection, actor, "person.forgotten", subject, details, now)


def _erase_reports(store: ObjectStore, person: Person, lead_ids: Collection[str]) -> tuple[str, ...]:
    """Remove the reports of which a file names the person or their lead, whole; which they were.

    A report of several files lies in a folder of its own. Its index goes first: without it there is no such report.
    """
    tokens = [one.lower().encode() for one in (*person.addresses, *lead_ids)]
    reports: dict[str, list[str]] = {}
    for stored in store.list(REPORTS):
        report = REPORTS + stored.key.removeprefix(REPORTS).split("/")[0]
        reports.setdefault(report, []).append(stored.key)
    erased = []
    for report, keys in reports.items():
        contents = ((store.read_bytes(key) or b"").lower() for key in keys)
        if any(token in content for content in contents for token in tokens):
            for key in sorted(keys, key=lambda key: not key.endswith("/index.json")):
                store.delete(key)
            erased.append(report)
    return tuple(erased)
