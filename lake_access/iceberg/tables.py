"""The lake's tables: their columns and how they are partitioned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    DoubleType,
    IcebergType,
    IntegerType,
    LongType,
    StringType,
    TimestamptzType,
    UUIDType,
)

from lake_access.declarations import Declarations, FieldType
from lake_access.feature_groups import feature_columns
from lake_access.rollup_definitions import COLUMNS, CREATED_ON, DIMENSIONS, ROLLUP

EVENTS = "curated.events"
LEADS = "curated.leads"
SCORES = "curated.scores"
QUARANTINE = "curated.quarantine"
IDENTITIES = "curated.identities"
BATCHES = "curated.batches"
FEATURES = "features.lead_features"
KNOWN_OUTCOMES = "features.known_outcomes"
ROLLED_UP = "marts.rolled_up"

PartitionUnit = Literal["month", "year"]

TEXT, WHOLE, NUMBER, FLAG = StringType(), LongType(), DoubleType(), BooleanType()
MOMENT, DAY, KEY, SMALL, BYTES = TimestamptzType(), DateType(), UUIDType(), IntegerType(), BinaryType()

FIELD_TYPES: Mapping[FieldType, IcebergType] = {
    "text": TEXT,
    "integer": WHOLE,
    "number": NUMBER,
    "boolean": FLAG,
    "timestamp": MOMENT,
}
SQL_TYPES: Mapping[IcebergType, str] = {
    TEXT: "VARCHAR",
    WHOLE: "BIGINT",
    NUMBER: "DOUBLE",
    FLAG: "BOOLEAN",
    MOMENT: "TIMESTAMPTZ",
    DAY: "DATE",
    KEY: "UUID",
    SMALL: "INTEGER",
    BYTES: "BLOB",
}


@dataclass(frozen=True)
class TableDefinition:
    """A table: its columns, the column whose month or year partitions it (None: none), and its rows' order.

    Rows with another value of `apart`, a column of texts, are in partitions of their own.
    """

    name: str
    columns: Mapping[str, IcebergType]
    partition: str | None
    order: tuple[str, ...] = ()
    partition_by: PartitionUnit = "month"
    apart: str | None = None


def table_definitions(declarations: Declarations) -> dict[str, TableDefinition]:
    """Every table of this lake by name, each before those it is made from.

    The typed columns of `curated.events` and the features come from the declarations.
    """
    features = (_features(declarations), _KNOWN_OUTCOMES)
    tables = (_ROLLED_UP, *features, _events(declarations), _LEADS, _SCORES, _QUARANTINE, _IDENTITIES, _BATCHES)
    return {table.name: table for table in tables}


def _events(declarations: Declarations) -> TableDefinition:
    typed = {name: FIELD_TYPES[kind] for name, kind in declarations.typed_columns().items()}
    columns: dict[str, IcebergType] = {
        "event_id": TEXT,
        "lead_id": KEY,
        "source": TEXT,
        "stream": TEXT,
        "event_type": TEXT,
        "occurred_at": MOMENT,
        "ingested_at": MOMENT,
        "history": FLAG,
        "batch_id": TEXT,
        "line_number": WHOLE,
        "engagement_points": SMALL,
        "intent_points": SMALL,
        "rules_version": TEXT,
        **typed,
        "attributes": TEXT,
    }
    return TableDefinition(EVENTS, columns, partition="occurred_at")


def _features(declarations: Declarations) -> TableDefinition:
    derived = {name: FIELD_TYPES[kind] for name, kind in feature_columns(declarations).items()}
    return TableDefinition(FEATURES, {"lead_id": KEY, "as_of": MOMENT, **derived}, partition="as_of")


# All rollups in one table, for one commit and one look into the catalog; each in files of its own, one a year: few to
# open for a reader, and a build writes those of the last year or two anew.
_ROLLED_UP = TableDefinition(
    ROLLED_UP,
    {ROLLUP: TEXT, CREATED_ON: DAY, **{name: FIELD_TYPES[kind] for name, kind in COLUMNS.items()}},
    partition=CREATED_ON,
    order=(CREATED_ON, *DIMENSIONS),
    partition_by="year",
    apart=ROLLUP,
)

_KNOWN_OUTCOMES = TableDefinition(
    KNOWN_OUTCOMES,
    {"lead_id": KEY, "location": TEXT, "known_at": MOMENT, "outcomes": SMALL, "conversions": SMALL},
    partition="known_at",
)

_LEADS = TableDefinition(
    LEADS,
    {
        "lead_id": KEY,
        "source": TEXT,
        "last_source": TEXT,
        "created_at": MOMENT,
        "last_event_at": MOMENT,
        "events": WHOLE,
        "engagement_score": SMALL,
        "intent_score": SMALL,
        "final_score": SMALL,
        "rules_version": TEXT,
        "model_version": TEXT,
        "model_score": SMALL,
        "first_scored_at": MOMENT,
        "location": TEXT,
        "device_model": TEXT,
        "campaign": TEXT,
        "sales_actions": WHOLE,
        "first_action_at": MOMENT,
        "converted": FLAG,
        "converted_at": MOMENT,
        "outcome_value": NUMBER,
        "first_action": TEXT,
    },
    partition="created_at",
)

_SCORES = TableDefinition(
    SCORES,
    {
        "lead_id": KEY,
        "model_version": TEXT,
        "score": SMALL,
        "scored_at": MOMENT,
        "mode": TEXT,
        "stream": TEXT,
        "event_id": TEXT,
        "ingested_at": MOMENT,
        "history": FLAG,
    },
    partition="scored_at",
)

_QUARANTINE = TableDefinition(
    QUARANTINE,
    {
        "stream": TEXT,
        "batch_id": TEXT,
        "line_number": WHOLE,
        "reason": TEXT,
        "line": BYTES,
        "seen_at": MOMENT,
    },
    partition="seen_at",
)

_IDENTITIES = TableDefinition(
    IDENTITIES,
    {
        "identity_id": KEY,
        "kind": TEXT,
        "identity": TEXT,
        "lead_id": KEY,
    },
    partition=None,
)

_BATCHES = TableDefinition(
    BATCHES,
    {
        "batch_id": TEXT,
        "stream": TEXT,
        "key": TEXT,
        "landed_at": MOMENT,
        "history": FLAG,
        "read": WHOLE,
        "curated": WHOLE,
        "duplicates": WHOLE,
        "quarantined": WHOLE,
        "refused": TEXT,
        "built_at": MOMENT,
    },
    partition=None,
)
