"""Proposals of bands: an analyst's thresholds under a name, kept for others to open, never put to use by themselves.

The bands that hold are those of leadlake.toml, which a person edits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    RowMapping,
    String,
    Table,
    Text,
    insert,
    select,
    update,
)

from lake_access import ledger
from lake_access.database import Moment, make_tables, reading, writing
from lake_access.declarations import UNSCORED
from lake_access.errors import RefusedError
from lake_access.forgetting.traces import Eraser, Traces
from lake_access.permissions import Action, Actor, require
from lake_access.score_histograms import HIGHEST, ScoreKind

LONGEST_NAME, LONGEST_NOTE = 80, 2_000
MOST_BANDS = 10
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")

METADATA = MetaData()
PROPOSALS = Table(
    "band_proposals",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("name", String(LONGEST_NAME), nullable=False),
    Column("model_version", Text),
    Column("mode", String(16)),
    # Pairs of a band's name and its lowest score, from low to high.
    Column("bands", JSON, nullable=False),
    Column("note", Text, nullable=False),
    Column("proposed_by", String(320), nullable=False),
    Column("proposed_at", Moment, nullable=False),
)


@dataclass(frozen=True)
class BandProposal:
    """Bands by their lowest scores, from low to high, for the scores of one kind; who proposed them, when and why."""

    id: int
    name: str
    kind: ScoreKind
    bands: Mapping[str, int]
    note: str
    proposed_by: str
    proposed_at: datetime


def _erase(connection: Connection, traces: Traces) -> int:
    """Clear the names and notes of proposals that name the person; how many."""
    met = 0
    for row in connection.execute(select(PROPOSALS.c.id, PROPOSALS.c.name, PROPOSALS.c.note)).all():
        told = {"name": row.name, "note": row.note}
        if traces.in_value(told):
            connection.execute(update(PROPOSALS).where(PROPOSALS.c.id == row.id).values(traces.cleared(told)))
            met += 1
    return met


ERASER: Final = Eraser("proposals of bands", METADATA, _erase)


def propose_bands(
    engine: Engine, actor: Actor, name: str, kind: ScoreKind, bands: Mapping[str, int], note: str, now: datetime
) -> int:
    """Keep a proposal, and say so in the ledger; its number.

    Raises:
        NotAllowedError: the actor may not propose bands.
        RefusedError: bands that leadlake.toml would refuse, no name or reason, or a text that is too long; nothing was
            saved.
        StorageError: the database cannot be written.
    """
    require(actor, Action.PROPOSE_BANDS)
    name, note = " ".join(name.split()), note.strip()
    check_bands(bands)
    if not 0 < len(name) <= LONGEST_NAME:
        raise RefusedError(f"the proposal: it needs a name of 1 to {LONGEST_NAME} characters; nothing was saved.")
    if not 0 < len(note) <= LONGEST_NOTE:
        raise RefusedError(f"the proposal: it needs a reason of 1 to {LONGEST_NOTE:,} characters; nothing was saved.")
    _open(engine)
    with writing(engine) as connection:
        row = {
            "name": name,
            "model_version": kind.version,
            "mode": kind.mode,
            "bands": [[band, edge] for band, edge in bands.items()],
            "note": note,
            "proposed_by": actor.name,
            "proposed_at": now,
        }
        made = connection.execute(insert(PROPOSALS).values(**row)).inserted_primary_key
        number = int(made[0]) if made is not None else 0
        details = {"bands": json.dumps(dict(bands)), "version": kind.version or "rules", "mode": kind.mode or ""}
        ledger.append(connection, actor, "bands.proposed", f"band proposal {number}", details, now)
    return number


def band_proposals(engine: Engine) -> list[BandProposal]:
    """All proposals, the newest first.

    Raises:
        StorageError: the database cannot be read.
    """
    make_tables(engine, METADATA)
    with reading(engine) as connection:
        return [_proposal(row) for row in connection.execute(select(PROPOSALS).order_by(-PROPOSALS.c.id)).mappings()]


def check_bands(bands: Mapping[str, int]) -> None:
    """Let pass bands that leadlake.toml may declare, standing from low to high.

    Raises:
        RefusedError: a name or a threshold that cannot be; the message says which.
    """
    edges = list(bands.values())
    if not 1 <= len(bands) <= MOST_BANDS:
        raise RefusedError(f"the bands: there are {len(bands)}, and it takes 1 to {MOST_BANDS}.")
    for name in bands:
        if not _NAME.fullmatch(name) or name == UNSCORED:
            raise RefusedError("the bands: a name is made of small letters, digits and underscores, a letter first.")
    if edges[0] != 0:
        raise RefusedError("the bands: the first must start at 0, or low scores fall into none.")
    if edges != sorted(set(edges)) or edges[-1] > HIGHEST:
        raise RefusedError(f"the bands: each must start above the one before it, and none above {HIGHEST}.")


def _open(engine: Engine) -> None:
    make_tables(engine, METADATA)
    ledger.open_ledger(engine)


def _proposal(row: RowMapping) -> BandProposal:
    kind = ScoreKind(row["model_version"], row["mode"])
    bands = {str(name): int(edge) for name, edge in row["bands"]}
    return BandProposal(row["id"], row["name"], kind, bands, row["note"], row["proposed_by"], row["proposed_at"])
