"""Two sides to compare: any two tables, or two parts of the lake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal, TypeAlias

import duckdb
import pandas as pd
import pyarrow as pa

from lake_access.declarations import nearest
from lake_access.engine import open_connection
from lake_access.engine_errors import engine_errors
from lake_access.errors import QueryRefusedError
from lake_access.feature_groups import feature_columns
from lake_access.lake import PinnedLake, open_views
from lake_access.queries import load_query
from lake_access.settings import Settings

ColumnKind = Literal["number", "integer", "category"]
SideName = Literal["reference_rows", "current_rows"]
SCORE, OUTCOME = "score", "converted"
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_NUMBERS = ("FLOAT", "DOUBLE", "DECIMAL")
_CATEGORIES = ("VARCHAR", "BOOLEAN", "ENUM")

Tabular: TypeAlias = pa.Table | pd.DataFrame | Path
# A query, and what stood in the place of its parameters.
AskedQuery: TypeAlias = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Side:
    """The rows of one side: scores of a version, moments from `since` on and before `until`, leads of a source.

    None means any; without a version a row is a moment at which a lead was scored, or last seen.
    """

    version: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    source: str | None = None

    def __str__(self) -> str:
        parts = [
            "" if self.version is None else f"version {self.version}",
            "" if self.since is None else f"from {self.since:%Y-%m-%d %H:%M}",
            "" if self.until is None else f"before {self.until:%Y-%m-%d %H:%M}",
            "" if self.source is None else f"source {self.source}",
        ]
        return ", ".join(part for part in parts if part) or "everything"


def side_of_days(version: str | None, first: date | None, last: date | None, source: str | None) -> Side:
    """The rows of whole days (UTC), the last included."""
    since = None if first is None else datetime.combine(first, time(), UTC)
    until = None if last is None else datetime.combine(last, time(), UTC) + timedelta(days=1)
    return Side(version, since, until, source)


@dataclass(frozen=True)
class Compared:
    """A database in which the tables `reference_rows` and `current_rows` stand, and their columns by kind.

    `queries` made both tables, one after another; of tables that were given there are none.
    """

    connection: duckdb.DuckDBPyConnection
    columns: Mapping[str, ColumnKind]
    queries: tuple[AskedQuery, ...] = ()


@dataclass(frozen=True)
class Population:
    """A database in which `drift_population` stands, the rows that sides are taken from."""

    connection: duckdb.DuckDBPyConnection
    features: tuple[str, ...]
    query: AskedQuery

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are compared unless others are named: the features, the score and the outcome."""
        return (*self.features, SCORE, OUTCOME)

    def take(self, reference: Side, current: Side, columns: Sequence[str] = ()) -> Compared:
        """Both sides with these columns, or all; what was taken before from this population is gone.

        Raises:
            QueryRefusedError: a column that is not there.
        """
        chosen = _known(columns, self.columns)
        ours = take_side(self.connection, "reference_rows", reference, chosen)
        theirs = take_side(self.connection, "current_rows", current, chosen)
        return replace(_described(self.connection), queries=(self.query, ours, theirs))

    def take_current(self, current: Side, compared: Compared) -> Compared:
        """The same comparison with another current side."""
        theirs = take_side(self.connection, "current_rows", current, tuple(compared.columns))
        return replace(compared, queries=(*compared.queries[:-1], theirs))

    def frame(self, side: SideName) -> pd.DataFrame:
        """The rows of a side as a frame."""
        with engine_errors("the comparison"):
            return self.connection.table(side).df()


@contextmanager
def tables_to_compare(
    settings: Settings, reference: Tabular, current: Tabular, columns: Sequence[str] = ()
) -> Iterator[Compared]:
    """Two tables (Arrow, pandas or a Parquet file) as the sides; the columns that both have, or the named ones.

    Raises:
        QueryRefusedError: a column that one side lacks, or that is neither number, text nor boolean.
    """
    with open_connection(settings) as connection, engine_errors("the comparison"):
        _stand_for(connection, "reference_given", reference)
        _stand_for(connection, "current_given", current)
        known = _shared_columns(connection)
        chosen = ", ".join(map(identifier, _known(columns, known)))
        for side in ("reference", "current"):
            connection.execute(f"CREATE TEMP VIEW {side}_rows AS SELECT {chosen} FROM {side}_given")  # noqa: S608
        yield _described(connection)


@contextmanager
def lake_to_compare(
    pinned: PinnedLake, reference: Side, current: Side, columns: Sequence[str] = ()
) -> Iterator[Compared]:
    """Two parts of the lake as the sides; the columns are its features, the score and the outcome, or the named ones.

    Raises:
        QueryRefusedError: a column that is not there, or sides of which one has a version and the other none.
        StorageError: a data file cannot be read.
    """
    with population(pinned, *_both(reference, current), columns) as people:
        yield people.take(reference, current, columns)


@contextmanager
def population(
    pinned: PinnedLake,
    versions: Sequence[str],
    since: datetime | None = None,
    until: datetime | None = None,
    columns: Sequence[str] = (),
) -> Iterator[Population]:
    """The rows that sides are taken from: the scores of these versions, or, of none, the moments of all leads.

    Only the named `columns` are read where some are: one costs a fraction of all.

    Raises:
        QueryRefusedError: a column that is not there.
    """
    features = tuple(
        name
        for name, kind in feature_columns(pinned.settings.declarations).items()
        if kind != "timestamp" and name not in (SCORE, OUTCOME)
    )
    if columns:
        chosen = _known(columns, (*features, SCORE, OUTCOME))
        features = tuple(name for name in features if name in chosen)
    listed = "".join(f"f.{identifier(name)}, " for name in features)
    parameters: dict[str, Any] = {"since": since, "until": until}
    if versions:
        parameters["versions"] = list(versions)
    with open_views(pinned) as connection, engine_errors("the comparison"):
        query = load_query("drift_scores" if versions else "drift_moments").format(features=listed)
        connection.execute(query, parameters)
        yield Population(connection, features, (query, parameters))


def take_side(connection: duckdb.DuckDBPyConnection, table: SideName, side: Side, columns: Sequence[str]) -> AskedQuery:
    """Make the table of one side out of `drift_population`; the query that made it."""
    sql = load_query("drift_side").format(side=table, columns=", ".join(map(identifier, columns)))
    named = {"since": side.since, "until": side.until, "source": side.source, "version": side.version}
    connection.execute(sql, named)
    return sql, named


def identifier(name: str) -> str:
    """A column's name as SQL takes it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def _both(reference: Side, current: Side) -> tuple[list[str], datetime | None, datetime | None]:
    """The versions and the span that hold both sides."""
    versions = [version for version in (reference.version, current.version) if version is not None]
    if len(versions) == 1:
        raise QueryRefusedError(
            f"one side is of version {versions[0]} and the other of none: name a version for both, or for neither."
        )
    sides = (reference, current)
    since = [side.since for side in sides if side.since is not None]
    until = [side.until for side in sides if side.until is not None]
    first = min(since) if len(since) == len(sides) else None
    return list(dict.fromkeys(versions)), first, max(until) if len(until) == len(sides) else None


def _stand_for(connection: duckdb.DuckDBPyConnection, name: str, table: Tabular) -> None:
    if isinstance(table, Path):
        connection.read_parquet(str(table)).create_view(name)
    else:
        connection.register(name, table)


def _shared_columns(connection: duckdb.DuckDBPyConnection) -> list[str]:
    reference, current = (connection.table(f"{side}_given").columns for side in ("reference", "current"))
    return [name for name in reference if name in current]


def _known(asked: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    for name in asked:
        if name not in known:
            raise QueryRefusedError(f'no column "{name}" to compare{nearest(name, known)}.')
    return tuple(dict.fromkeys(asked or known))


def _described(connection: duckdb.DuckDBPyConnection) -> Compared:
    reference, current = (connection.table(side) for side in ("reference_rows", "current_rows"))
    types = zip(reference.columns, map(str, reference.types), map(str, current.types), strict=True)
    return Compared(connection, {name: _common_kind(connection, name, one, other) for name, one, other in types})


def _common_kind(connection: duckdb.DuckDBPyConnection, name: str, one: str, other: str) -> ColumnKind:
    kinds = (_kind(name, one), _kind(name, other))
    if "category" not in kinds or kinds[0] == kinds[1]:
        return kinds[0] if kinds[0] == kinds[1] else "number"
    # A column without any value has no type of its own: pandas' and Arrow's come as whatever.
    sides = (connection.table(side) for side in ("reference_rows", "current_rows"))
    ours, theirs = (side.aggregate(f"count({identifier(name)})").fetchall()[0][0] for side in sides)
    if ours and theirs:
        raise QueryRefusedError(f'column "{name}" holds {one} on one side and {other} on the other; make them alike.')
    return kinds[0] if ours else kinds[1]


def _kind(name: str, sql_type: str) -> ColumnKind:
    if sql_type.startswith(_CATEGORIES) or sql_type == '"NULL"':
        return "category"
    if sql_type.startswith(_INTEGERS):
        return "integer"
    if sql_type.startswith(_NUMBERS):
        return "number"
    raise QueryRefusedError(f'column "{name}" holds {sql_type}: only numbers, text and booleans can be compared.')
