"""The pages, in their order, and what a reader must be allowed in order to be offered each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from lake_access.permissions import Action

Section = Literal["Sales", "Models", "Data"]


@dataclass(frozen=True)
class PageEntry:
    """A page: the file in `pages/`, its name in menu and heading, its icon, what it answers, and who may see it.

    `section` is the heading that it stands under in the menu; sections come in the order of their first pages.
    """

    file: str
    title: str
    icon: str
    help: str
    action: Action
    section: Section = "Models"
    # Whether it says something before any lead has been built.
    without_leads: bool = False


FOLDER: Final = Path(__file__).resolve().parent.parent / "pages"
# The sidebar's status links to this one.
JOBS: Final = "jobs.py"
# A card leads from its SQL to this one.
EXPLORE: Final = "explore.py"
PAGES: Final[Sequence[PageEntry]] = (
    PageEntry(
        "overview.py",
        "Overview",
        ":material/dashboard:",
        "Leads, conversion, time to convert and scores at a glance, what changed, and what needs attention.",
        Action.VIEW_DASHBOARDS,
        "Sales",
    ),
    PageEntry(
        "conversion.py",
        "Conversion",
        ":material/conversion_path:",
        "Which leads become customers: by source, score band and more, with intervals and their n.",
        Action.VIEW_DASHBOARDS,
        "Sales",
    ),
    PageEntry(
        "scores.py",
        "Scores",
        ":material/speed:",
        "What scores are worth: their spread, calibration, gain, bands, and whom to call.",
        Action.VIEW_DASHBOARDS,
        "Sales",
    ),
    PageEntry(
        "leads.py",
        "Leads",
        ":material/person_search:",
        "Single leads: find one, and see what happened to it and what moved its score.",
        Action.VIEW_LEADS,
        "Sales",
    ),
    PageEntry(
        "drift.py",
        "Drift",
        ":material/trending_down:",
        "Whether leads, scores and outcomes are still what the model learnt from, and what changed when.",
        Action.VIEW_MODELS,
        "Models",
    ),
    PageEntry(
        "models.py",
        "Models",
        ":material/model_training:",
        "The versions of the model: which is champion, how good each is, and two beside each other.",
        Action.VIEW_MODELS,
        "Models",
    ),
    PageEntry(
        "approvals.py",
        "Approvals",
        ":material/approval:",
        "Which versions wait to go live, what would change, and what was decided before.",
        Action.VIEW_MODELS,
        "Models",
    ),
    PageEntry(
        "alerts.py",
        "Alerts",
        ":material/notifications:",
        "What is not as it should be: open alerts, the rules that raise them, and who is told.",
        Action.VIEW_LAKE,
        "Models",
        without_leads=True,
    ),
    PageEntry(
        EXPLORE,
        "Explore",
        ":material/terminal:",
        "The tables in SQL, read only: with examples, history, a chart of the result, and files.",
        Action.EXPLORE_SQL,
        "Data",
    ),
    PageEntry(
        "lake.py",
        "Lake",
        ":material/water:",
        "Whether the lake is well: freshness, tables, builds, quarantine, raw batches, snapshots.",
        Action.VIEW_LAKE,
        "Data",
        without_leads=True,
    ),
    PageEntry(
        JOBS,
        "Jobs",
        ":material/manufacturing:",
        "What works in the background: what runs, what became of the rest, and what comes again.",
        Action.VIEW_JOBS,
        "Data",
        without_leads=True,
    ),
)


def link_to(file: str) -> Path:
    """What `st.page_link` takes for this page: its whole path, as others would be sought beside the entry script."""
    return Path(__file__).resolve().parents[1] / "pages" / file
