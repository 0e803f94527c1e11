"""What one landed line says, or why it is refused, as plain Python reads it: the ground of the oracle."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from lake_access.declarations import ENVELOPE_KEYS, Declarations, FieldDeclaration, StreamDeclaration
from lake_access.raw import Batch

Row = dict[str, Any]

LONGEST_LINE = 1 << 20
LONGEST_NAME = 200
LONGEST_SOURCE = 100
DEEPEST = 500
OLDEST = datetime(2000, 1, 1, tzinfo=UTC)

RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ]((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d{1,9}))?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)
LOCAL_PART = re.compile(r'[^\x00-\x20\x7f@"(),:;<>\[\]\\.]+(\.[^\x00-\x20\x7f@"(),:;<>\[\]\\.]+)*')
# Unicode's DerivedCoreProperties.txt: Default_Ignorable_Code_Point.
IGNORABLE = [
    (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
    (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
]  # fmt: skip
MARKS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)


class RefusedLineError(Exception):
    """The line goes to quarantine, for this reason."""


@dataclass(frozen=True)
class Names:
    """Who an event is about: the normalised address, the key, or both."""

    email: str | None
    key: str | None


def read_event(line: bytes, batch: Batch, declarations: Declarations) -> tuple[Row, Names]:
    """The event that a line tells, without its place and its lead.

    Raises:
        RefusedLineError: it is not a valid event; the first thing wrong.
    """
    stream = declarations.sources[batch.stream]
    text = decoded(line)
    told = parsed(text)
    event_type = _event_type(told, stream)
    occurred_at = _occurred_at(told, batch)
    event_id = _name(told, "event_id")
    names = _names(told)
    source = batch.stream if stream.source_field is None else _source(told, stream.source_field)
    fields = stream.fields_of(event_type)
    values = {name: _field(told, name, declared) for name, declared in fields.items()}
    points = _points(stream, event_type, values)
    declared_keys = {*ENVELOPE_KEYS, *fields, *([stream.source_field] if stream.source_field else [])}
    attributes = {key: value for key, value in told.items() if key not in declared_keys}
    event = {
        "event_id": event_id or hashlib.sha256(text.encode()).hexdigest(),
        "source": source,
        "stream": batch.stream,
        "event_type": event_type,
        "occurred_at": occurred_at,
        "ingested_at": batch.landed_at,
        "history": batch.history,
        "batch_id": batch.batch_id,
        "engagement_points": points[0],
        "intent_points": points[1],
        "rules_version": declarations.scoring.version,
        **dict.fromkeys(declarations.typed_columns()),
        **values,
        "attributes": attributes or None,
    }
    return event, names


def decoded(line: bytes) -> str:
    if len(line) > LONGEST_LINE:
        raise RefusedLineError("longer than 1 MiB")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise RefusedLineError("not valid UTF-8") from exc


def parsed(text: str) -> dict[str, Any]:
    """The JSON object that a line is, as RFC 8259 has it, no key twice."""
    try:
        value = json.loads(
            text, parse_constant=_refuse_constant, object_pairs_hook=_refuse_duplicates, parse_int=_whole_number
        )
    except ValueError as exc:
        raise RefusedLineError("not valid JSON") from exc
    except RecursionError as exc:
        raise RefusedLineError(f"nested more than {DEEPEST} levels deep") from exc
    if _holds_lone_surrogate(text, value):
        raise RefusedLineError("not valid JSON")
    if not isinstance(value, dict):
        raise RefusedLineError("not a JSON object")
    if _depth(text) > DEEPEST:
        raise RefusedLineError(f"nested more than {DEEPEST} levels deep")
    return value


def _refuse_constant(_name: str) -> None:
    raise RefusedLineError("NaN or Infinity, which JSON does not have")


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise RefusedLineError("a key stands twice")
    return dict(pairs)


def _whole_number(digits: str) -> int | float:
    # Python refuses to read a whole number of thousands of digits; none of them fits an integer field.
    return int(digits) if len(digits) <= 4_000 else float("inf")


def _holds_lone_surrogate(text: str, value: object) -> bool:
    if "\\u" not in text.lower():
        return False
    if isinstance(value, str):
        return any("\ud800" <= character <= "\udfff" for character in value)
    if isinstance(value, dict):
        return any(_holds_lone_surrogate(text, part) for pair in value.items() for part in pair)
    return isinstance(value, list) and any(_holds_lone_surrogate(text, part) for part in value)


def _depth(text: str) -> int:
    depth = deepest = 0
    for mark in MARKS.findall(text):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(mark, 0)
        deepest = max(deepest, depth)
    return deepest


def _event_type(told: Row, stream: StreamDeclaration) -> str:
    event_type = told.get("event_type")
    if event_type is None:
        raise RefusedLineError("event_type: missing")
    if not isinstance(event_type, str):
        raise RefusedLineError("event_type: not a text")
    if event_type not in stream.events:
        raise RefusedLineError("event_type: unknown in this stream")
    return event_type


def _occurred_at(told: Row, batch: Batch) -> datetime:
    if told.get("timestamp") is None:
        raise RefusedLineError("timestamp: missing")
    moment = rfc3339(told["timestamp"])
    if moment is None:
        raise RefusedLineError("timestamp: not a date and time with a zone, as RFC 3339 has it")
    if moment < OLDEST:
        raise RefusedLineError("timestamp: before the year 2000")
    if moment > batch.landed_at + timedelta(days=1):
        raise RefusedLineError("timestamp: more than a day after it landed")
    return moment


def rfc3339(value: object) -> datetime | None:
    """The moment to the microsecond, or None where the value is no date and time with a zone."""
    found = RFC3339.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    day, clock, fraction, zone = found.groups()
    micros = (fraction or "").ljust(6, "0")[:6]
    try:
        local = datetime.fromisoformat(f"{day}T{clock}.{micros}+00:00")
        sign = 0 if zone in "Zz" else -1 if zone[0] == "+" else 1
        return local + sign * timedelta(hours=int(zone[1:3] or 0), minutes=int(zone[4:6] or 0)) if sign else local
    except (ValueError, OverflowError):
        return None


def _name(told: Row, key: str) -> str | None:
    name = told.get(key)
    if name is None:
        return None
    if key == "lead_key" and isinstance(name, str):
        if "\0" in name:
            raise RefusedLineError("lead_key: holds a NUL character")
        blanks = "".join({sign for sign in name if sign in "\t\n\f\r" or unicodedata.category(sign).startswith("Z")})
        name = unicodedata.normalize("NFC", name.strip(blanks) if blanks else name)
    if not isinstance(name, str) or not 1 <= len(name.encode()) <= LONGEST_NAME:
        raise RefusedLineError(f"{key}: not a text of 1 to 200 bytes")
    return name


def _names(told: Row) -> Names:
    email = told.get("email")
    if email is not None and not isinstance(email, str):
        raise RefusedLineError("email: not a text")
    if email is not None:
        email = normal_email(email)
        if not is_email(email):
            raise RefusedLineError("email: not a possible address")
    key = _name(told, "lead_key")
    if email is None and key is None:
        raise RefusedLineError("no identity: neither email nor lead_key")
    return Names(email, key)


def normal_email(text: str) -> str:
    if text.isascii():
        return text.strip(" \t\r\n").lower()
    visible = "".join(sign for sign in unicodedata.normalize("NFKC", text) if not _is_ignorable(ord(sign)))
    return unicodedata.normalize("NFKC", visible.casefold()).strip()


def _is_ignorable(code: int) -> bool:
    return any(first <= code <= last for first, last in IGNORABLE)


def is_email(text: str) -> bool:
    local, at, domain = text.partition("@")
    labels = domain.split(".")
    return (
        at == "@"
        and len(text.encode()) <= 254
        and len(local.encode()) <= 64
        and LOCAL_PART.fullmatch(local) is not None
        and len(labels) >= 2
        and all(_is_label(label) and len(label) <= 63 for label in labels)
        and not (labels[-1].isascii() and labels[-1].isdigit())
    )


def _is_label(label: str) -> bool:
    kinds = [unicodedata.category(character)[0] for character in label]
    inside = all(kind in "LNM" or character == "-" for kind, character in zip(kinds, label, strict=True))
    return bool(kinds) and inside and kinds[0] in "LN" and kinds[-1] in "LNM"


def _source(told: Row, key: str) -> str:
    source = told.get(key)
    source = source.strip(" \t\r\n") if isinstance(source, str) else ""
    if not source:
        raise RefusedLineError(f"{key}: missing or not a text")
    if len(source) > LONGEST_SOURCE:
        raise RefusedLineError(f"{key}: over {LONGEST_SOURCE} characters")
    return source


def _field(told: Row, name: str, declared: FieldDeclaration) -> object:
    value = told.get(name)
    if value is None:
        if declared.required:
            raise RefusedLineError(f"{name}: missing")
        return None
    typed = _typed(value, declared.type)
    if typed is None:
        expected = {"integer": "an integer", "timestamp": "a date and time with a zone"}
        raise RefusedLineError(f"{name}: not {expected.get(declared.type, f'a {declared.type}')}")
    if declared.min is not None and typed < declared.min:
        raise RefusedLineError(f"{name}: under {declared.min:g}")
    if declared.max is not None and typed > declared.max:
        raise RefusedLineError(f"{name}: over {declared.max:,.0f}".replace(",", ""))
    if declared.one_of is not None and typed not in declared.one_of:
        raise RefusedLineError(f"{name}: not one of {', '.join(declared.one_of)}")
    return typed


def _typed(value: object, kind: str) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "text":
        return value if isinstance(value, str) else None
    if kind == "boolean":
        return value if isinstance(value, bool) else None
    if kind == "timestamp":
        return rfc3339(value)
    if kind == "integer":
        return value if number and isinstance(value, int) and -(2**63) <= value < 2**63 else None
    try:
        finite = float(value) if number else None  # type: ignore[arg-type]
    except OverflowError:
        return None
    return finite if finite is not None and abs(finite) != float("inf") else None


def _points(stream: StreamDeclaration, event_type: str, values: Row) -> tuple[int | None, int | None]:
    rules = stream.events[event_type].scoring
    if not rules:
        return None, None
    met = [
        rule
        for rule in rules
        if rule.when is None
        or (rule.at_least is not None and values[rule.when] is not None and values[rule.when] >= rule.at_least)
        or (rule.equals is not None and values[rule.when] == rule.equals)
    ]
    return sum(rule.engagement for rule in met), sum(rule.intent for rule in met)
