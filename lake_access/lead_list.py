"""Leads one by one under the filters: sorted, a page at a time or whole for a file; and found by their ids."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args

import pandas as pd
from sqlalchemy import Engine

from lake_access import ledger
from lake_access.errors import QueryRefusedError
from lake_access.export import check_lead_count
from lake_access.lake import PinnedLake
from lake_access.permissions import Action, Actor, require
from lake_access.planning import ConversionFilters, lead_conditions
from lake_access.queries import load_query

Sort = Literal["final_score", "model_score", "created_at", "last_event_at", "converted_at"]
SORTS: tuple[Sort, ...] = get_args(Sort)
Outcome = Literal["any", "converted", "open"]
PAGE_SIZE = 50
# How far a reader can turn pages: further on, a filter or a file serves better, and each page would cost more.
FURTHEST_ROW = 10_000
SHORTEST_HEAD = 4
MOST_HEADS = 20
COLUMNS: Final = (
    "lead_id",
    "source",
    "last_source",
    "created_at",
    "last_event_at",
    "events",
    "engagement_score",
    "intent_score",
    "final_score",
    "rules_version",
    "model_version",
    "model_score",
    "location",
    "device_model",
    "campaign",
    "sales_actions",
    "first_action_at",
    "converted",
    "converted_at",
    "outcome_value",
    "mature",
)
_OUTCOMES: Mapping[Outcome, str] = {"any": "", "converted": "converted", "open": "NOT converted"}
_HEX = re.compile(r"[0-9a-f]+")


@dataclass(frozen=True)
class ScoreFloors:
    """The lowest scores that leads on the list have by now, by the rules and by a model, 0 to 100; None: any, or none.

    A lead without a score is below every floor.
    """

    rules: int | None = None
    model: int | None = None


ANY_SCORE: Final = ScoreFloors()


@dataclass(frozen=True)
class LeadCounts:
    """How many leads the whole list has; of `young` ones the filters know so many."""

    leads: int
    young: int

    @property
    def pages(self) -> int:
        """How many pages a reader can turn; an empty list has one."""
        return max(1, -(-min(self.leads, FURTHEST_ROW) // PAGE_SIZE))


@dataclass(frozen=True)
class LeadList:
    """A page of the list, `frame` with COLUMNS, and the SQL that gave it."""

    frame: pd.DataFrame
    sql: str
    parameters: Mapping[str, object]


def lead_counts(
    pinned: PinnedLake, filters: ConversionFilters, outcome: Outcome, floors: ScoreFloors = ANY_SCORE
) -> LeadCounts:
    """How long the list is.

    Raises:
        QueryRefusedError: an unknown outcome.
        StorageError: a data file cannot be read.
    """
    ((leads, young),) = pinned.rows(*_count_query(*_conditions(pinned, filters, outcome, floors)))
    return LeadCounts(leads, young)


def lead_list(
    pinned: PinnedLake,
    filters: ConversionFilters,
    outcome: Outcome,
    sort: Sort,
    descending: bool,
    page: int,
    floors: ScoreFloors = ANY_SCORE,
) -> LeadList:
    """The leads of a page (from 0 up) under the filters.

    Raises:
        QueryRefusedError: an unknown sort or outcome, or a page beyond FURTHEST_ROW.
        StorageError: a data file cannot be read.
    """
    if not 0 <= page * PAGE_SIZE < FURTHEST_ROW:
        raise QueryRefusedError(
            f"the list: page {page + 1} is beyond its first {FURTHEST_ROW:,} leads; filter further."
        )
    conditions, parameters = _conditions(pinned, filters, outcome, floors)
    cut = f"LIMIT {PAGE_SIZE:d} OFFSET {page * PAGE_SIZE:d}"
    sql = _list_sql(_counted(conditions), sort, descending, cut)
    return LeadList(_with_text_ids(pinned.frame(sql, parameters)), sql, parameters)


def export_leads(
    pinned: PinnedLake,
    engine: Engine,
    actor: Actor,
    filters: ConversionFilters,
    outcome: Outcome,
    sort: Sort,
    descending: bool,
    now: datetime,
    floors: ScoreFloors = ANY_SCORE,
) -> pd.DataFrame:
    """All leads of the list, for a file; the ledger says first who took how many.

    Raises:
        NotAllowedError: the actor may not export.
        RefusedError: they are more than one file holds; nothing was read, and the ledger says nothing.
        StorageError: a data file cannot be read, or the ledger not written.
    """
    require(actor, Action.EXPORT)
    conditions, parameters = _conditions(pinned, filters, outcome, floors)
    ((leads, _),) = pinned.rows(*_count_query(conditions, parameters))
    check_lead_count(leads)
    frame = _with_text_ids(pinned.frame(_list_sql(_counted(conditions), sort, descending, ""), parameters))
    asked = {name: str(value) for name, value in parameters.items()} | {"outcome": outcome}
    ledger.record(engine, actor, "leads.exported", "curated.leads", {"rows": len(frame), **asked}, now)
    return frame


def leads_by_head(pinned: PinnedLake, typed: str) -> list[str]:
    """The ids of leads that begin with what was typed, `MOST_HEADS` at most; dashes and letters' case do not matter.

    Raises:
        QueryRefusedError: it is no beginning of an id, or too short for one.
    """
    digits = re.sub(r"[\s-]", "", typed).lower()
    if not SHORTEST_HEAD <= len(digits) <= 32 or not _HEX.fullmatch(digits):
        raise QueryRefusedError(
            f"that is no lead's id: it takes the first {SHORTEST_HEAD} or more of its 32 digits, 0 to 9 and a to f."
        )
    asked = {"lowest": digits.ljust(32, "0"), "highest": digits.ljust(32, "f"), "most": MOST_HEADS}
    return [lead_id for (lead_id,) in pinned.rows(load_query("lead_head"), asked)]


def _conditions(
    pinned: PinnedLake, filters: ConversionFilters, outcome: Outcome, floors: ScoreFloors
) -> tuple[str, dict[str, object]]:
    if outcome not in _OUTCOMES:
        raise QueryRefusedError(f'unknown outcome "{outcome}"; known are {", ".join(_OUTCOMES)}.')
    conditions, parameters = lead_conditions(filters, pinned.settings.declarations.bands)
    further = [_OUTCOMES[outcome]] if _OUTCOMES[outcome] else []
    for name, column, floor in (
        ("rules_from", "final_score", floors.rules),
        ("model_from", "model_score", floors.model),
    ):
        if floor is not None:
            further.append(f"{column} >= ${name}")
            parameters[name] = floor
    if further:
        conditions = f"{conditions or 'WHERE true'} AND {' AND '.join(further)}"
    return conditions, {"all_leads": filters.all_leads, **parameters}


def _count_query(conditions: str, parameters: Mapping[str, object]) -> tuple[str, Mapping[str, object]]:
    return load_query("lead_list_count").format(conditions=conditions), parameters


def _counted(conditions: str) -> str:
    return f"{conditions} AND (mature OR $all_leads)" if conditions else "WHERE mature OR $all_leads"


def _list_sql(conditions: str, sort: Sort, descending: bool, cut: str) -> str:
    if sort not in SORTS:
        raise QueryRefusedError(f'unknown order "{sort}"; known are {", ".join(SORTS)}.')
    order = f"{sort} {'DESC' if descending else 'ASC'}"
    columns = ", ".join(COLUMNS)
    return load_query("lead_list").format(columns=columns, conditions=conditions, order=order, cut=cut).rstrip()


def _with_text_ids(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(lead_id=frame["lead_id"].astype(str))
