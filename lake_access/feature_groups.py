"""Which features a lead has: their groups, each a query in queries/features/, and the columns that each gives.

A group gives the same columns in every lake, or one for each declared name (an event type, a stream, an attribute), or
both. A new group is a new file there and a new entry in GROUPS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lake_access.declarations import Declarations, FieldType, StreamKind

MOMENT_KEYS = ("lead_id", "as_of")
EVENT_COUNT = "events_"
STREAM_COUNT = "touches_"
# How many leads the conversion rate of all locations weighs as much as, in that of one.
PRIOR_LEADS = 20


@dataclass(frozen=True)
class DeclaredColumn:
    """A column for a declared name: what stands for it in each slot of the group's query, and the value bound there."""

    name: str
    type: FieldType
    slots: Mapping[str, str]
    parameter: str
    value: str


@dataclass(frozen=True)
class FeatureGroup:
    """The query `features/<name>.sql`; its fixed columns, and those that follow the declarations."""

    name: str
    columns: Mapping[str, FieldType] = field(default_factory=dict)
    declared: Callable[[Declarations], Sequence[DeclaredColumn]] = lambda _declarations: ()
    slots: Callable[[Declarations], Mapping[str, str]] = lambda _declarations: {}
    parameters: Mapping[str, object] = field(default_factory=dict)

    def all_columns(self, declarations: Declarations) -> dict[str, FieldType]:
        return {**self.columns, **{column.name: column.type for column in self.declared(declarations)}}


def feature_columns(declarations: Declarations) -> dict[str, FieldType]:
    """Every feature of this lake with its type, in the order of the table's columns."""
    return {name: kind for group in GROUPS for name, kind in group.all_columns(declarations).items()}


def is_taken(name: str) -> bool:
    """Whether a column of this name, in whatever case, is or could be another feature's than an attribute's."""
    name = name.lower()
    fixed = {column for group in GROUPS for column in group.columns}
    return name in fixed or name in MOMENT_KEYS or name.startswith((EVENT_COUNT, STREAM_COUNT))


def attribute_fields(declarations: Declarations) -> list[str]:
    """The declared fields among the attributes that the settings name; all others stand in the events' JSON."""
    fields = declarations.typed_columns()
    return [name for name in declarations.features.names if name in fields]


def _counts(declarations: Declarations) -> list[DeclaredColumn]:
    counted: tuple[StreamKind, ...] = ("touch", "sales")
    streams = [declarations.sources[name] for kind in counted for name in declarations.streams_of(kind)]
    types = dict.fromkeys(event_type for stream in streams for event_type in stream.events)
    by_type = [_count(f"{EVENT_COUNT}{event_type}", "event_type", event_type) for event_type in types]
    by_stream = [_count(f"{STREAM_COUNT}{name}", "stream", name) for name in declarations.streams_of("touch")]
    return by_type + by_stream


def _count(name: str, column: str, value: str) -> DeclaredColumn:
    slots = {
        "news": f"count(*) FILTER ({column} = ${name}) AS {name}",
        "so_far": f"coalesce(sum({name}) OVER so_far, 0)::BIGINT AS {name}",
    }
    return DeclaredColumn(name, "integer", slots, name, value)


def _attributes(declarations: Declarations) -> list[DeclaredColumn]:
    fields = attribute_fields(declarations)
    named: list[tuple[str, FieldType]] = [
        *((name, "number") for name in declarations.features.numeric),
        *((name, "text") for name in declarations.features.categorical),
    ]
    return [_attribute(place, name, kind, name in fields) for place, (name, kind) in enumerate(named)]


def _attribute(place: int, name: str, kind: FieldType, is_field: bool) -> DeclaredColumn:
    text = f"json_extract_string(attributes, $path{place})"
    if is_field:
        text = f'coalesce("{name}"::VARCHAR, {text})'
    number = f"CASE WHEN isfinite(TRY_CAST({text} AS DOUBLE)) THEN TRY_CAST({text} AS DOUBLE) END"
    value, position = f"value{place}", f"position{place}"
    slots = {
        "told": f"{number if kind == 'number' else text} AS {value}",
        "news": f"arg_max({value}, position) FILTER ({value} IS NOT NULL) AS {value}, "
        f"max(position) FILTER ({value} IS NOT NULL) AS {position}",
        "so_far": f'arg_max({value}, {position}) OVER so_far AS "{name}"',
    }
    return DeclaredColumn(name, kind, slots, f"path{place}", f"$.{name}")


def _duration(declarations: Declarations) -> dict[str, str]:
    is_number = declarations.typed_columns().get("duration") in ("integer", "number")
    return {"duration": "duration" if is_number else "NULL"}


GROUPS = (
    FeatureGroup(
        "activity",
        {
            "past_event_count": "integer",
            "days_since_first_touch": "number",
            "days_since_last_touch": "number",
            "first_source": "text",
            "engagement_points": "integer",
            "intent_points": "integer",
        },
    ),
    FeatureGroup("webinars", {"avg_webinar_time": "number"}, slots=_duration),
    FeatureGroup("devices", {"device_model_interest": "text"}),
    FeatureGroup(
        "locations",
        {"location": "text", "location_conversion_rate": "number"},
        parameters={"prior_leads": PRIOR_LEADS},
    ),
    FeatureGroup("counts", declared=_counts),
    FeatureGroup("attributes", declared=_attributes),
)
