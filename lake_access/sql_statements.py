"""Which statements people may run: one SELECT over the lake's own tables, taken apart by DuckDB's own parser."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any, Final

import duckdb

from lake_access.errors import QueryRefusedError

# The functions that may stand in FROM. Others read the engine's own state: which keys it holds and, with its log of
# requests switched on (by such a function again), the tokens that it sent.
TABLE_FUNCTIONS: Final = frozenset(
    {"generate_series", "json_each", "json_tree", "range", "repeat", "repeat_row", "unnest"}
)
# Functions that tell of the engine and its settings, of statistics of a file beyond what a view shows, or only wait.
REFUSED_FUNCTIONS: Final = frozenset(
    {
        *("current_setting", "getenv", "getvariable", "in_search_path", "which_secret"),
        *("current_connection_id", "current_query", "current_query_id", "current_transaction_id", "txid_current"),
        *("currval", "nextval", "pg_conf_load_time", "pg_get_constraintdef", "pg_get_expr", "pg_get_viewdef"),
        *("json_deserialize_sql", "json_execute_serialized_sql", "json_serialize_plan", "json_serialize_sql"),
        *("parse_duckdb_log_message", "write_log", "stats", "pg_sleep", "sleep_ms"),
    }
)
# What tells which tables and columns there are; the engine's other lists tell where their files lie.
LISTS: Final = frozenset({"columns", "schemata", "tables"})
LISTS_SCHEMA: Final = "information_schema"


def checked_statement(connection: duckdb.DuckDBPyConnection, sql: str, schemas: Collection[str]) -> duckdb.Statement:
    """The one SELECT that this is; `schemas` are those whose tables it may name.

    Raises:
        QueryRefusedError: it is not one SELECT, or names what nobody may.
    """
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
    for reason in _refusals(parsed, set(_named_queries(parsed)), schemas):
        raise QueryRefusedError(f"the query was refused: {reason}.")
    return statements[0]


def _nodes(parsed: Any) -> Iterator[dict[str, Any]]:
    """Every object in the parsed statement."""
    waiting = [parsed]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield part
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)


def _named_queries(parsed: Any) -> Iterator[str]:
    """The names that WITH gives."""
    for node in _nodes(parsed):
        named = node.get("cte_map")
        if isinstance(named, dict):
            yield from (entry["key"].lower() for entry in named["map"])


def _refusals(parsed: Any, named: Collection[str], schemas: Collection[str]) -> Iterator[str]:
    for node in _nodes(parsed):
        if node.get("type") == "TABLE_FUNCTION":
            name = str(node["function"]["function_name"]).lower()
            if name not in TABLE_FUNCTIONS:
                yield f"{name}() may not stand in FROM here"
        elif node.get("class") == "FUNCTION" and str(node.get("function_name")).lower() in REFUSED_FUNCTIONS:
            yield f"{str(node['function_name']).lower()}() may not be called here"
        elif node.get("type") == "BASE_TABLE":
            yield from _refused_table(node, named, schemas)


def _refused_table(node: dict[str, Any], named: Collection[str], schemas: Collection[str]) -> Iterator[str]:
    schema, table = str(node["schema_name"]).lower(), str(node["table_name"])
    if schema in schemas or (schema == LISTS_SCHEMA and table.lower() in LISTS):
        return
    if any(sign in table for sign in "./\\"):
        # So DuckDB reads a file, and a view may leave out columns that the table's own files have.
        yield "a file may not stand in FROM here"
    elif schema or table.lower() not in named:
        known = ", ".join(sorted(schemas))
        yield f'"{schema}.{table}" may not stand in FROM here; tables are named with their schema ({known})'.replace(
            '".', '"'
        )
    elif _is_of_the_engine(table):
        yield f'"{table}" is a name of the engine; call what WITH names otherwise'


def _is_of_the_engine(table: str) -> bool:
    return table.lower().startswith(("duckdb_", "pragma_", "sqlite_", "pg_"))
