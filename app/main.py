"""The dashboard's entry script, run anew for every change a reader makes: `streamlit run app/main.py`."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from app.acting import acting
from app.boundary import error_boundary
from app.lake_session import pin_for_this_run
from app.navigation import PAGES
from app.notices import empty_lake, freshness_line
from lake_access.permissions import may

ROOT = Path(__file__).resolve().parent.parent

st.set_page_config(page_title="Leadlake", page_icon=str(ROOT / "app" / "icon.svg"), layout="wide")
offered = [entry for entry in PAGES if may(acting(), entry.action)]
pages = [st.Page(ROOT / "pages" / entry.file, title=entry.title, icon=entry.icon, help=entry.help) for entry in offered]
page = st.navigation(pages)
st.logo(ROOT / "app" / "logo.svg", size="large")

with error_boundary(reference=secrets.token_hex(4)):
    st.title(page.title)
    pinned = pin_for_this_run()
    if pinned.snapshot_ids:
        freshness_line(pinned, now=datetime.now(UTC))
    if pinned.snapshot_ids or offered[pages.index(page)].without_leads:
        page.run()
    else:
        empty_lake()
