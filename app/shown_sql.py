"""SQL as a page shows it: the query behind a number, to be pasted and run as it stands.

What Leadlake runs itself stays bound. Here values stand in the place of their parameters, in text that is only shown:
a reader may run it where any SELECT of theirs runs, read only and within their own limits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

Query = tuple[str, Mapping[str, object]]

# What stands first wins: a `$name` within text, a quoted name or a comment is none.
_TOKENS: Final = re.compile(
    r"""
      (?<!\w)[eE]'(?:[^'\\]|\\.|'')*'
    | '(?:[^']|'')*'
    | "(?:[^"]|"")*"
    | --[^\n]*
    | /\*.*?\*/
    | (?<![\w$])\$(?P<tag>[A-Za-z_]\w*)?\$.*?\$(?P=tag)?\$
    | (?<![\w$])\$(?P<name>[A-Za-z_]\w*)
    """,
    re.VERBOSE | re.DOTALL,
)
_HEADER: Final = re.compile(r"\A(?:--[^\n]*(?:\n|\Z))+")
_PART: Final = re.compile(r"(?:(?<=\A)|(?<=\n)|(?<=\. ))(?=(?:What|Grain|Slots?[^:\n]*|Reads|Parameters):)")
_TOLD: Final = ("What:", "Grain:", "Reads:")
_CONTROLS: Final = re.compile(r"[\x01-\x1f\x7f]")


def runnable(sql: str, parameters: Mapping[str, object]) -> str:
    """The query with each value as a literal of DuckDB in the place of its `$name`, and no slots in its header.

    It is one pass, so that a value that holds `$name` stays what it is.

    Raises:
        TypeError: a value is of a type that no parameter of ours has.
    """

    def written(found: re.Match[str]) -> str:
        name = found["name"]
        return literal(parameters[name]) if name is not None and name in parameters else found[0]

    head, body = _apart(sql.strip())
    return f"{_for_readers(head)}{_TOKENS.sub(written, body)}".strip()


def is_asked_alone(queries: Sequence[Query]) -> bool:
    """Whether each of these is a SELECT that needs nothing that another one makes."""
    return all(re.match(r"(?:SELECT|WITH|FROM)\b", _apart(sql.strip())[1].lstrip()) for sql, _ in queries)


def literal(value: object) -> str:
    """A value as DuckDB reads it in a query, of the type that it has when it is bound.

    Raises:
        TypeError: it is of a type that no parameter of ours has.
    """
    match value:
        case None:
            return "NULL"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value) if value >= 0 else f"({value})"  # two minus signs would begin a comment
        case float():
            return f"'{value}'::DOUBLE"
        case str():
            return _text(value)
        case datetime():
            moment = value.isoformat(sep=" ")
            return f"TIMESTAMP '{moment}'" if value.tzinfo is None else f"TIMESTAMPTZ '{moment}'"
        case date():
            return f"DATE '{value.isoformat()}'"
        case UUID():
            return f"'{value}'::UUID"
        case list() | tuple():
            return f"[{', '.join(literal(each) for each in value)}]"
        case _:
            raise TypeError(f"no parameter of a query has a value of {type(value).__name__}")


def _text(value: str) -> str:
    if "\0" in value:  # which no literal can hold
        return f"({' || chr(0) || '.join(_text(part) for part in value.split(chr(0)))})"
    quoted = value.replace("'", "''")
    if not _CONTROLS.search(value):
        return f"'{quoted}'"
    # Line breaks are escaped: a text field of a browser would change some of them.
    escaped = _CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", quoted.replace("\\", "\\\\"))
    return f"E'{escaped}'"


def _apart(sql: str) -> tuple[str, str]:
    """A query's header of comments, and the query."""
    header = _HEADER.match(sql)
    end = header.end() if header else 0
    return sql[:end], sql[end:]


def _for_readers(header: str) -> str:
    """What the query tells, of what, and from which tables; not its slots and parameters, which are filled in."""
    lines = "\n".join(line.removeprefix("--").removeprefix(" ") for line in header.splitlines())
    parts = [part.strip() for part in _PART.split(lines)]
    told = "\n".join(part for part in parts if part.startswith(_TOLD) or not part.startswith(("Slot", "Parameters:")))
    return "".join(f"-- {line}\n" for line in told.splitlines() if line)
