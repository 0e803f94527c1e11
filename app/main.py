"""The dashboard's entry script, run anew for every change a reader makes.

app/server.py serves it behind the door; `streamlit run app/main.py` alone is for one's own machine without sign-in.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from app import filters
from app.boundary import error_boundary
from app.freshness import header
from app.job_views import status as job_status
from app.lake_session import pin_for_this_run
from app.links import tell_link_errors
from app.loading import run_page
from app.navigation import FOLDER, JOBS, PAGES
from app.notices import empty_lake
from app.sign_in.reader import reader, who_line
from lake_access.permissions import may, require

ROOT = Path(__file__).resolve().parent.parent

SIDEBAR_PIXELS = 272

st.set_page_config(
    page_title="Leadlake",
    page_icon=str(ROOT / "app" / "icon.svg"),
    layout="wide",
    initial_sidebar_state=SIDEBAR_PIXELS,
)
st.html(ROOT / "app" / "looks.css")
reference = secrets.token_hex(4)
actor = reader(reference)
allowed = [may(actor, entry.action) for entry in PAGES]
# One that is not allowed is not offered, and whoever has its address is told why it stays closed.
pages = [
    st.Page(
        FOLDER / entry.file,
        title=entry.title,
        icon=entry.icon,
        help=entry.help,
        default=number == allowed.index(True),
        visibility="visible" if allowed[number] else "hidden",
    )
    for number, entry in enumerate(PAGES)
]
sections = dict.fromkeys(entry.section for entry in PAGES)
page = st.navigation(
    {
        section: [offered for entry, offered in zip(PAGES, pages, strict=True) if entry.section == section]
        for section in sections
    }
)
st.logo(ROOT / "app" / "logo.svg", size="large")
who_line(actor)

with error_boundary(reference):
    st.title(page.title)
    chosen = PAGES[pages.index(page)]
    require(actor, chosen.action)
    pinned = pin_for_this_run()
    if pinned.snapshot_ids:
        header(pinned, now=datetime.now(UTC))
    filters.keep_over_pages(chosen.file)
    if pinned.snapshot_ids or chosen.without_leads:
        place = st.container()
        run_page(page)
        with place:  # above the page, which finds out as it reads the link
            tell_link_errors()
        filters.remember_named()
    else:
        empty_lake()
# Below the filters that the page has drawn.
with error_boundary(reference):
    job_status.draw(pages[[entry.file for entry in PAGES].index(JOBS)])
