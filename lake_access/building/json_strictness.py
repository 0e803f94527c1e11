"""JSON as RFC 8259 has it, for the few lines that DuckDB's more forgiving parser may have let pass."""

from __future__ import annotations

import json
import re
from itertools import accumulate

DUPLICATE_KEY = "a key stands twice"
NOT_JSON = "not valid JSON"
NOT_A_NUMBER = "NaN or Infinity, which JSON does not have"
# DuckDB's functions on JSON call themselves for each level, and a deep line would take the process with it.
MAX_DEPTH = 500
TOO_DEEP = f"nested more than {MAX_DEPTH} levels deep"
_MARKS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)
_STEPS = {"{": 1, "[": 1, "}": -1, "]": -1}


class _FaultError(ValueError):
    pass


def json_fault(line: str) -> str | None:
    """Why the line is not strict JSON, or None if it is."""
    if _is_too_deep(line):
        return TOO_DEEP
    try:
        # Numbers stay text: Python refuses to read very long ones, which are valid.
        json.loads(
            line, parse_constant=_refuse_constant, object_pairs_hook=_refuse_duplicates, parse_int=str, parse_float=str
        )
    except _FaultError as fault:
        return str(fault)
    except ValueError:
        return NOT_JSON
    return None


def _is_too_deep(line: str) -> bool:
    if line.count("{") + line.count("[") <= MAX_DEPTH:
        return False
    depths = accumulate(_STEPS.get(mark, 0) for mark in _MARKS.findall(line))
    return max(depths, default=0) > MAX_DEPTH


def _refuse_constant(_name: str) -> None:
    raise _FaultError(NOT_A_NUMBER)


def _refuse_duplicates(pairs: list[tuple[str, object]]) -> None:
    if len({key for key, _ in pairs}) < len(pairs):
        raise _FaultError(DUPLICATE_KEY)
