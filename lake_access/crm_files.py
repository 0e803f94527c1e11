"""The files of a CRM export: CSV (plain or gzip) and Parquet, read row by row, each row with its place in the file.

A place is a physical line of a CSV file, where the row begins, or a row number of a Parquet file; both count from 1.
What is wrong with one row is handed on as an `UnreadableRow`; what is wrong with the file is raised.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import zlib
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from io import TextIOWrapper
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

import pyarrow as pa
import pyarrow.parquet as pq

from lake_access.crm_cells import Cell, shown
from lake_access.crm_mapping import CsvOptions
from lake_access.errors import ImportRefusedError

ColumnKind = Literal["text", "integer", "number", "boolean", "time", "other"]

# A line is held in memory whole; past this it is no row of a table.
_LONGEST_LINE = 1 << 22
_ROWS_AT_ONCE = 4096
_OTHER_DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class UnreadableRow:
    """What is wrong with a row as a whole, or with the column named."""

    reason: str
    column: str | None = None


Rows = Iterator[tuple[int, Sequence[Cell] | UnreadableRow]]


@dataclass(frozen=True)
class ExportFile:
    """One file of an export: its columns in order, each with its kind, and how to read some of them row by row."""

    path: Path
    columns: dict[str, ColumnKind]
    place: Literal["line", "row"]
    read: Callable[[Sequence[str]], Rows]
    hint: str = ""


def open_export(path: Path, options: CsvOptions) -> ExportFile:
    """Read the header of a .csv, .csv.gz or .parquet file.

    Raises:
        ImportRefusedError: the file is missing, empty, corrupt, of another kind, or two of its columns share a name.
    """
    name = path.name.casefold()
    if name.endswith((".csv", ".csv.gz")):
        return _open_csv(path, options)
    if name.endswith(".parquet"):
        return _open_parquet(path)
    raise ImportRefusedError(f"{path}: not a file that can be imported; export it as .csv, .csv.gz or .parquet.")


def _open_csv(path: Path, options: CsvOptions) -> ExportFile:
    with _refusing(path), closing(_records(path, options)) as records:
        line, header = next(records, (1, None))
    if header is None:
        raise ImportRefusedError(f"{path}: the file is empty; a header with the columns' names comes first.")
    if isinstance(header, UnreadableRow):
        raise ImportRefusedError(f"{path}, line {line}: {header.reason}.")
    undecodable = _undecodable(header, header, options)
    if undecodable is not None:
        raise ImportRefusedError(f"{path}, line {line}: {undecodable.reason}.")

    def read(columns: Sequence[str]) -> Rows:
        return _csv_rows(path, options, header, columns)

    hint = ""
    if len(header) == 1 and any(sign in header[0] for sign in _OTHER_DELIMITERS):
        hint = f"; its header reads as one column with the delimiter {options.delimiter!r} of [csv]"
    return ExportFile(path, _distinct(path, [(name, "text") for name in header]), "line", read, hint)


def _csv_rows(path: Path, options: CsvOptions, header: Sequence[str], columns: Sequence[str]) -> Rows:
    # A mapping names two columns at least, who and when, so that this gives tuples.
    pick = itemgetter(*(header.index(column) for column in columns))
    width = len(header)
    with _refusing(path):
        records = _records(path, options)
        next(records)
        for line, record in records:
            if isinstance(record, UnreadableRow):
                yield line, record
            elif len(record) != width:
                yield line, UnreadableRow(f"the row has {len(record)} cells, and the header has {width}")
            elif (undecodable := _undecodable(record, header, options)) is not None:
                yield line, undecodable
            else:
                yield line, pick(record)


def _records(path: Path, options: CsvOptions) -> Generator[tuple[int, list[str] | UnreadableRow], None, None]:
    """Every record that is not a blank line, with the line it begins on; a byte that is no text becomes a surrogate."""
    with _binary(path) as stream:
        # A byte-order mark is no part of the first column's name.
        encoding = "utf-8-sig" if codecs.lookup(options.encoding).name == "utf-8" else options.encoding
        text = TextIOWrapper(stream, encoding=encoding, errors="surrogateescape", newline="")
        reader = csv.reader(_lines(path, text), delimiter=options.delimiter, strict=True)
        while True:
            line = reader.line_num + 1
            try:
                record = next(reader, None)
            except csv.Error as exc:
                yield line, UnreadableRow(_what_is_wrong(exc))
                continue
            except UnicodeError as exc:
                raise ImportRefusedError(
                    f"{path}, line {line} or later: not {options.encoding}; name the file's encoding in [csv]."
                ) from exc
            if record is None:
                return
            if record:
                yield line, record


def _lines(path: Path, text: TextIOWrapper) -> Iterator[str]:
    number = 0
    while line := text.readline(_LONGEST_LINE):
        number += 1
        if len(line) == _LONGEST_LINE:
            raise ImportRefusedError(
                f"{path}, line {number}: longer than {_LONGEST_LINE:,} characters; not a CSV file."
            )
        yield line


def _what_is_wrong(error: csv.Error) -> str:
    message = str(error)
    if "unexpected end of data" in message:
        return "a quote that is opened in this row is never closed"
    if "field limit" in message:
        return f"a cell is longer than {csv.field_size_limit():,} characters, or its quote is never closed"
    if "expected after" in message:
        return "a closing quote is followed by more text; a quote within a cell is written twice"
    return f"the row is no CSV ({message})"


def _undecodable(record: Sequence[str], header: Sequence[str], options: CsvOptions) -> UnreadableRow | None:
    joined = "".join(record)
    if joined.isascii():
        return None
    try:
        joined.encode("utf-8")
    except UnicodeEncodeError as exc:
        stray = joined[exc.start]
        column = next(name for name, cell in zip(header, record, strict=True) if stray in cell)
        byte = f"byte 0x{ord(stray) - 0xDC00:02x}"
        return UnreadableRow(
            f'{byte} is not {options.encoding}; name the encoding in [csv], as encoding = "cp1252"', column
        )
    return None


@contextmanager
def _binary(path: Path) -> Iterator[BinaryIO]:
    with path.open("rb") as plain:
        zipped = plain.read(2) == b"\x1f\x8b"
        plain.seek(0)
        if zipped:
            with gzip.open(plain, "rb") as unzipped:
                yield cast(BinaryIO, unzipped)
        else:
            yield plain


def _open_parquet(path: Path) -> ExportFile:
    with _refusing(path):
        schema = pq.read_schema(path)

    def read(columns: Sequence[str]) -> Rows:
        return _parquet_rows(path, columns)

    return ExportFile(path, _distinct(path, [(field.name, _kind(field.type)) for field in schema]), "row", read)


def _parquet_rows(path: Path, columns: Sequence[str]) -> Rows:
    first = 1
    with _refusing(path), pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE, columns=list(dict.fromkeys(columns))):
            cells = {name: _cells(path, first, name, batch.column(name)) for name in batch.schema.names}
            yield from enumerate(zip(*(cells[column] for column in columns), strict=True), start=first)
            first += batch.num_rows


def _cells(path: Path, first: int, column: str, values: Any) -> list[Cell]:
    """A column's values as cells: an empty one as the empty text, a time as its RFC 3339 text."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    kind = values.type
    convert: Callable[[Any], str] | None = None
    if pa.types.is_decimal(kind):
        values = values.cast(pa.float64())
    elif pa.types.is_timestamp(kind):
        # In UTC and without a zone, since Arrow takes long to make a datetime with one.
        values = values.cast(pa.timestamp("us", "UTC" if kind.tz else None), safe=False).cast(pa.timestamp("us"))
        convert = _utc_time if kind.tz else datetime.isoformat
    elif pa.types.is_date(kind):
        convert = date.isoformat
    try:
        listed = values.to_pylist()
    except (ValueError, OverflowError) as exc:
        place = first + next(index for index, value in enumerate(values) if not _is_readable(value))
        raise ImportRefusedError(
            f"{path}, row {place}, column {shown(column)}: holds what is no text in UTF-8 and no time that can be kept."
        ) from exc
    if convert is not None:
        return ["" if value is None else convert(value) for value in listed]
    return ["" if value is None else value for value in listed] if values.null_count else listed


def _is_readable(value: Any) -> bool:
    try:
        value.as_py()
    except (ValueError, OverflowError):
        return False
    return True


def _utc_time(moment: datetime) -> str:
    return f"{moment.isoformat()}Z"


def _kind(arrow: Any) -> ColumnKind:
    if pa.types.is_dictionary(arrow):
        return _kind(arrow.value_type)
    if arrow in (pa.string(), pa.large_string(), pa.string_view(), pa.null()):
        return "text"
    if pa.types.is_boolean(arrow):
        return "boolean"
    if pa.types.is_integer(arrow):
        return "integer"
    if pa.types.is_floating(arrow) or pa.types.is_decimal(arrow):
        return "number"
    return "time" if pa.types.is_timestamp(arrow) or pa.types.is_date(arrow) else "other"


def _distinct(path: Path, columns: Sequence[tuple[str, ColumnKind]]) -> dict[str, ColumnKind]:
    names = [name for name, _ in columns]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        positions = ", ".join(str(at) for at, name in enumerate(names, start=1) if name == twice)
        raise ImportRefusedError(
            f"{path}: columns {positions} are all named {shown(twice)}; rename them in the export."
        )
    return dict(columns)


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Translate what the file system, gzip and Arrow raise about a file into one refusal that names it."""
    try:
        yield
    except FileNotFoundError as exc:
        raise ImportRefusedError(f"{path}: no such file.") from exc
    except EOFError as exc:
        raise ImportRefusedError(f"{path}: the gzip file is truncated; fetch it again.") from exc
    except (gzip.BadGzipFile, zlib.error) as exc:
        raise ImportRefusedError(f"{path}: the gzip file is corrupt ({exc}); fetch it again.") from exc
    except pa.ArrowException as exc:
        raise ImportRefusedError(f"{path}: not a whole Parquet file ({exc}); export it again.") from exc
    except OSError as exc:
        raise ImportRefusedError(f"{path}: cannot be read ({exc.strerror or exc}).") from exc
