"""JSON as RFC 8259 has it, for the few lines that DuckDB's more forgiving parser may have let pass."""

from __future__ import annotations

import json

DUPLICATE_KEY = "a key stands twice"
NOT_JSON = "not valid JSON"
NOT_A_NUMBER = "NaN or Infinity, which JSON does not have"


class _FaultError(ValueError):
    pass


def json_fault(line: str) -> str | None:
    """Why the line is not strict JSON, or None if it is."""
    try:
        json.loads(line, parse_constant=_refuse_constant, object_pairs_hook=_refuse_duplicates)
    except _FaultError as fault:
        return str(fault)
    except (ValueError, RecursionError):
        return NOT_JSON
    return None


def _refuse_constant(_name: str) -> None:
    raise _FaultError(NOT_A_NUMBER)


def _refuse_duplicates(pairs: list[tuple[str, object]]) -> None:
    if len({key for key, _ in pairs}) < len(pairs):
        raise _FaultError(DUPLICATE_KEY)
