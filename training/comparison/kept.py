"""Comparisons that were made, kept in the database: a worker measures, and a page reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import JSON, Column, Connection, Engine, Integer, MetaData, String, Table, insert, select, update

from lake_access.database import Moment, make_tables, reading, writing
from lake_access.forgetting.traces import Eraser, Traces
from lake_access.permissions import Action, Actor, require
from training.comparison.outcome import Comparison, comparison_as_json, comparison_from_json

METADATA = MetaData()
COMPARISONS = Table(
    "model_comparisons",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("first", String(64), nullable=False),
    Column("second", String(64), nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("made_by", String(320), nullable=False),
    Column("leads_since", Moment, nullable=False),
    Column("leads_until", Moment, nullable=False),
    Column("comparison", JSON, nullable=False),
)


@dataclass(frozen=True)
class KeptComparison:
    """A comparison with who had it made when, and the time of the leads that it rests on."""

    comparison: Comparison
    made_at: datetime
    made_by: str
    leads_since: datetime
    leads_until: datetime


def keep_comparison(engine: Engine, actor: Actor, kept: KeptComparison) -> None:
    """Keep a comparison; the newest of two versions is the one that pages show.

    Raises:
        NotAllowedError: the actor may not work on models.
        StorageError: the database cannot be written.
    """
    require(actor, Action.RETRAIN)
    make_tables(engine, METADATA)
    with writing(engine) as connection:
        connection.execute(
            insert(COMPARISONS).values(
                first=kept.comparison.first,
                second=kept.comparison.second,
                made_at=kept.made_at,
                made_by=kept.made_by,
                leads_since=kept.leads_since,
                leads_until=kept.leads_until,
                comparison=comparison_as_json(kept.comparison),
            )
        )


def _erase(connection: Connection, traces: Traces) -> int:
    """Take a forgotten lead out of those that move most; how many comparisons held one."""
    met = 0
    for row in connection.execute(select(COMPARISONS.c.id, COMPARISONS.c.comparison)).all():
        movers = row.comparison["movers"]
        left = [mover for mover in movers if not traces.in_id(mover["lead_id"])]
        if len(left) < len(movers):
            values = {"comparison": {**row.comparison, "movers": left}}
            connection.execute(update(COMPARISONS).where(COMPARISONS.c.id == row.id).values(values))
            met += 1
    return met


ERASER: Final = Eraser("comparisons", METADATA, _erase)


def newest_comparison(engine: Engine, first: str, second: str) -> KeptComparison | None:
    """The newest comparison of these two, None where there is none.

    Raises:
        StorageError: the database cannot be read.
    """
    make_tables(engine, METADATA)
    query = (
        select(COMPARISONS)
        .where(COMPARISONS.c.first == first, COMPARISONS.c.second == second)
        .order_by(COMPARISONS.c.id.desc())
        .limit(1)
    )
    with reading(engine) as connection:
        row = connection.execute(query).mappings().first()
    if row is None:
        return None
    return KeptComparison(
        comparison_from_json(row["comparison"]),
        row["made_at"],
        row["made_by"],
        row["leads_since"],
        row["leads_until"],
    )
