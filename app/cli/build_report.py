"""What a build did, as its commands tell it: in JSON, and in words."""

from __future__ import annotations

from typing import Any

from app.formatting import count
from lake_access.building.build import BuildResult


def built(result: BuildResult) -> dict[str, Any]:
    """The result as JSON has it."""
    return {
        "read": result.read,
        "curated": result.curated,
        "duplicates": result.duplicates,
        "quarantined": result.quarantined,
        "leads": result.leads,
        "batches": result.batches,
        "refused": result.refused,
        "snapshots": result.snapshots,
    }


def build_sentence(result: BuildResult) -> str:
    """The result in words."""
    if result.batches == 0:
        return f"Nothing new has landed; the lake holds {count(result.leads)} leads."
    return (
        f"{count(result.read)} lines read = {count(result.curated)} curated + "
        f"{count(result.duplicates)} duplicates + {count(result.quarantined)} quarantined; "
        f"the lake holds {count(result.leads)} leads."
    )
