"""Features of leads as of moments, point in time: the same queries whoever asks, a build, training or scoring.

A feature as of a moment knows the events that had occurred and been ingested by then; of a batch that landed as a known
past, those that had occurred. Outcomes count strictly before the moment, and a lead's own never. docs/features.md has
each feature's definition.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb
import pyarrow as pa

from lake_access.declarations import Declarations
from lake_access.engine_errors import engine_errors
from lake_access.feature_groups import GROUPS, FeatureGroup, attribute_fields, feature_columns
from lake_access.iceberg.tables import EVENTS
from lake_access.lake import PinnedLake, open_views
from lake_access.queries import load_query

# Columns of the events that every lake's features are made from; the settings may name more.
_EVENT_FIELDS = ("location", "device_model")


@dataclass(frozen=True)
class Step:
    """A query that makes a temporary table, with its parameters."""

    sql: str
    parameters: Mapping[str, object]


def features_as_of(pinned: PinnedLake, moments: pa.Table, known_by: datetime | None = None) -> pa.Table:
    """The features of leads as of any moments, with all that is in the pinned events.

    With `known_by`, events that were not known by then are left out first, as if they had not come: features as of
    moments up to it are the same, and a test of that.

    `moments` has the columns `lead_id` (a UUID, or its text) and `as_of` (a timestamp; UTC where it has no zone). The
    answer has one row for each different pair, ordered by `as_of` and `lead_id` (as text), with the columns of
    `feature_columns` beside them; a lead of whom nothing is known by then has counts of 0 and no values.

    Raises:
        StorageError: a data file cannot be read.
    """
    declarations = pinned.settings.declarations
    with open_views(pinned) as connection, engine_errors("the features"):
        connection.register("asked", moments)
        connection.execute(load_query("asked_moments"))
        events = EVENTS if known_by is None else _events_known_by(connection, known_by)
        tell_events(connection, events)
        run(connection, outcomes_step(declarations))
        connection.execute(load_query("outcomes_told"))
        # Outcomes are counted over all leads; all else follows from a lead's own events.
        connection.execute(load_query("events_of_asked").format(events=events))
        tell_events(connection, "events_of_asked")
        derive_features(connection, declarations)
        return connection.execute(load_query("features_in_order")).to_arrow_table()


def _events_known_by(connection: duckdb.DuckDBPyConnection, moment: datetime) -> str:
    # A view, as a table of all events would be held in memory; a view takes no parameter, but a variable.
    connection.execute("SET VARIABLE known_by = $1::TIMESTAMPTZ", [moment.astimezone(UTC)])
    connection.execute(load_query("events_known_by"))
    return "events_by_then"


def tell_events(connection: duckdb.DuckDBPyConnection, events: str) -> None:
    """Make `known_events`: these events, a scan or a table, with when they were known."""
    connection.execute(load_query("known_events").format(events=events))


def outcomes_step(declarations: Declarations) -> Step:
    """From `known_events`, `new_outcomes`: what each lead's outcomes add to the counts of its location."""
    streams = {"touches": declarations.streams_of("touch"), "outcomes": declarations.streams_of("outcome")}
    return Step(load_query("known_outcomes"), streams)


def moments_step(declarations: Declarations) -> Step:
    """From `known_events`, `moments`: when leads were scored, or last seen where they never were."""
    streams = {"touches": declarations.streams_of("touch"), "scores": declarations.streams_of("score")}
    return Step(load_query("scoring_moments"), streams)


def derive_features(connection: duckdb.DuckDBPyConnection, declarations: Declarations) -> None:
    """From `known_events`, `moments` and `known_outcomes`, `new_features`: one row for each moment."""
    run(connection, _arrivals_step(declarations))
    run(connection, _features_step(declarations))
    connection.execute("DROP TABLE arrivals")


def run(connection: duckdb.DuckDBPyConnection, step: Step) -> None:
    """Execute a step."""
    connection.execute(step.sql, dict(step.parameters))


def features_digest(declarations: Declarations) -> str:
    """What the features are: another digest once their queries or the declarations behind them change."""
    queries = [load_query("known_events")]
    steps = [step(declarations) for step in (outcomes_step, moments_step, _arrivals_step, _features_step)]
    told = json.dumps([queries, [[step.sql, dict(step.parameters)] for step in steps]])
    return hashlib.sha256(told.encode()).hexdigest()


def _arrivals_step(declarations: Declarations) -> Step:
    fields = dict.fromkeys([*_needed_fields(declarations), *attribute_fields(declarations)])
    columns = "".join(f'"{name}", ' for name in fields if name not in _EVENT_FIELDS)
    streams = {"touches": declarations.streams_of("touch"), "sales": declarations.streams_of("sales")}
    return Step(load_query("arrivals").format(fields=columns), streams)


def _needed_fields(declarations: Declarations) -> list[str]:
    needed = ["duration"] if "duration" in declarations.typed_columns() else []
    return [*needed, "attributes"] if declarations.features.names else needed


def _features_step(declarations: Declarations) -> Step:
    groups = [group for group in GROUPS if group.all_columns(declarations)]
    columns = ", ".join(f'"{name}"' for name in feature_columns(declarations))
    joins = "\n".join(f"JOIN (\n{_group_sql(group, declarations)}\n) USING (lead_id, as_of)" for group in groups)
    parameters = {name: value for group in groups for name, value in _group_parameters(group, declarations).items()}
    return Step(load_query("lead_features").format(columns=columns, groups=joins), parameters)


def _group_sql(group: FeatureGroup, declarations: Declarations) -> str:
    slots = dict(group.slots(declarations))
    declared = group.declared(declarations)
    for slot in dict.fromkeys(slot for column in declared for slot in column.slots):
        slots[slot] = ",\n        ".join(column.slots[slot] for column in declared)
    return load_query(f"features/{group.name}").format(**slots)


def _group_parameters(group: FeatureGroup, declarations: Declarations) -> dict[str, object]:
    declared = {column.parameter: column.value for column in group.declared(declarations)}
    return {**group.parameters, **declared}
