"""Leads some at a time, so that what a query holds of them in memory does not grow with the lake."""

from __future__ import annotations

from math import ceil
from uuid import UUID

# What leads and their features are made from at a time; each portion reads the files anew, so that it is no small one.
EVENTS_PER_PORTION = 5_000_000
_IDS = 1 << 128


def lead_portions(relation: str, events: int) -> list[str]:
    """SQL for so many events of a relation in parts, each with all of a lead's or none.

    A lead's id is a keyed hash: parts of equal width hold about as many leads.
    """
    count = max(1, ceil(events / EVENTS_PER_PORTION))
    edges = [UUID(int=_IDS * number // count) for number in range(count)]
    if count == 1:
        return [relation]
    lower = [f"lead_id >= '{edge}'" for edge in edges]
    upper = [f" AND lead_id < '{edge}'" for edge in edges[1:]] + [""]
    return [f"(FROM {relation} WHERE {low}{high})" for low, high in zip(lower, upper, strict=True)]
