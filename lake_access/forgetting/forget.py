"""`leadlake forget`: the steps by which a person goes for good; whoever is killed amid them repeats the command.

1. find      everything that names the person, and the raw lines that do
2. note      in the database: which batches are being rewritten, for a run that is cut short
3. rewrite   those batches without the lines, beside the old ones: whoever builds now finds only duplicates
4. erase     the old batches
5. replay    everything from raw: the tables are those of a lake that has never heard of the person
6. expire    every earlier state, and remove its files; and the reports that name the person
7. tell      the ledger, by a keyed hash
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, Engine, MetaData, String, Table, insert, select, update

from lake_access.building.replay import ReplayRange, replay
from lake_access.database import Moment, make_tables, reading, writing
from lake_access.errors import RefusedError
from lake_access.forgetting.person import NamingLines, Person, find_person
from lake_access.forgetting.raw_rewriting import Search, erase, rewrite, search_raw
from lake_access.lake import Lake
from lake_access.ledger import append, open_ledger
from lake_access.permissions import Action, Actor, require
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

Progress = Callable[[str], None]
Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Forgotten:
    """What went: leads, raw lines, the batches rewritten for it, earlier snapshots and reports.

    `unreadable` are corrupt raw batches, which nobody could search.
    """

    identity_id: UUID
    leads: int
    lines: int
    batches: int
    snapshots: int
    reports: tuple[str, ...]
    unreadable: tuple[str, ...]


@dataclass(frozen=True)
class _Begun:
    """What a run has noted: the batches to erase and the leads to look for, by this run and those cut short."""

    batches: tuple[str, ...]
    lead_ids: tuple[str, ...]


def forget(
    lake: Lake,
    database: Engine,
    actor: Actor,
    address: str,
    reason: str,
    clock: Clock,
    progress: Progress = lambda _stage: None,
) -> Forgotten:
    """Erase the person whom this address names from the lake: raw events, tables, earlier states, reports.

    A run that was cut short is finished by repeating it. Afterwards no earlier state can be read.

    Raises:
        NotAllowedError: the actor may not.
        RefusedError: no reason, no address, or nothing in the lake names it; nothing was changed.
        ConflictError: others kept committing first; repeat it.
        StorageError: the lake or its database cannot be reached, read or written; repeat it.
    """
    require(actor, Action.FORGET_PERSON)
    person = find_person(lake, address)
    _refuse_reason(reason, person)
    make_tables(database, METADATA)
    open_ledger(database)
    names = NamingLines(person)
    found = search_raw(lake.store, names, lambda key: progress(f"Searching {key}"))
    begun = _begin(database, actor, person, found, clock())
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
        given_up=set(begun.batches),
    )
    progress("Removing earlier states")
    snapshots = erase_history(lake, clock())
    reports = _erase_reports(lake.store, person, begun.lead_ids)
    done = Forgotten(
        person.identity_id,
        len(begun.lead_ids),
        sum(found.lines.values()),
        len(begun.batches),
        snapshots,
        reports,
        found.unreadable,
    )
    _finish(database, actor, done, reason, clock())
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


def _refuse_reason(reason: str, person: Person) -> None:
    if not reason.strip():
        raise RefusedError("forgetting a person takes a reason; nothing was changed.")
    if "@" in reason or person.address_pattern.search(reason.casefold()):
        raise RefusedError("the reason stays in the ledger: no address may stand in it; nothing was changed.")


def _begin(database: Engine, actor: Actor, person: Person, found: Search, now: datetime) -> _Begun:
    """Note what is begun; together with what runs that were cut short had noted."""
    mine = FORGETTINGS.c.identity_id == str(person.identity_id)
    with writing(database) as connection:
        unfinished = connection.execute(select(FORGETTINGS).where(mine, FORGETTINGS.c.finished_at.is_(None))).all()
        if not (found.lines or person.lead_ids or unfinished):
            raise RefusedError("nothing in the lake names this address; nothing was changed.")
        noted = {"batches": list(found.lines), "lead_ids": [str(lead_id) for lead_id in person.lead_ids]}
        connection.execute(insert(FORGETTINGS).values(identity_id=str(person.identity_id), begun_at=now, **noted))
        append(connection, actor, "person.forgetting_begun", str(person.identity_id), {"again": bool(unfinished)}, now)
    batches = {*found.lines, *(key for row in unfinished for key in row.batches)}
    leads = {*noted["lead_ids"], *(lead_id for row in unfinished for lead_id in row.lead_ids)}
    return _Begun(tuple(sorted(batches)), tuple(sorted(leads)))


def _finish(database: Engine, actor: Actor, done: Forgotten, reason: str, now: datetime) -> None:
    subject = str(done.identity_id)
    details: Mapping[str, Any] = {
        "reason": reason,
        "leads": done.leads,
        "lines": done.lines,
        "batches": done.batches,
        "snapshots": done.snapshots,
        "reports": len(done.reports),
        "unreadable": len(done.unreadable),
    }
    with writing(database) as connection:
        connection.execute(update(FORGETTINGS).where(FORGETTINGS.c.identity_id == subject).values(finished_at=now))
        append(connection, actor, "person.forgotten", subject, details, now)


def _erase_reports(store: ObjectStore, person: Person, lead_ids: Collection[str]) -> tuple[str, ...]:
    """Remove the reports that name the person or their lead; which they were."""
    tokens = [one.lower().encode() for one in (*person.addresses, *lead_ids)]
    erased = []
    for stored in list(store.list(REPORTS)):
        content = (store.read_bytes(stored.key) or b"").lower()
        if any(token in content for token in tokens):
            store.delete(stored.key)
            erased.append(stored.key)
    return tuple(erased)
