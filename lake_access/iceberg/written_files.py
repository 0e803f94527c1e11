"""A data file as a commit takes it, from what DuckDB said when it had written it: nobody opens the file again.

On S3 that spares two answers for each file, and anywhere most of the time that a commit of many small files takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import cast

from pyiceberg.conversions import to_bytes
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.table import Table
from pyiceberg.typedef import Record
from pyiceberg.types import DateType, PrimitiveType, TimestamptzType

# The option of a COPY whose answer is one row for each file.
RETURNED = "RETURN_STATS true"
# A row of it: name, rows, bytes, bytes of the footer, statistics by quoted column, partition keys.
Statistics = Mapping[str, Mapping[str, str]]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def described(table: Table, path: str, rows: int, size: int, statistics: Statistics) -> DataFile:
    """The description of one file, whose rows must all be of one partition; with the bounds of its partition's columns.

    Raises:
        ValueError: its rows are of several partitions.
    """
    schema, partition = table.schema(), []
    least, greatest, missing = {}, {}, {}
    for field in table.spec().fields:
        column = schema.find_field(field.source_id)
        told = statistics[f'"{column.name}"']
        kind = cast(PrimitiveType, column.field_type)
        low, high = _value(kind, told["min"]), _value(kind, told["max"])
        place = field.transform.transform(kind)
        if place(low) != place(high):
            raise ValueError(f"{path}: its rows are of more than one partition ({column.name} {low} to {high}).")
        partition.append(place(low))
        least[field.source_id] = to_bytes(kind, low)
        greatest[field.source_id] = to_bytes(kind, high)
        missing[field.source_id] = int(told["null_count"])
    return DataFile.from_args(
        content=DataFileContent.DATA,
        file_path=path,
        file_format=FileFormat.PARQUET,
        partition=Record(*partition),
        record_count=rows,
        file_size_in_bytes=size,
        value_counts=dict.fromkeys(least, rows),
        null_value_counts=missing,
        nan_value_counts={},
        lower_bounds=least,
        upper_bounds=greatest,
        sort_order_id=None,
        spec_id=table.metadata.default_spec_id,
        equality_ids=None,
        key_metadata=None,
    )


def _value(kind: PrimitiveType, text: str) -> int | str:
    """What DuckDB wrote as text, in the form in which Iceberg keeps it: microseconds, days, or the text itself."""
    if isinstance(kind, TimestamptzType):
        return (datetime.fromisoformat(text) - _EPOCH) // timedelta(microseconds=1)
    return (date.fromisoformat(text) - _EPOCH.date()).days if isinstance(kind, DateType) else text
