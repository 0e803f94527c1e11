"""The pages, in their order, and what a reader must be allowed in order to be offered each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lake_access.permissions import Action


@dataclass(frozen=True)
class PageEntry:
    """A page: the file in `pages/`, its name in menu and heading, its icon, what it answers, and who may see it."""

    file: str
    title: str
    icon: str
    help: str
    action: Action
    # Whether it says something before any lead has been built.
    without_leads: bool = False


PAGES: Final[Sequence[PageEntry]] = (
    PageEntry(
        "conversion.py",
        "Conversion",
        ":material/conversion_path:",
        "Which leads become customers: by source, score band and more, with intervals and their n.",
        Action.VIEW_DASHBOARDS,
    ),
)
