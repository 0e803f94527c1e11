"""The steps of a promotion by name: wherever a process dies, what is left is as the ledger says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

# "In a transaction" means that a process which dies there has changed nothing.
GATES_RUN = "gates run"
REQUEST_WRITTEN = "request written"  # in a transaction
REQUESTED = "requested"
EVIDENCE_CHECKED = "evidence checked"
CHAMPION_MOVED = "champion moved"  # in a transaction
DECISION_WRITTEN = "decision written"  # in a transaction
DECIDED = "decided"
ALIAS_SET = "alias set"
MIRRORED = "mirrored"

REQUEST_STEPS: Final = (GATES_RUN, REQUEST_WRITTEN, REQUESTED)
MOVE_STEPS: Final = (EVIDENCE_CHECKED, CHAMPION_MOVED, DECISION_WRITTEN, DECIDED, ALIAS_SET, MIRRORED)
STEPS: Final = (*REQUEST_STEPS, *MOVE_STEPS)

Reached = Callable[[str], None]


def unwatched(_step: str) -> None:
    """Nobody wants to know which step was reached."""
