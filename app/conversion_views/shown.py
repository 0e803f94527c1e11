"""What every view of the page Conversion is drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from app.comparison import Comparison
from app.conversion_views.view import Reading
from lake_access.conversion import ConversionFilters
from lake_access.declarations import LakeDeclaration
from lake_access.lake import PinnedLake


@dataclass(frozen=True)
class Shown:
    """The lake of this run, the filters on screen, the periods to compare if any, and how cells are read."""

    pinned: PinnedLake
    filters: ConversionFilters
    days: tuple[date, date]
    compared: Comparison | None
    reading: Reading
    lake: LakeDeclaration
