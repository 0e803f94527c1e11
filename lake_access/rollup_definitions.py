"""Which rollups a lake has: for each a few dimensions of the leads, and for all the same additive measures.

They are views of one table, in which the column `rollup` says whose a row is. A row stands for the leads of one day of
creation (UTC) with the same values of the dimensions. Values are those of `curated.leads`, NULL where a lead has none;
a band is the declared one that the final score falls into. Measures are counts, and sums of whole numbers: every figure
of a coarser grain is their sum, and every rate a sum over a sum. Whether leads are mature is not kept: it follows from
their day and from when the newest batch landed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lake_access.bands import band_case, band_parameters
from lake_access.declarations import Declarations, FieldType
from lake_access.queries import load_query, query_digest

ROLLUP = "rollup"
CREATED_ON = "created_on"
BAND = "band"
AGE = "converted_by"
AGES = (7, 14, 30, 60, 90, 180)  # days, beside the outcome window
MEASURES = (
    "leads",
    "conversions",
    "contacted_leads",
    "scored_leads",
    "final_score_sum",
    "final_score_square_sum",
    "model_scored_leads",
    "model_score_sum",
)
# What a dimension is of a lead; a band and an age depend on the declarations.
_DIMENSIONS: Mapping[str, tuple[FieldType, str]] = {
    "source": ("text", "source"),
    "last_source": ("text", "last_source"),
    BAND: ("text", ""),
    "location": ("text", "location"),
    "device_model": ("text", "device_model"),
    "campaign": ("text", "campaign"),
    "model_version": ("text", "model_version"),
    "contacted": ("boolean", "sales_actions > 0"),
    "first_action": ("text", "first_action"),
    AGE: ("integer", ""),
}

DIMENSIONS = tuple(_DIMENSIONS)
# Of all rollups, without whose a row is and its day.
COLUMNS: Mapping[str, FieldType] = {
    **{name: kind for name, (kind, _) in _DIMENSIONS.items()},
    **dict.fromkeys(MEASURES, "integer"),
}


@dataclass(frozen=True)
class Rollup:
    """A view `marts.…`: its rows are of a day of creation and these dimensions."""

    name: str
    dimensions: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return (CREATED_ON, *self.dimensions, *MEASURES)


# Few dimensions in each, so that each stays small: what it takes to answer from one is in its number of rows.
ROLLUPS = (
    Rollup("marts.leads_by_source", ("source", "last_source", BAND)),
    Rollup("marts.leads_by_model", ("source", BAND, "model_version", "contacted")),
    Rollup("marts.leads_by_location", ("source", BAND, "location")),
    Rollup("marts.leads_by_device", ("source", BAND, "device_model")),
    Rollup("marts.leads_by_campaign", ("source", BAND, "campaign")),
    Rollup("marts.leads_by_action", ("source", BAND, "first_action")),
    Rollup("marts.leads_by_age", ("source", BAND, AGE)),
)

ROLLUP_NAMES = tuple(rollup.name for rollup in ROLLUPS)


def conversion_ages(declarations: Declarations) -> tuple[int, ...]:
    """The ages in days by which conversions are counted, the outcome window among them."""
    return tuple(sorted({*AGES, declarations.lake.outcome_window_days}))


def age_case(declarations: Declarations) -> str:
    """SQL for the first of these ages within which a lead converted, in whole days (UTC); NULL where in none."""
    days = "epoch_us(converted_at) // 86400000000 - epoch_us(created_at) // 86400000000"
    cases = " ".join(f"WHEN {days} <= {age} THEN {age}" for age in conversion_ages(declarations))
    return f"CASE WHEN NOT converted THEN NULL {cases} END::BIGINT"


def rollups_query(declarations: Declarations) -> tuple[str, Mapping[str, object]]:
    """The query that makes the rows of all rollups, with the slot `scan` for the leads, and its parameters."""
    expressions = {name: expression for name, (_, expression) in _DIMENSIONS.items()}
    expressions[BAND] = band_case(declarations.bands)
    expressions[AGE] = age_case(declarations)
    counts = []
    for rollup in ROLLUPS:
        dimensions = ", ".join(f"{expressions[name]} AS {name}" for name in rollup.dimensions)
        counts.append(load_query("rollup").format(name=rollup.name, dimensions=dimensions, scan="{scan}"))
    query = load_query("rollups").format(counts="\nUNION ALL BY NAME\n".join(counts))
    return query, band_parameters(declarations.bands)


def rollups_digest(declarations: Declarations) -> str:
    """Another one once the rollups' queries or the declared bands change: then all rows are others too."""
    return query_digest(*rollups_query(declarations))
