"""What each filter of the shared bar offers, how a reader calls it, and where it stands in the URL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from app.conversion_views.view import DIMENSION_NAMES
from app.lake_session import conversion_of, settings
from lake_access.conversion import ConversionFilters, Dimension
from lake_access.declarations import UNSCORED
from lake_access.lake import PinnedLake

Filter = Literal[
    "created",
    "source",
    "last_source",
    "band",
    "location",
    "device",
    "campaign",
    "model_version",
    "action",
    "contacted",
    "all_leads",
]
# A filter of a text of the leads: the widget's key and URL parameter, and the field of ConversionFilters that it sets.
VALUE_FILTERS: Mapping[Dimension, str] = {
    "source": "sources",
    "last_source": "last_sources",
    "band": "bands",
    "location": "locations",
    "device": "devices",
    "campaign": "campaigns",
    "model_version": "model_versions",
    "action": "actions",
}
OFFERED_MOST = 500
CONTACTED = {"Any": None, "Contacted": True, "Not contacted": False}


@dataclass(frozen=True)
class Options:
    """The values that a filter offers, what readers call them, and how many more there are that it does not offer."""

    dimension: Dimension
    labels: Mapping[str, str]
    left_out: int = 0

    @property
    def name(self) -> str:
        return DIMENSION_NAMES[self.dimension]

    @property
    def values(self) -> Sequence[str]:
        return list(self.labels)

    def unknown(self, labels: Sequence[str]) -> list[str]:
        """Which of these labels, out of a link, it does not offer."""
        return [label for label in labels if label and label not in self.labels.values()]


def options_of(pinned: PinnedLake, dimension: Dimension, source_labels: Mapping[str, str]) -> Options:
    """What a filter offers: bands from low to high, sources in their own order, other values with most leads first."""
    if dimension == "band":
        return Options(dimension, {band: band for band in (*settings().declarations.bands, UNSCORED)})
    rows = conversion_of(pinned, (dimension,), ConversionFilters(all_leads=True)).rows
    if dimension == "source":
        return Options(dimension, {value: source_labels.get(value, value) for value in source_labels})
    found = sorted(rows, key=lambda row: (-row.leads, row.keys[dimension]))
    values = [row.keys[dimension] for row in found]
    labels = source_labels if dimension == "last_source" else {}
    offered = {value: labels.get(value, value) for value in values[:OFFERED_MOST]}
    return Options(dimension, offered, left_out=len(values) - len(offered))
