"""Which model scores leads for real, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine


@dataclass(frozen=True)
class Champion:
    """The promoted model version: when it went live (UTC), who approved it, and why."""

    version: str
    since: datetime
    approved_by: str
    reason: str = ""


def champion_of(state: Engine) -> Champion | None:  # noqa: ARG001  (where promotions are kept)
    """The champion; None while no model has been promoted."""
    return None
