"""Which table answers a question about leads, and in which SQL: the smallest rollup that can, else the leads.

Both count the same leads in the same way, so that their answers are equal to the last digit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from lake_access.bands import band_at, band_parameters, band_place, scores_within
from lake_access.declarations import UNSCORED
from lake_access.iceberg.commits import MADE_BY, READ
from lake_access.iceberg.tables import LEADS, ROLLED_UP
from lake_access.lake import PinnedLake
from lake_access.queries import load_query
from lake_access.rollup_definitions import AGE, Rollup, age_case, rollups_digest
from lake_access.views import files_of_rollup, limited_rollups

Dimension = Literal[
    "source",
    "last_source",
    "band",
    "location",
    "device",
    "campaign",
    "model_version",
    "scored",
    "contacted",
    "action",
    "month",
    "week",
    "day",
]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
UNKNOWN = "unknown"
NO_ACTION = "none"

# Dimensions that are texts of a lead, by their columns, and the filters on them.
_TEXTS: Mapping[Dimension, tuple[str, str]] = {
    "source": ("source", "sources"),
    "last_source": ("last_source", "last_sources"),
    "location": ("location", "locations"),
    "device": ("device_model", "devices"),
    "campaign": ("campaign", "campaigns"),
    "model_version": ("model_version", "model_versions"),
    "action": ("first_action", "actions"),
}
_FLAGS: tuple[Dimension, ...] = ("contacted", "scored")
_TIMES: Mapping[Dimension, str] = {"month": "%Y-%m", "week": "%G-W%V", "day": "%Y-%m-%d"}


@dataclass(frozen=True)
class ConversionFilters:
    """Which leads count: created from `since` to `until`, both days included (UTC); empty tuples leave all in.

    Values are those by which answers call them: `unknown` is a lead without a source, location and so on, `unscored`
    one without a band, `none` one without a sales action. `contacted` leaves in only leads that sales has acted on, or
    only the others; `scored` only those with a score by the rules or by a model, or only the others. Young leads, whose
    outcome window is still open, count only with `all_leads`.
    """

    since: date | None = None
    until: date | None = None
    sources: tuple[str, ...] = ()
    all_leads: bool = False
    last_sources: tuple[str, ...] = ()
    bands: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    campaigns: tuple[str, ...] = ()
    model_versions: tuple[str, ...] = ()
    contacted: bool | None = None
    actions: tuple[str, ...] = ()
    scored: bool | None = None


@dataclass(frozen=True)
class Plan:
    """The table that answers, the SQL to ask it in, and the SQL's parameters by name."""

    table: str
    sql: str
    parameters: Mapping[str, object]


@dataclass(frozen=True)
class _Form:
    """How a table is asked: what its rows are counted by, what that is called in the answer, and what is counted.

    Values are counted by as they are stored, and named only in the few rows that are left then.
    """

    keys: Mapping[Dimension, str]
    names: Mapping[Dimension, str]
    contacted: str
    scored: str
    since: str
    until: str
    created_on: str
    leads: str
    conversions: str


def plan(pinned: PinnedLake, by: Sequence[Dimension], filters: ConversionFilters) -> Plan:
    """How to count leads and conversions by these dimensions, which are known ones, each named once."""
    rollup = smallest_rollup(pinned, _columns(by, filters))
    bands = pinned.settings.declarations.bands
    form = _form_of_leads(bands) if rollup is None else _FORM_OF_ROLLUPS
    parameters: dict[str, object] = {"all_leads": filters.all_leads, **_parameters(filters)}
    if rollup is None:
        parameters |= _scores(filters, bands) | (band_parameters(bands) if "band" in by else {})
    elif filters.bands:
        parameters["bands"] = list(filters.bands)
    sql = load_query("conversion").format(
        keys="".join(f"{key}, " for key in dict.fromkeys(form.keys[dimension] for dimension in by)),
        leads=form.leads,
        conversions=form.conversions,
        table=LEADS if rollup is None else rollup.name,
        conditions=_where(form, parameters),
        dimensions="".join(f"{form.names[dimension]} AS {dimension},\n    " for dimension in by),
        grouping=f"GROUP BY {', '.join(str(place) for place in range(1, len(by) + 1))}" if by else "",
    )
    return Plan(LEADS if rollup is None else rollup.name, sql, parameters)


def plan_ages(pinned: PinnedLake, filters: ConversionFilters) -> Plan:
    """How to count leads by their day of creation and the age by which they converted, of any maturity."""
    rollup = smallest_rollup(pinned, _columns((), filters) | {AGE})
    form, conditions, parameters = _of_any_maturity(pinned, rollup, filters)
    sql = load_query("cohorts").format(
        created_on=form.created_on,
        age=age_case(pinned.settings.declarations) if rollup is None else AGE,
        leads=form.leads,
        table=LEADS if rollup is None else rollup.name,
        conditions=conditions,
    )
    return Plan(LEADS if rollup is None else rollup.name, sql, parameters)


def plan_score_sums(pinned: PinnedLake, period: str, filters: ConversionFilters) -> Plan:
    """How to sum final scores and their squares by a period: SQL of `name_of_period`, or a constant."""
    rollup = smallest_rollup(pinned, _columns((), filters))
    form, conditions, parameters = _of_any_maturity(pinned, rollup, filters)
    sql = load_query("score_sums").format(
        created_on=form.created_on,
        scored="count(final_score)" if rollup is None else "sum(scored_leads)",
        score_sum="coalesce(sum(final_score), 0)" if rollup is None else "sum(final_score_sum)",
        square_sum="coalesce(sum(final_score * final_score), 0)" if rollup is None else "sum(final_score_square_sum)",
        table=LEADS if rollup is None else rollup.name,
        conditions=conditions,
        period=period,
    )
    return Plan(LEADS if rollup is None else rollup.name, sql, {**parameters, "all_leads": filters.all_leads})


def name_of_period(grain: Dimension) -> str:
    """SQL for the month, week or day of a day `created_on`, as answers call it."""
    return _time("created_on", grain)


def lead_conditions(filters: ConversionFilters, bands: Mapping[str, int]) -> tuple[str, dict[str, object]]:
    """The filters on `curated.leads` as a WHERE clause, empty where none is set, and its parameters.

    Maturity is not among them: whoever asks for leads says which of them count.
    """
    parameters = {**_parameters(filters), **_scores(filters, bands)}
    return _where(_form_of_leads(bands), parameters), parameters


def smallest_rollup(pinned: PinnedLake, columns: AbstractSet[str]) -> Rollup | None:
    """The rollup with the fewest rows among those that have these columns; None where there is none to rely on."""
    if not _are_of_the_leads(pinned):
        return None
    able = [rollup for rollup in limited_rollups(pinned.limits) if columns <= set(rollup.dimensions)]
    return min(able, key=lambda rollup: _rows(pinned, rollup), default=None)


def _of_any_maturity(
    pinned: PinnedLake, rollup: Rollup | None, filters: ConversionFilters
) -> tuple[_Form, str, dict[str, object]]:
    """How this rollup, or the leads, are asked: the filters as a WHERE clause, and its parameters."""
    bands = pinned.settings.declarations.bands
    form = _form_of_leads(bands) if rollup is None else _FORM_OF_ROLLUPS
    parameters = _parameters(filters)
    if filters.bands:
        parameters |= _scores(filters, bands) if rollup is None else {"bands": list(filters.bands)}
    return form, _where(form, parameters), parameters


def _are_of_the_leads(pinned: PinnedLake) -> bool:
    """Whether the rollups were made from the very leads that are pinned, and with the bands that are declared now."""
    if ROLLED_UP not in pinned.tables or LEADS not in pinned.tables:
        return False
    made, leads = pinned.tables[ROLLED_UP].properties, pinned.tables[LEADS].version
    declared = rollups_digest(pinned.settings.declarations)
    return leads is not None and made.get(f"{READ}{LEADS}") == leads and made.get(MADE_BY) == declared


def _rows(pinned: PinnedLake, rollup: Rollup) -> int:
    return sum(file.record_count for file in files_of_rollup(rollup, pinned.tables[ROLLED_UP]).values())


def _columns(by: Sequence[Dimension], filters: ConversionFilters) -> set[str]:
    """The dimensions of a rollup that it takes; it always has the day."""
    asked = {dimension for dimension in by if dimension not in _TIMES}
    asked |= {dimension for dimension, (_, name) in _TEXTS.items() if getattr(filters, name)}
    if filters.bands:
        asked.add("band")
    if filters.contacted is not None:
        asked.add("contacted")
    if filters.scored is not None or "scored" in asked:
        asked = (asked - {"scored"}) | {"band", "model_version"}
    return {_TEXTS[dimension][0] if dimension in _TEXTS else dimension for dimension in asked}


def _parameters(filters: ConversionFilters) -> dict[str, object]:
    """The values of the filters that are set, by the filters' names; those on bands are the tables' own."""
    given = {name: list(getattr(filters, name)) for _, name in _TEXTS.values() if getattr(filters, name)}
    single = {"since": filters.since, "until": filters.until, "contacted": filters.contacted, "scored": filters.scored}
    return given | {name: value for name, value in single.items() if value is not None}


def _scores(filters: ConversionFilters, bands: Mapping[str, int]) -> dict[str, object]:
    """The final scores that the asked bands hold, and whether they hold leads without one."""
    if not filters.bands:
        return {}
    scores, unscored = scores_within(bands, filters.bands)
    return {"scores": scores, "unscored": unscored}


def _where(form: _Form, parameters: Mapping[str, object]) -> str:
    """The WHERE clause of the filters whose parameters are given, empty where none is."""
    conditions = {
        "since": form.since,
        "until": form.until,
        "contacted": f"({form.contacted}) = $contacted",
        "scored": f"({form.scored}) = $scored",
        "bands": "list_contains($bands::VARCHAR[], band)",
        "scores": "coalesce(list_contains($scores::INTEGER[], final_score), $unscored)",
        **{name: f"list_contains(${name}::VARCHAR[], {_or_absent(column)})" for column, name in _TEXTS.values()},
    }
    asked = [condition for name, condition in conditions.items() if name in parameters]
    return f"WHERE {' AND '.join(asked)}" if asked else ""


def _or_absent(column: str) -> str:
    return f"coalesce({column}, '{NO_ACTION if column == _TEXTS['action'][0] else UNKNOWN}')"


def _time(moment: str, dimension: Dimension) -> str:
    return f"strftime({moment}, '{_TIMES[dimension]}')"


_TEXT_KEYS: Mapping[Dimension, str] = {dimension: column for dimension, (column, _) in _TEXTS.items()}
_NAMES: Mapping[Dimension, str] = {
    **{dimension: _or_absent(column) for dimension, (column, _) in _TEXTS.items()},
    **{flag: f"CASE WHEN {flag} THEN 'yes' ELSE 'no' END" for flag in _FLAGS},
}
# By the rules or by a model; of a row of a rollup as of a lead.
_SCORED_ROW = f"band <> '{UNSCORED}' OR model_version IS NOT NULL"
_SCORED_LEAD = "final_score IS NOT NULL OR model_version IS NOT NULL"
_FORM_OF_ROLLUPS = _Form(
    keys={
        **_TEXT_KEYS,
        "band": "band",
        "contacted": "contacted",
        "scored": f"({_SCORED_ROW}) AS scored",
        "month": "datediff('month', DATE '1970-01-01', created_on)::INTEGER AS months",
        "week": "datediff('week', DATE '1970-01-05', created_on)::INTEGER AS weeks",
        "day": "created_on",
    },
    names={
        **_NAMES,
        "band": "band",
        "month": _time("DATE '1970-01-01' + to_months(months)", "month"),
        "week": _time("DATE '1970-01-05' + 7 * weeks", "week"),
        "day": _time("created_on", "day"),
    },
    contacted="contacted",
    scored=_SCORED_ROW,
    since="created_on >= $since",
    until="created_on <= $until",
    created_on="created_on",
    leads="sum(leads)",
    conversions="sum(conversions)",
)
# Counting by days, as whole numbers, is the least that a time costs; calendars are for the few rows that are left.
_DAY = "DATE '1970-01-01' + (epoch_us(created_at) // 86400000000)::INTEGER"


def _form_of_leads(bands: Mapping[str, int]) -> _Form:
    return _Form(
        keys={
            **_TEXT_KEYS,
            "band": f"{band_place(bands)} AS band_place",
            "contacted": "sales_actions > 0 AS contacted",
            "scored": f"({_SCORED_LEAD}) AS scored",
            **dict.fromkeys(_TIMES, f"{_DAY} AS created_on"),
        },
        names={**_NAMES, "band": band_at("band_place", bands), **{name: _time("created_on", name) for name in _TIMES}},
        contacted="sales_actions > 0",
        scored=_SCORED_LEAD,
        since="created_at >= $since::DATE::TIMESTAMPTZ",
        until="created_at < ($until::DATE + 1)::TIMESTAMPTZ",
        created_on=_DAY,
        leads="count(*)",
        conversions="count(*) FILTER (converted)",
    )
