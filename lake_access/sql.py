"""SQL that people write: read only, on a connection of its own that can reach nothing but the granted tables."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import duckdb
import pyarrow as pa

from lake_access.engine_errors import io_sentence
from lake_access.errors import QueryRefusedError, StorageError
from lake_access.lake import PinnedLake, open_views
from lake_access.sql_statements import checked_statement
from lake_access.views import READABLE


@dataclass(frozen=True)
class SqlLimits:
    """What a query may take: rows (None: all), seconds, and memory as DuckDB writes it (None: as configured)."""

    rows: int | None = None
    seconds: float | None = None
    memory: str | None = None


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


class RunningSql:
    """One SELECT on its way, in a thread of its own: whoever started it may wait for it or cancel it."""

    def __init__(self, pinned: PinnedLake, sql: str, limits: SqlLimits) -> None:
        self.sql = sql
        self._limits = limits
        self._outcome: Future[SqlResult] = Future()
        self._ended_early: Literal["", "cancelled", "too long"] = ""
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._lock = threading.Lock()
        self._timer = None if limits.seconds is None else threading.Timer(limits.seconds, self._end, ["too long"])
        threading.Thread(target=self._run, args=(pinned,), daemon=True).start()
        if self._timer is not None:
            self._timer.daemon = True
            self._timer.start()

    @property
    def done(self) -> bool:
        """Whether there is a result, or an error."""
        return self._outcome.done()

    def cancel(self) -> None:
        """Stop it; one that is done stays done."""
        self._end("cancelled")

    def result(self, timeout: float | None = None) -> SqlResult:
        """The result; waited for at most so many seconds.

        Raises:
            QueryRefusedError: it was refused, failed, was cancelled or took too long.
            StorageError: a data file cannot be read.
            TimeoutError: it is not done.
        """
        return self._outcome.result(timeout)

    def _end(self, why: Literal["cancelled", "too long"]) -> None:
        with self._lock:
            if not self.done and not self._ended_early:
                self._ended_early = why
                if self._connection is not None:
                    self._connection.interrupt()

    def _run(self, pinned: PinnedLake) -> None:
        try:
            self._outcome.set_result(self._answer(pinned))
        except BaseException as exc:  # noqa: BLE001  (it is raised where the result is asked for)
            self._outcome.set_exception(exc)
        finally:
            if self._timer is not None:
                self._timer.cancel()

    def _answer(self, pinned: PinnedLake) -> SqlResult:
        connection = open_views(pinned)
        try:
            self._begin(connection)
            _lock_down(connection, pinned, self._limits)
            statement = checked_statement(connection, self.sql, _schemas())
            return _take(connection.execute(statement).to_arrow_reader(10_000), self._limits.rows)
        except duckdb.InterruptException as exc:
            raise QueryRefusedError(self._why_it_ended()) from exc
        except duckdb.IOException as exc:
            raise StorageError(f"the query: a data file cannot be read: {io_sentence(exc)}") from exc
        except duckdb.OutOfMemoryException as exc:
            raise QueryRefusedError(
                "the query was stopped: it needs more memory than a query may take; ask for fewer rows or columns."
            ) from exc
        except duckdb.Error as exc:
            raise QueryRefusedError(f"the query was refused: {_without_paths(exc)}") from exc
        finally:
            with self._lock:
                self._connection = None
            connection.close()

    def _begin(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Let the query be interrupted from now on; one that was cancelled before does not begin."""
        with self._lock:
            self._connection = connection
            if self._ended_early:
                raise QueryRefusedError(self._why_it_ended())

    def _why_it_ended(self) -> str:
        if self._ended_early == "too long":
            return f"the query was stopped: it took more than {self._limits.seconds:g} seconds."
        return "the query was cancelled."


def start_sql(pinned: PinnedLake, sql: str, limits: SqlLimits) -> RunningSql:
    """Begin one SELECT over the pinned tables; what is wrong with it is told when its result is asked for."""
    return RunningSql(pinned, sql, limits)


def run_sql(pinned: PinnedLake, sql: str, limit: int | None) -> SqlResult:
    """The result of one SELECT over the pinned tables, cut after `limit` rows (None: whole).

    Raises:
        QueryRefusedError: it is not one SELECT, names what does not exist, or asks for what is not granted.
        StorageError: a data file cannot be read.
    """
    running = start_sql(pinned, sql, SqlLimits(rows=limit))
    try:
        return running.result()
    except BaseException:
        running.cancel()
        raise


def _schemas() -> set[str]:
    return {table.split(".")[0] for table in READABLE}


def _lock_down(connection: duckdb.DuckDBPyConnection, pinned: PinnedLake, limits: SqlLimits) -> None:
    """From now on this database reads the pinned files and nothing else, and nobody can change that."""
    if limits.memory is not None:
        connection.execute("SET memory_limit = $1", [limits.memory])
        connection.execute("SET max_temp_directory_size = $1", [limits.memory])
    files = [path for table in pinned.tables.values() for path in table.files]
    connection.execute("SET allowed_paths = $1", [files])
    connection.execute("SET enable_external_access = false")
    connection.execute("SET python_enable_replacements = false")
    connection.execute("SET lock_configuration = true")


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
