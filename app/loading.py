"""What a reader sees while a page is being made."""

from __future__ import annotations

import streamlit as st
from streamlit.navigation.page import StreamlitPage


def run_page(page: StreamlitPage) -> None:
    """Run the page, with a sign below it that it is on its way, once that takes longer than a blink.

    On an empty page the sign is all there is; on one that is drawn anew it is below all the rest,
    and moves nothing.
    """
    place = st.container()
    with st.spinner("Counting …"), place:
        page.run()
