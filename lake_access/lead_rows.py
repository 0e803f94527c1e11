"""The leads behind a number: those that its filters leave in, as rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
from sqlalchemy import Engine

from lake_access import ledger
from lake_access.bands import band_case, band_parameters
from lake_access.export import check_lead_count
from lake_access.lake import PinnedLake
from lake_access.permissions import Action, Actor, require
from lake_access.planning import ConversionFilters, lead_conditions
from lake_access.queries import load_query


@dataclass(frozen=True)
class LeadChoice:
    """Which leads: those that count under the filters, and of them only (not) converted ones where that is asked.

    `nothing`: what is asked for contradicts the filters, so that no lead is among them.
    """

    filters: ConversionFilters
    converted: bool | None = None
    nothing: bool = False


@dataclass(frozen=True)
class LeadRows:
    """Rows of leads, the newest first, of `total` that there are; and the SQL that gave them."""

    frame: pd.DataFrame
    total: int
    sql: str
    parameters: Mapping[str, object]


def lead_rows(pinned: PinnedLake, actor: Actor, choice: LeadChoice, limit: int) -> LeadRows:
    """The newest leads behind a number, at most `limit`.

    Raises:
        NotAllowedError: the actor may not see single leads.
    """
    require(actor, Action.VIEW_LEADS)
    conditions, parameters = _conditions(pinned, choice)
    ((total,),) = pinned.rows(load_query("lead_count").format(conditions=conditions), parameters)
    sql, bound = _query(pinned, conditions, parameters, "LIMIT $limit")
    bound["limit"] = limit
    return LeadRows(pinned.frame(sql, bound), total, sql, bound)


def all_lead_rows(pinned: PinnedLake, actor: Actor, choice: LeadChoice) -> pd.DataFrame:
    """Every lead behind a number, for a file.

    Raises:
        NotAllowedError: the actor may not export rows.
        RefusedError: they are more than one file holds; nothing was read.
    """
    require(actor, Action.EXPORT)
    conditions, parameters = _conditions(pinned, choice)
    ((total,),) = pinned.rows(load_query("lead_count").format(conditions=conditions), parameters)
    check_lead_count(total)
    return pinned.frame(*_query(pinned, conditions, parameters, ""))


def export_lead_rows(
    pinned: PinnedLake, engine: Engine, actor: Actor, choice: LeadChoice, now: datetime
) -> pd.DataFrame:
    """The same for a file that leaves the house; the ledger says first who took how many.

    Raises:
        NotAllowedError: the actor may not export rows.
        RefusedError: they are more than one file holds; the ledger says nothing.
        StorageError: a data file cannot be read, or the ledger not written.
    """
    frame = all_lead_rows(pinned, actor, choice)
    _, parameters = _conditions(pinned, choice)
    asked = {name: str(value) for name, value in parameters.items()}
    ledger.record(engine, actor, "leads.exported", "curated.leads", {"rows": len(frame), **asked}, now)
    return frame


def _conditions(pinned: PinnedLake, choice: LeadChoice) -> tuple[str, dict[str, object]]:
    where, parameters = lead_conditions(choice.filters, pinned.settings.declarations.bands)
    further = ["(mature OR $all_leads)"]
    parameters["all_leads"] = choice.filters.all_leads
    if choice.nothing:
        further.append("false")
    if choice.converted is not None:
        further.append("converted = $converted")
        parameters["converted"] = choice.converted
    return f"{where or 'WHERE true'} AND {' AND '.join(further)}", parameters


def _query(
    pinned: PinnedLake, conditions: str, parameters: Mapping[str, object], limit: str
) -> tuple[str, dict[str, object]]:
    bands = pinned.settings.declarations.bands
    sql = load_query("lead_rows").format(band=band_case(bands), conditions=conditions, limit=limit)
    return sql.rstrip() + "\n", {**parameters, **band_parameters(bands)}
