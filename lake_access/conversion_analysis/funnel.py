"""The funnel: lead, scored, contacted, converted; each step a part of the one before, so that no share passes 100%."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from lake_access.conversion import ConversionRow, conversion
from lake_access.lake import PinnedLake
from lake_access.planning import ConversionFilters, Dimension

Step = Literal["lead", "scored", "contacted", "converted"]
STEPS: Final[tuple[Step, ...]] = get_args(Step)
_BY: Final[tuple[Dimension, ...]] = ("scored", "contacted")


@dataclass(frozen=True)
class Funnel:
    """How many of the leads that count came to each step, and the conversions that took a way past it.

    `past_contact` are leads that converted without a sales action, `past_score` those that sales acted on, or that
    converted, without a score; a lead can be in one of the two only. Neither is in a later step of the funnel.
    """

    leads: int
    scored: int
    contacted: int
    converted: int
    past_contact: int
    past_score: int
    immature: int
    sql: str
    parameters: Mapping[str, object]
    answered_by: str

    @property
    def counts(self) -> Mapping[Step, int]:
        """The steps in their order."""
        return {"lead": self.leads, "scored": self.scored, "contacted": self.contacted, "converted": self.converted}


def funnel(pinned: PinnedLake, filters: ConversionFilters) -> Funnel:
    """The funnel of the leads that count.

    A lead is scored if the rules or a model gave it a score, contacted if it is scored and sales acted on it, and
    converted here if it was contacted too and became a customer. When each happened is not asked.
    """
    answer = conversion(pinned, _BY, filters)
    cells = {(row.keys["scored"], row.keys["contacted"]): row for row in answer.rows}
    both, scored_only = cells.get(("yes", "yes")), cells.get(("yes", "no"))
    unscored = [row for (scored, _), row in cells.items() if scored == "no"]
    return Funnel(
        leads=sum(row.leads for row in answer.rows),
        scored=_leads(both) + _leads(scored_only),
        contacted=_leads(both),
        converted=_conversions(both),
        past_contact=_conversions(scored_only),
        past_score=sum(row.leads if row.keys["contacted"] == "yes" else row.conversions for row in unscored),
        immature=answer.immature,
        sql=answer.sql,
        parameters=answer.parameters,
        answered_by=answer.answered_by,
    )


def _leads(row: ConversionRow | None) -> int:
    return row.leads if row is not None else 0


def _conversions(row: ConversionRow | None) -> int:
    return row.conversions if row is not None else 0
