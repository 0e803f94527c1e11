"""SQL that people write: read only, on a connection of its own that can reach nothing but the granted tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

from lake_access.engine_errors import io_sentence
from lake_access.errors import QueryRefusedError, StorageError
from lake_access.lake import PinnedLake, open_views

# The functions that may stand in FROM. Others read the engine's own state: which keys it holds and, with its log of
# requests switched on (by such a function again), the tokens that it sent.
TABLE_FUNCTIONS = {"generate_series", "json_each", "json_tree", "range", "repeat", "repeat_row", "unnest"}
# A name that holds one of these is a file to DuckDB; a view may leave out columns that the table's own files have.
OF_FILES = re.compile(r"[./\\]")


@dataclass(frozen=True)
class SqlResult:
    """A result's columns and rows; `truncated` where there were more rows than asked for."""

    table: pa.Table
    truncated: bool

    @property
    def columns(self) -> list[str]:
        return list(self.table.column_names)

    def rows(self) -> list[list[Any]]:
        return [
            [_plain(value) for value in row]
            for row in zip(*(column.to_pylist() for column in self.table.columns), strict=True)
        ]


def _plain(value: Any) -> Any:
    """A whole number that DuckDB gives as a decimal (a sum of integers, say) as an integer."""
    return int(value) if isinstance(value, Decimal) and value == value.to_integral_value() else value


def run_sql(pinned: PinnedLake, sql: str, limit: int | None) -> SqlResult:
    """The result of one SELECT over the pinned tables, cut after `limit` rows (None: whole).

    Raises:
        QueryRefusedError: it is not one SELECT, names what does not exist, or asks for what is not granted.
        StorageError: a data file cannot be read.
    """
    connection = open_views(pinned)
    try:
        _lock(connection, [path for table in pinned.tables.values() for path in table.files])
        statement = _statement(connection, sql)
        reader = connection.execute(statement).to_arrow_reader(10_000)
        return _take(reader, limit)
    except duckdb.IOException as exc:
        raise StorageError(f"the query: a data file cannot be read: {io_sentence(exc)}") from exc
    except duckdb.Error as exc:
        raise QueryRefusedError(f"the query was refused: {_without_paths(exc)}") from exc
    finally:
        connection.close()


def _lock(connection: duckdb.DuckDBPyConnection, files: Sequence[str]) -> None:
    connection.execute("SET allowed_paths = $1", [list(files)])
    connection.execute("SET enable_external_access = false")
    connection.execute("SET python_enable_replacements = false")
    connection.execute("SET lock_configuration = true")


def _statement(connection: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    statements = connection.extract_statements(sql)
    if len(statements) != 1:
        raise QueryRefusedError(f"the query was refused: one statement at a time, and this is {len(statements)}.")
    if statements[0].type != duckdb.StatementType.SELECT:
        raise QueryRefusedError(
            "the query was refused: only SELECT may run here; the lake changes by `leadlake build` alone."
        )
    row = connection.execute("SELECT json_serialize_sql($1::VARCHAR)", [sql]).fetchone()
    parsed = json.loads(row[0]) if row is not None else {"error": True}
    if parsed["error"]:
        raise QueryRefusedError("the query was refused: only SELECT may run here.")
    for refused in _refused_sources(parsed):
        raise QueryRefusedError(f"the query was refused: {refused} may not stand in FROM here.")
    return statements[0]


def _refused_sources(parsed: Any) -> Iterator[str]:
    """What stands in any FROM and may not, of a statement that DuckDB's own parser took apart."""
    if isinstance(parsed, dict):
        if parsed.get("type") == "TABLE_FUNCTION":
            name = parsed["function"]["function_name"]
            if name.lower() not in TABLE_FUNCTIONS:
                yield f"{name}()"
        if parsed.get("type") == "BASE_TABLE" and OF_FILES.search(parsed["table_name"]):
            yield "a file"
        parsed = list(parsed.values())
    if isinstance(parsed, list):
        for part in parsed:
            yield from _refused_sources(part)


def _take(reader: pa.RecordBatchReader, limit: int | None) -> SqlResult:
    batches, rows = [], 0
    for batch in reader:
        batches.append(batch)
        rows += batch.num_rows
        if limit is not None and rows > limit:
            break
    table = pa.Table.from_batches(batches, reader.schema)
    return SqlResult(table if limit is None else table.slice(0, limit), truncated=limit is not None and rows > limit)


def _without_paths(exc: duckdb.Error) -> str:
    """DuckDB's sentence, without the part in which it may list files."""
    return str(exc).split("\n", 1)[0].split(" - file ", 1)[0]
