"""What names a person in the texts that people and jobs have left in the database, and who clears them away."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, MetaData

from lake_access.building.identity import fold_unicode
from lake_access.forgetting.person import Person

GONE = "(forgotten)"


@dataclass(frozen=True)
class Traces:
    """The addresses of a person and the ids of their leads, as they may stand in a text."""

    addresses: re.Pattern[str]
    lead_ids: re.Pattern[str] | None

    def in_text(self, text: str | None) -> bool:
        """Whether a text names the person, in any spelling of the address."""
        if not text:
            return False
        return self.in_id(text) or self.addresses.search(fold_unicode(text)) is not None

    def in_id(self, text: str) -> bool:
        """Whether it holds the id of one of their leads."""
        return self.lead_ids is not None and self.lead_ids.search(text.lower()) is not None

    def in_value(self, value: Any) -> bool:
        """Whether any text within a value of JSON does."""
        if isinstance(value, dict):
            return any(self.in_text(str(key)) or self.in_value(inner) for key, inner in value.items())
        if isinstance(value, list):
            return any(map(self.in_value, value))
        return isinstance(value, str) and self.in_text(value)

    def cleared(self, value: Any) -> Any:
        """The value of JSON with each text that names the person gone."""
        if isinstance(value, dict):
            return {GONE if self.in_text(str(key)) else key: self.cleared(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.cleared(inner) for inner in value]
        return GONE if isinstance(value, str) and self.in_text(value) else value


@dataclass(frozen=True)
class Eraser:
    """Who clears rows of some tables: what they are called, the tables, and the work, which says how many rows it met.

    The work runs within a transaction of `forget`, twice: it leaves alone what it has cleared.
    """

    what: str
    tables: MetaData
    erase: Callable[[Connection, Traces], int]


def traces_of(person: Person, lead_ids: Collection[str]) -> Traces:
    """What names this person and these leads; an id is found with and without its dashes."""
    spelt = [
        re.escape(spelling) for lead in sorted(lead_ids) for spelling in (lead.lower(), lead.lower().replace("-", ""))
    ]
    return Traces(person.address_pattern, re.compile("|".join(spelt)) if spelt else None)
