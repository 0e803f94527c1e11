"""What pages have done about models in the worker: retrain, request a promotion, compare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from lake_access.errors import RefusedError

Kind = Literal["retrain", "request_promotion", "compare"]
_COMMANDS: Mapping[Kind, str] = {
    "retrain": "leadlake train --algorithm {algorithm}",
    "request_promotion": "leadlake promotion request {version} --reason …",
    "compare": "leadlake compare {first} {second}",
}


def start(kind: Kind, parameters: Mapping[str, Any]) -> str:
    """Have the worker do it; a sentence that says where to watch it.

    Raises:
        RefusedError: the worker has no such kind of job; the message names the command that does the same.
    """
    command = _COMMANDS[kind].format_map(parameters)
    raise RefusedError(f"The worker does not take this yet. On the command line, `{command}` does it.")
