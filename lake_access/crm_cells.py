"""The cells of a CRM export: from what stands in a column to the JSON value of an event, or a reason why not.

Messages carry the cell's text shortened and on one line, and never an e-mail address.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from unicodedata import category
from zoneinfo import ZoneInfo

from lake_access.building.identity import fold_unicode
from lake_access.crm_mapping import NumberOptions, TimeColumn
from lake_access.declarations import nearest

# What a file gives: text, or what Parquet types as a number or a boolean. An empty cell is the empty text.
Cell = str | int | float | bool
Value = str | int | float | bool
CellReader = Callable[[Cell], Value | None]

_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?))?([Zz]|[+-]\d\d:\d\d)?", re.ASCII)
_FRACTION = re.compile("[.eE]")
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@.]+")
_AT_SIGNS = frozenset("@\N{FULLWIDTH COMMERCIAL AT}\N{SMALL COMMERCIAL AT}")
# What the build asks of an identity (queries/curate_functions.sql, queries/curate_type.sql); lengths in bytes.
_LONGEST_KEY = 200
_LONGEST_ADDRESS = 254
_LONGEST_NAME = 64
_ATOM = r'[^\x00-\x20\x7f@"(),:;<>\[\]\\.]+'
_NAME = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LABEL = r"[^\W_](?:[\w-]*\w)?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}")
# A label of more than 63 characters, or a number where the name of a country or the like should stand.
_NO_DOMAIN = re.compile(r"[^.]{64}|\.[0-9]+$")
_MOST_DIGITS = 18
_TIMES_REMEMBERED = 1 << 16
_NUMBERS_REMEMBERED = 1 << 12


class CellError(ValueError):
    """A cell cannot be read as its column's meaning asks; the message says what is wrong with it."""


def shown(text: str, length: int = 40) -> str:
    """The text for a message: quoted, on one line, shortened, with every word masked that has an @ in it."""
    masked = re.sub(r"\S+", lambda word: "***" if not _AT_SIGNS.isdisjoint(word[0]) else word[0], text)
    return repr(masked if len(masked) <= length else f"{masked[: length - 1]}…")


def read_text(cell: Cell) -> str | None:
    """Text without the spaces around it: keys, sources, fields. Integers and booleans of Parquet as their text."""
    if not isinstance(cell, str):
        return str(cell).lower()
    text = cell.strip()
    return _without_address(text) if "@" in text else text or None


def read_key(cell: Cell) -> str | None:
    """A lead's key: text, up to 200 bytes of it."""
    key = read_text(cell)
    if key is not None and len(key.encode()) > _LONGEST_KEY:
        raise CellError(f"{shown(key)} is longer than a key's {_LONGEST_KEY} bytes")
    return key


def read_kept(cell: Cell) -> Value | None:
    """An attribute, as it stands: text with its spaces, a number or boolean of Parquet with its type."""
    if isinstance(cell, float):
        return _finite(cell)
    if isinstance(cell, str):
        return _without_address(cell) if "@" in cell else cell or None
    return cell


def read_email(cell: Cell) -> str | None:
    """An e-mail address as written, without the spaces around it."""
    address = str(cell).strip()
    if not address:
        return None
    reason = _why_impossible(address)
    if reason is not None:
        raise CellError(f"holds an impossible e-mail address: {reason}")
    return address


def number_reader(options: NumberOptions) -> CellReader:
    """A reader of numbers written with these signs; whole ones without a decimal sign become integers."""
    group = {None: "", " ": " \u00a0\u202f"}.get(options.thousands, options.thousands)
    grouped = rf"[0-9]{{1,3}}(?:[{group}][0-9]{{3}})+|" if group else ""
    point = re.escape(options.decimal)
    written = re.compile(rf"[+-]?(?:(?:{grouped}[0-9]+)(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]{{1,4}})?")
    to_plain = str.maketrans({options.decimal: ".", **dict.fromkeys(group or "")})

    # A column repeats its numbers, and remembering them takes a quarter off an import. Typed, since 1 == 1.0 == True.
    @lru_cache(maxsize=_NUMBERS_REMEMBERED, typed=True)
    def read_number(cell: Cell) -> int | float | None:
        if not isinstance(cell, str):
            return _finite(cell)
        text = cell.strip()
        if not text:
            return None
        if written.fullmatch(text) is None:
            raise CellError(f"{shown(text)} is not a number")
        plain = text.translate(to_plain)
        return _finite(float(plain), text) if _FRACTION.search(plain) else _whole(plain)

    return read_number


def time_reader(written: TimeColumn, table: str) -> Callable[[Cell], str | None]:
    """A reader of times, to RFC 3339 in UTC; `table` is the mapping's table that a message points to."""
    zone = ZoneInfo(written.timezone) if written.timezone else None
    parse: Callable[[str], datetime]
    if written.format is None:
        parse, expected = _parse_rfc3339, f"as RFC 3339 has it, 2025-01-31T10:00:00Z; [{table}] may say another format"
    else:
        parse, expected = _strptime(written.format), f"in the format {written.format!r} of [{table}]"

    def read_time(cell: Cell) -> str | None:
        text = str(cell).strip()
        if not text:
            return None
        try:
            moment = parse(text)
        except ValueError as exc:
            raise CellError(f"{shown(text)} is not a time {expected}") from exc
        if moment.tzinfo is None:
            if zone is None:
                raise CellError(f'{shown(text)} has no zone; name it in [{table}], as timezone = "Europe/Berlin"')
            moment = moment.replace(tzinfo=zone)
        try:
            return rfc3339(moment)
        except OverflowError as exc:
            raise CellError(f"{shown(text)} is not a time that can be kept") from exc

    return read_time


def rfc3339(moment: datetime) -> str:
    """A moment with a zone, in UTC: 2025-01-31T10:00:00Z, with microseconds only where there are some."""
    return f"{moment.astimezone(UTC).isoformat()[:-6]}Z"


def verdict_reader(verdicts: Mapping[str, bool | None]) -> Callable[[Cell], bool | None]:
    """A reader of outcomes: what the mapping says the text means."""

    def read_verdict(cell: Cell) -> bool | None:
        text = cell.strip() if isinstance(cell, str) else str(cell).lower()
        try:
            return verdicts[text]
        except KeyError as exc:
            known = (value for value in verdicts if value)
            raise CellError(
                f"{shown(text)} is neither converted, not_converted nor ignore in [outcome]{nearest(text, known)}"
            ) from exc

    return read_verdict


def required(read: Callable[[Cell], Value | None], missing: str) -> CellReader:
    """The same reader, for a cell that may not be empty."""

    def read_required(cell: Cell) -> Value | None:
        value = read(cell)
        if value is None:
            raise CellError(missing)
        return value

    return read_required


def _without_address(text: str) -> str:
    """The text, unless it is an e-mail address: those belong in the e-mail column alone, which is kept apart."""
    if _ADDRESS.fullmatch(text.strip()):
        raise CellError("holds an e-mail address; map the column as identity.email, or leave it out of the import")
    return text


def _why_impossible(address: str) -> str | None:
    folded = address if address.isascii() else fold_unicode(address)
    name, _, domain = folded.rpartition("@")
    if "@" not in folded:
        return "it has no @"
    if "@" in name:
        return "it has more than one @"
    if len(folded.encode()) > _LONGEST_ADDRESS or len(name.encode()) > _LONGEST_NAME:
        return f"it is longer than {_LONGEST_ADDRESS} bytes, or than {_LONGEST_NAME} before the @"
    if not _NAME.fullmatch(name):
        return "what stands before the @ is not a mailbox"
    # A mark may follow a letter, and Python's \w leaves it out; the underscore, of no use in a domain, stands for it.
    marked = "".join("_" if category(sign).startswith("M") else sign for sign in domain)
    if "_" in domain or not _DOMAIN.fullmatch(marked) or _NO_DOMAIN.search(domain):
        return "what follows the @ is not a domain"
    return None


def _parse_rfc3339(text: str) -> datetime:
    found = _RFC3339.fullmatch(text)
    if found is None:
        raise ValueError(text)
    day, clock, offset = found.groups()
    return datetime.fromisoformat(f"{day}T{clock or '00:00'}{(offset or '').upper()}")


def _strptime(written: str) -> Callable[[str], datetime]:
    # strptime is slow, and an export has the same days over and over.
    @lru_cache(maxsize=_TIMES_REMEMBERED)
    def parse(text: str) -> datetime:
        return datetime.strptime(text, written)  # noqa: DTZ007 (the zone of a time without one is the mapping's)

    return parse


def _whole(digits: str) -> int:
    # JSON readers hold 64 bits; a longer run of digits is a key or a telephone number, and would be rounded.
    if len(digits.lstrip("+-0")) > _MOST_DIGITS:
        raise CellError(
            f"{shown(digits)} is too long for a number; to keep it as text, leave the column out of numbers"
        )
    return int(digits)


def _finite(number: int | float, text: str | None = None) -> int | float:
    if isinstance(number, bool) or not math.isfinite(number):
        raise CellError(f"{shown(text or str(number))} is not a finite number")
    return number
