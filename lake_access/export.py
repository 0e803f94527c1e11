"""Query results as files."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import BinaryIO, Literal

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from lake_access.errors import RefusedError, StorageError
from lake_access.sql import SqlResult

ExportFormat = Literal["json", "csv", "parquet"]
# Leads that a page hands over as one file, which is made whole in memory: some 650 bytes a lead.
MOST_LEADS = 1_000_000


def check_lead_count(leads: int) -> None:
    """Let pass so many leads for one file.

    Raises:
        RefusedError: they are more than `MOST_LEADS`; a file is whole or is not made.
    """
    if leads > MOST_LEADS:
        raise RefusedError(
            f"the file: {leads:,} leads are more than the {MOST_LEADS:,} that one holds, and none is cut short; "
            "filter further, by days for instance, and take one after another."
        )


def write_result(result: SqlResult, out: Path | None, format_: ExportFormat) -> None:
    """Write the result to a file, or to standard output where `out` is None (CSV and JSON only).

    Raises:
        StorageError: the file cannot be written.
    """
    if out is None:
        _write(result, sys.stdout.buffer, format_)
        sys.stdout.buffer.flush()
        return
    try:
        with out.open("wb") as file:
            _write(result, file, format_)
    except OSError as exc:
        raise StorageError(f"{out}: cannot be written ({exc.strerror}); choose another file with --out.") from exc


def _write(result: SqlResult, file: BinaryIO, format_: ExportFormat) -> None:
    if format_ == "parquet":
        pyarrow.parquet.write_table(result.table, file, compression="zstd")
    elif format_ == "csv":
        pyarrow.csv.write_csv(flat(result.table), file)
    else:
        value = {"columns": result.columns, "rows": result.rows(), "truncated": result.truncated}
        file.write((json.dumps(value, ensure_ascii=False, default=str) + "\n").encode())


def flat(table: pa.Table) -> pa.Table:
    """The table with every column that CSV has no form for (lists, structs, UUIDs) as text."""
    columns = [
        column
        if _has_csv_form(column.type)
        else pa.array([None if v is None else str(v) for v in column.to_pylist()], pa.string())
        for column in table.columns
    ]
    return pa.table(columns, names=table.column_names)


def _has_csv_form(kind: pa.DataType) -> bool:
    return not (pa.types.is_nested(kind) or isinstance(kind, pa.BaseExtensionType) or pa.types.is_decimal(kind))
