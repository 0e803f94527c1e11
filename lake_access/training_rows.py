"""What models learn from: a row for a lead as of its first scoring moment, with what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from lake_access.declarations import Declarations
from lake_access.engine_errors import engine_errors
from lake_access.feature_groups import feature_columns
from lake_access.features import features_as_of
from lake_access.lake import PinnedLake, open_views
from lake_access.queries import load_query

# Why a lead is not learnt from; docs/training.md says what each means.
LEFT_OUT = ("not_known_yet", "no_moment", "no_features", "immature", "converted_before")
USED = "used"
MICROSECONDS_A_DAY = 86_400_000_000
_ROW_KEYS = ("lead_id", "as_of", "source", "converted")


@dataclass(frozen=True)
class TrainingRows:
    """One row for a lead, ordered by `as_of` and `lead_id`: these, `source`, `converted`, and every feature.

    `counts` has every lead of the lake once: under `used`, or under the reason for which it is left out.
    """

    rows: pa.Table
    counts: Mapping[str, int]


def training_rows(pinned: PinnedLake, known_by: datetime) -> TrainingRows:
    """The leads whose outcome window had closed by a moment, with what was known by then of their outcome.

    A conversion counts within the window from the lead's moment on; one after it is none.

    Raises:
        StorageError: a data file cannot be read.
    """
    declarations = pinned.settings.declarations
    with open_views(pinned) as connection, engine_errors("the training rows"):
        make_moments(connection, declarations, known_by)
        counted = dict.fromkeys((*LEFT_OUT, USED), 0) | dict(
            connection.execute(load_query("training_counts")).fetchall()
        )
        query = load_query("training_rows").format(features=_feature_list(declarations))
        rows = connection.execute(query).to_arrow_table()
    return TrainingRows(_with_missing_features(pinned, rows), counted)


def make_moments(connection: duckdb.DuckDBPyConnection, declarations: Declarations, known_by: datetime) -> None:
    """Make `training_moments` in a database over the pinned tables."""
    window = declarations.lake.outcome_window_days
    parameters = {
        "touches": declarations.streams_of("touch"),
        "scores": declarations.streams_of("score"),
        "outcomes": declarations.streams_of("outcome"),
        "known_by": known_by.astimezone(UTC),
        "mature_before": first_young_moment(known_by, window),
        "window_us": window * MICROSECONDS_A_DAY,
    }
    connection.execute(load_query("training_moments"), parameters)


def first_young_moment(known_by: datetime, window_days: int) -> datetime:
    """The first moment whose outcome window was still open then: a day counts once the whole of it has matured."""
    day = known_by.astimezone(UTC).date() - timedelta(days=window_days)
    return datetime.combine(day, time(), UTC)


def feature_types(declarations: Declarations) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the features that are numbers, and of those that are text."""
    columns = feature_columns(declarations)
    text = tuple(name for name, kind in columns.items() if kind == "text")
    return tuple(name for name in columns if name not in text), text


def _feature_list(declarations: Declarations) -> str:
    return ", ".join(f'f."{name}"' for name in feature_columns(declarations))


def _with_missing_features(pinned: PinnedLake, rows: pa.Table) -> pa.Table:
    """The rows, with the features of moments that the table does not hold derived now."""
    missing = pc.invert(rows["has_row"])
    rows = rows.drop_columns(["has_row"])
    if not pc.any(missing).as_py():
        return rows
    lacking = rows.filter(missing)
    derived = features_as_of(pinned, lacking.select(["lead_id", "as_of"]))
    # Both are in the order of `as_of` and `lead_id`, each pair once.
    filled = lacking.select(list(_ROW_KEYS))
    for name in rows.column_names[len(_ROW_KEYS) :]:
        filled = filled.append_column(name, derived[name].cast(rows.schema.field(name).type))
    both = pa.concat_tables([rows.filter(pc.invert(missing)), filled])
    return both.sort_by([("as_of", "ascending"), ("lead_id", "ascending")])
