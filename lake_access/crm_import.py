"""The CRM import: rows of an export become raw events, as JSON Lines, the way a mapping says.

A row becomes a `crm_contact` for the stream `crm` and, where it has one, an `outcome` for the stream `outcomes`. The
lines depend on the mapping and the rows alone: the same import lands the same bytes, and an event is its content.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from pydantic_core import to_json

from lake_access.crm_cells import (
    Cell,
    CellError,
    CellReader,
    Value,
    number_reader,
    read_email,
    read_kept,
    read_key,
    read_text,
    required,
    shown,
    time_reader,
    verdict_reader,
)
from lake_access.crm_files import ExportFile, UnreadableRow, open_export
from lake_access.crm_mapping import SOURCE_FIELD, CrmMapping, TimeColumn
from lake_access.errors import ImportRefusedError, StorageError

CONTACT_TYPE = "crm_contact"
OUTCOME_TYPE = "outcome"
PROBLEMS_SHOWN = 10

_ROWS_BETWEEN_NEWS = 10_000
_COLUMNS_LISTED = 12

Event = dict[str, Value]


@dataclass(frozen=True)
class ImportedStreams:
    """What an import wrote: a file of events a stream, None where there is no outcome, and their numbers."""

    crm: Path
    outcomes: Path | None
    rows: int
    outcomes_count: int
    converted: int


@dataclass(frozen=True, slots=True)
class _Part:
    """One key of an event: the column it comes from, and how its cells are read."""

    key: str
    column: str
    read: CellReader


@dataclass(frozen=True)
class _Plan:
    """How the rows of one file become events: parts of the contact, then parts of the outcome, in their key order."""

    export: ExportFile
    contact: tuple[_Part, ...]
    outcome: tuple[_Part, ...]
    outcome_time: str | None

    @property
    def columns(self) -> list[str]:
        return [part.column for part in (*self.contact, *self.outcome)]


class _RowError(Exception):
    """A row has no events; the message says why, and `column` where."""

    def __init__(self, column: str | None, reason: str) -> None:
        super().__init__(reason)
        self.column = column


@dataclass
class _Problems:
    """The rows that cannot be read: the first few in words, all by number."""

    count: int = 0
    described: list[str] = field(default_factory=list)

    def add(self, export: ExportFile, place: int, column: str | None, reason: str) -> None:
        self.count += 1
        if len(self.described) < PROBLEMS_SHOWN:
            where = f", column {shown(column)}" if column is not None else ""
            self.described.append(f"{export.path}, {export.place} {place}{where}: {reason}")

    def refuse(self) -> None:
        if not self.count:
            return
        rows = "1 row" if self.count == 1 else f"{self.count:,} rows"
        more = [f"and {self.count - len(self.described):,} more"] if self.count > len(self.described) else []
        summary = f"{rows} cannot be read, so nothing was imported:"
        raise ImportRefusedError("\n  ".join([summary, *self.described, *more]))


def write_events(
    mapping: CrmMapping, files: Sequence[Path], folder: Path, progress: Callable[[int], None] = lambda _rows: None
) -> ImportedStreams:
    """Write the events of all rows into `folder`, as crm.jsonl and, if there are outcomes, outcomes.jsonl.

    Every file's header is checked before the first row is read. Memory does not grow with the number of rows.
    `progress` is told the rows read since the last call.

    Raises:
        ImportRefusedError: a file or a row cannot be read as the mapping says; neither file is left in `folder`.
        StorageError: the folder cannot be written.
    """
    if not files:
        raise ImportRefusedError("no file to import was named; give one or more .csv, .csv.gz or .parquet files.")
    plans = [_plan(mapping, open_export(file, mapping.csv)) for file in files]
    crm, outcomes = folder / "crm.jsonl", folder / "outcomes.jsonl"
    try:
        with crm.open("wb", buffering=1 << 20) as crm_file, outcomes.open("wb", buffering=1 << 20) as outcomes_file:
            counts = _write_rows(plans, crm_file, outcomes_file, progress)
    except ImportRefusedError:
        crm.unlink(missing_ok=True)
        outcomes.unlink(missing_ok=True)
        raise
    except OSError as exc:
        raise StorageError(f"{folder}: the events cannot be written ({exc.strerror}); check space and rights.") from exc
    if counts.outcomes == 0:
        outcomes.unlink()
    return ImportedStreams(crm, outcomes if counts.outcomes else None, counts.rows, counts.outcomes, counts.converted)


@dataclass
class _Counts:
    rows: int = 0
    outcomes: int = 0
    converted: int = 0


def _write_rows(
    plans: Sequence[_Plan], crm_file: BinaryIO, outcomes_file: BinaryIO, progress: Callable[[int], None]
) -> _Counts:
    counts, problems = _Counts(), _Problems()
    for plan in plans:
        for contact, outcome in _events(plan, problems, progress):
            counts.rows += 1
            crm_file.write(to_json(contact) + b"\n")
            if outcome is not None:
                counts.outcomes += 1
                counts.converted += outcome["converted"] is True
                outcomes_file.write(to_json(outcome) + b"\n")
    problems.refuse()
    return counts


def _events(plan: _Plan, problems: _Problems, progress: Callable[[int], None]) -> Iterator[tuple[Event, Event | None]]:
    """The events of one file's rows; a row without is noted in `problems`."""
    number = 0
    for number, (place, row) in enumerate(plan.export.read(plan.columns), start=1):
        if number % _ROWS_BETWEEN_NEWS == 0:
            progress(_ROWS_BETWEEN_NEWS)
        if isinstance(row, UnreadableRow):
            problems.add(plan.export, place, row.column, row.reason)
            continue
        try:
            contact = _contact(plan, row)
            yield contact, _outcome(plan, row[len(plan.contact) :], contact)
        except _RowError as exc:
            problems.add(plan.export, place, exc.column, str(exc))
    progress(number % _ROWS_BETWEEN_NEWS)
    if number == 0:
        raise ImportRefusedError(f"{plan.export.path}: the file has a header and no rows; there is nothing to import.")


def _contact(plan: _Plan, row: Sequence[Cell]) -> Event:
    contact = _read({"event_type": CONTACT_TYPE}, plan.contact, row)
    if "lead_key" not in contact and "email" not in contact:
        identity = [shown(part.column) for part in plan.contact if part.key in ("lead_key", "email")]
        raise _RowError(None, f"nothing says who the lead is: {' and '.join(identity)} empty")
    return contact


def _outcome(plan: _Plan, row: Sequence[Cell], contact: Event) -> Event | None:
    read = _read({}, plan.outcome, row)
    if "converted" not in read:
        return None
    if "timestamp" not in read and plan.outcome_time is not None:
        raise _RowError(
            plan.outcome_time,
            "is empty, and the row has an outcome; or_contact_time = true in [outcome_time] takes the contact's time",
        )
    who: Event = {key: contact[key] for key in ("lead_key", "email", "timestamp") if key in contact}
    return {"event_type": OUTCOME_TYPE, **who, **read}


def _read(event: Event, parts: Sequence[_Part], row: Sequence[Cell]) -> Event:
    """Put each part's value into the event, in the order of the parts; an empty cell leaves its key out."""
    part = None
    try:
        for part, cell in zip(parts, row, strict=False):
            value = part.read(cell)
            if value is not None:
                event[part.key] = value
    except CellError as exc:
        raise _RowError(part.column if part else None, str(exc)) from exc
    return event


def _plan(mapping: CrmMapping, export: ExportFile) -> _Plan:
    """Decide how each mapped column of this file is read.

    Raises:
        ImportRefusedError: the file lacks a mapped column, or one has a type that cannot be what it is mapped to.
    """
    _check_columns(mapping, export)
    try:
        attributes = mapping.attribute_keys(export.columns)
    except ValueError as exc:
        raise ImportRefusedError(f"{export.path}: {exc}.") from exc
    contact = (*_identity(mapping, export), *_touch(mapping, export), *_attributes(mapping, attributes))
    own_time = mapping.outcome_time
    needs_time = own_time is not None and not own_time.or_contact_time
    plan = _Plan(
        export,
        contact,
        tuple(_outcome_parts(mapping, export)),
        outcome_time=own_time.column if own_time is not None and needs_time else None,
    )
    _check_types(plan)
    return plan


def _identity(mapping: CrmMapping, export: ExportFile) -> Iterator[_Part]:
    if mapping.identity.lead_key is not None:
        _as_text(export, mapping.identity.lead_key)
        yield _Part("lead_key", mapping.identity.lead_key, read_key)
    if mapping.identity.email is not None:
        yield _Part("email", mapping.identity.email, read_email)


def _touch(mapping: CrmMapping, export: ExportFile) -> Iterator[_Part]:
    read_time = _as_time(export, mapping.time, "time")
    yield _Part("timestamp", mapping.time.column, required(read_time, "is empty, and a contact needs its time"))
    yield _source(mapping, export)
    for name, column in sorted(mapping.fields.items()):
        is_number = column in mapping.numbers.columns
        yield _Part(name, column, number_reader(mapping.numbers) if is_number else _as_text(export, column))


def _source(mapping: CrmMapping, export: ExportFile) -> _Part:
    column, text = mapping.source.column, (mapping.source.text or "").strip()
    if column is None:
        # The same for every row, whatever stands in a column that every row has.
        return _Part(SOURCE_FIELD, mapping.time.column, lambda _cell: text)
    read = _as_text(export, column)
    if text:
        return _Part(SOURCE_FIELD, column, lambda cell: read(cell) or text)
    missing = 'is empty; the source of such rows can be given in [source], as text = "unknown"'
    return _Part(SOURCE_FIELD, column, required(read, missing))


def _attributes(mapping: CrmMapping, attributes: dict[str, str]) -> Iterator[_Part]:
    for column, key in attributes.items():
        is_number = column in mapping.numbers.columns
        yield _Part(key, column, number_reader(mapping.numbers) if is_number else read_kept)


def _outcome_parts(mapping: CrmMapping, export: ExportFile) -> Iterator[_Part]:
    if mapping.outcome is None:
        return
    if mapping.outcome_time is not None:
        column = mapping.outcome_time.column
        yield _Part("timestamp", column, _as_time(export, mapping.outcome_time, "outcome_time"))
    _as_text(export, mapping.outcome.column)
    yield _Part("converted", mapping.outcome.column, verdict_reader(mapping.outcome.verdicts()))
    if mapping.outcome.value is not None:
        yield _Part("value", mapping.outcome.value, number_reader(mapping.numbers))


def _as_text(export: ExportFile, column: str) -> Callable[[Cell], str | None]:
    if export.columns[column] == "number":
        raise ImportRefusedError(f"{export.path}: column {shown(column)} holds fractional numbers; export it as text.")
    return read_text


def _as_time(export: ExportFile, time: TimeColumn, table: str) -> Callable[[Cell], str | None]:
    kind = export.columns[time.column]
    if kind not in ("text", "time"):
        raise ImportRefusedError(
            f"{export.path}: column {shown(time.column)} holds no times; export it as text or times."
        )
    # A typed time comes as RFC 3339; the format is that of text.
    return time_reader(time.model_copy(update={"format": None}) if kind == "time" else time, table)


def _check_columns(mapping: CrmMapping, export: ExportFile) -> None:
    for column, key in mapping.named_columns().items():
        if column not in export.columns:
            nearest = _nearest_columns(column, list(export.columns))
            missing = f"there is no column {shown(column)}, which the mapping names in {key}"
            raise ImportRefusedError(f"{export.path}: {missing}{export.hint}; {nearest}.")


def _check_types(plan: _Plan) -> None:
    unusable = next((column for column in plan.columns if plan.export.columns[column] == "other"), None)
    if unusable is not None:
        raise ImportRefusedError(f"{plan.export.path}: column {shown(unusable)} holds lists or bytes; leave it out.")


def _nearest_columns(column: str, columns: Sequence[str]) -> str:
    by_folded = {name.casefold().strip(): name for name in columns}
    close = difflib.get_close_matches(column.casefold().strip(), by_folded, n=3)
    if close:
        return f"near it are {', '.join(shown(by_folded[name]) for name in close)}"
    more = f" and {len(columns) - _COLUMNS_LISTED} more" if len(columns) > _COLUMNS_LISTED else ""
    return f"the file has {', '.join(shown(name) for name in columns[:_COLUMNS_LISTED])}{more}"
