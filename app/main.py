"""The dashboard's entry script, run anew for every change a reader makes: `streamlit run app/main.py`."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from app.boundary import error_boundary
from app.lake_session import pin_for_this_run
from app.notices import empty_lake, freshness_line

ROOT = Path(__file__).resolve().parent.parent

st.set_page_config(page_title="Leadlake", page_icon=str(ROOT / "app" / "icon.svg"), layout="wide")
page = st.navigation(
    [
        st.Page(
            ROOT / "pages" / "conversion.py",
            title="Conversion",
            icon=":material/conversion_path:",
            help="Which leads become customers: by source, score band and more, with intervals and their n.",
        ),
    ]
)
st.logo(ROOT / "app" / "logo.svg", size="large")

with error_boundary(reference=secrets.token_hex(4)):
    st.title(page.title)
    pinned = pin_for_this_run()
    if pinned.snapshot_ids:
        freshness_line(pinned, now=datetime.now(UTC))
        page.run()
    else:
        empty_lake()
