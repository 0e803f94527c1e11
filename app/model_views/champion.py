"""Which model scores leads for real, and since when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Engine

from training.promotion.records import How, champion, request_of

_HOW: Final[Mapping[How, str]] = {
    "first": "made the first one by",
    "promoted": "approved by",
    "rolled back": "rolled back to by",
}


@dataclass(frozen=True)
class Champion:
    """The model version that is live: when it went live (UTC), who decided that and how, and why if they said so."""

    version: str
    since: datetime
    by: str
    how: How
    reason: str = ""

    @property
    def decided(self) -> str:
        """How it came about and who decided: `approved by mia`."""
        return f"{_HOW[self.how]} {self.by}"


def champion_of(state: Engine) -> Champion | None:
    """The champion; None while no model has been promoted.

    Raises:
        StorageError: the database cannot be read.
    """
    live = champion(state)
    if live is None:
        return None
    tenure = live.tenure
    reason = None if tenure.request is None else request_of(state, tenure.request).decision_reason
    return Champion(tenure.version, tenure.since, tenure.by, tenure.how, reason or "")
