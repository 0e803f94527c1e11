"""The declarations of one stream, compiled into the SQL that types and checks its events.

Names that enter the SQL come from the declarations, where they are checked to be plain identifiers; every value of a
declaration (a limit, a choice, an event type) is a bound parameter.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from lake_access.declarations import (
    ENVELOPE_KEYS,
    Declarations,
    FieldDeclaration,
    ScoringRule,
    StreamDeclaration,
    plain_number,
)
from lake_access.iceberg.tables import FIELD_TYPES, SQL_TYPES
from lake_access.queries import load_query

_CASTS = {
    "text": "json_text({0})",
    "integer": "json_integer({0})",
    "number": "json_number({0})",
    "boolean": "json_boolean({0})",
    "timestamp": "rfc3339(json_text({0}))",
}
MAX_SOURCE_LENGTH = 100


@dataclass(frozen=True)
class EventSql:
    """The two queries that curate a chunk of one stream, and the parameters of the second."""

    parse: str
    type: str
    parameters: dict[str, object]


@dataclass
class _Parameters:
    """The values bound so far; each gets the next name."""

    values: dict[str, object] = field(default_factory=dict)

    def bind(self, value: object) -> str:
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f"${name}"


def compile_stream(declarations: Declarations, stream_name: str) -> EventSql:
    """The SQL of one declared stream."""
    stream = declarations.sources[stream_name]
    fields = stream.all_fields()
    source_keys = () if stream.source_field is None else (stream.source_field,)
    keys = (*ENVELOPE_KEYS, *source_keys, *fields)
    parameters = _Parameters()
    types = {event_type: parameters.bind(event_type) for event_type in stream.events}
    typed = [f"{_CASTS[kind.type].format(name + '_json')} AS {field_column(name)}" for name, kind in fields.items()]
    if stream.source_field is not None:
        source = field_column(stream.source_field)
        typed.append(f"trim(json_text({stream.source_field}_json), E' \\t\\r\\n') AS {source}")
    all_columns = declarations.typed_columns()
    return EventSql(
        parse=load_query("curate_parse").format(
            shape=json.dumps(dict.fromkeys(keys, "JSON")),
            columns=", ".join(f'j."{key}"::VARCHAR AS {key}_json' for key in keys),
        ),
        type=load_query("curate_type").format(
            typed=",\n        ".join(typed) or "NULL AS no_field",
            known=" + ".join(_presence(stream, key, types) for key in keys),
            event_types=f"({', '.join(types.values())})",
            reasons="\n            ".join(_reasons(stream, types, parameters)),
            source="$stream" if stream.source_field is None else field_column(stream.source_field),
            engagement=_points(stream, "engagement", types, parameters),
            intent=_points(stream, "intent", types, parameters),
            fields=",\n    ".join(
                f"{_only_of_its_types(stream, name, types)} AS {field_column(name)}"
                if name in fields
                else f"NULL::{SQL_TYPES[FIELD_TYPES[kind]]} AS {field_column(name)}"
                for name, kind in all_columns.items()
            ),
            patch=_patch(stream, types, parameters),
        ),
        parameters={**parameters.values, "stream": stream_name, "rules_version": declarations.scoring.version},
    )


def field_column(name: str) -> str:
    """What a declared field is called inside the queries: none of their own names, no word of SQL."""
    return f"field_{name}"


def _types_with(stream: StreamDeclaration, name: str) -> list[str]:
    return [event_type for event_type in stream.events if name in stream.fields_of(event_type)]


def _belongs(stream: StreamDeclaration, name: str, types: dict[str, str]) -> str | None:
    """SQL that is true for the event types that have this field; None if all of them do, or it is no field."""
    having = _types_with(stream, name)
    if not having or len(having) == len(stream.events):
        return None
    return f"event_type IN ({', '.join(types[event_type] for event_type in having)})"


def _presence(stream: StreamDeclaration, key: str, types: dict[str, str]) -> str:
    belongs = _belongs(stream, key, types)
    present = f"{key}_json IS NOT NULL"
    return f"({present})::INTEGER" if belongs is None else f"coalesce({present} AND {belongs}, false)::INTEGER"


def _only_of_its_types(stream: StreamDeclaration, name: str, types: dict[str, str]) -> str:
    belongs = _belongs(stream, name, types)
    column = field_column(name)
    return column if belongs is None else f"CASE WHEN {belongs} THEN {column} END"


def _reasons(stream: StreamDeclaration, types: dict[str, str], parameters: _Parameters) -> Iterator[str]:
    """A WHEN for each way in which a declared field can be wrong, per event type where its declaration differs."""
    if stream.source_field is not None:
        name, column = stream.source_field, field_column(stream.source_field)
        yield f"WHEN {column} IS NULL OR {column} = '' THEN {parameters.bind(f'{name}: missing or not a text')}"
        too_long = parameters.bind(f"{name}: over {MAX_SOURCE_LENGTH} characters")
        yield f"WHEN length({column}) > {MAX_SOURCE_LENGTH} THEN {too_long}"
    for event_type, type_parameter in types.items():
        for name, declared in stream.fields_of(event_type).items():
            for problem, reason in _problems(name, declared, parameters):
                yield f"WHEN event_type = {type_parameter} AND {problem} THEN {parameters.bind(f'{name}: {reason}')}"


def _problems(name: str, declared: FieldDeclaration, parameters: _Parameters) -> Iterator[tuple[str, str]]:
    article = "an" if declared.type == "integer" else "a"
    expected = "a date and time with a zone" if declared.type == "timestamp" else f"{article} {declared.type}"
    column = field_column(name)
    yield f"{column} IS NULL AND {name}_json <> 'null'", f"not {expected}"
    if declared.required:
        yield f"{column} IS NULL", "missing"
    if declared.min is not None:
        yield f"{column} < {parameters.bind(declared.min)}", f"under {plain_number(declared.min)}"
    if declared.max is not None:
        yield f"{column} > {parameters.bind(declared.max)}", f"over {plain_number(declared.max)}"
    if declared.one_of is not None:
        choices = ", ".join(parameters.bind(choice) for choice in declared.one_of)
        yield f"{column} NOT IN ({choices})", f"not one of {', '.join(declared.one_of)}"


def _points(stream: StreamDeclaration, score: str, types: dict[str, str], parameters: _Parameters) -> str:
    """The points that an event adds to one score; NULL where no rule looks at its type, so that it stays unscored."""
    cases = []
    for event_type, declared in stream.events.items():
        terms = [_rule_points(rule, getattr(rule, score), parameters) for rule in declared.scoring]
        if terms:
            cases.append(f"WHEN {types[event_type]} THEN {' + '.join(terms)}")
    return f"(CASE event_type {' '.join(cases)} END)::INTEGER" if cases else "NULL::INTEGER"


def _rule_points(rule: ScoringRule, points: int, parameters: _Parameters) -> str:
    if rule.when is None or points == 0:
        return str(points)
    comparison, value = (">=", rule.at_least) if rule.at_least is not None else ("=", rule.equals)
    return f"CASE WHEN {field_column(rule.when)} {comparison} {parameters.bind(value)} THEN {points} ELSE 0 END"


def _patch(stream: StreamDeclaration, types: dict[str, str], parameters: _Parameters) -> str:
    """The JSON merge patch (RFC 7396) that takes every declared key out of an event of its type."""
    cases = []
    for event_type, type_parameter in types.items():
        keys = [*ENVELOPE_KEYS, *stream.fields_of(event_type)]
        if stream.source_field is not None:
            keys.append(stream.source_field)
        cases.append(f"WHEN {type_parameter} THEN {parameters.bind(json.dumps(dict.fromkeys(keys)))}")
    return f"(CASE event_type {' '.join(cases)} END)"
