"""Running a page: what a reader sees while it is being made, and how it ends early."""

from __future__ import annotations

from typing import NoReturn

import streamlit as st
from streamlit.navigation.page import StreamlitPage


class _PageEnded(Exception):  # noqa: N818  (no error)
    """The page has said all there is to say."""


def end_page() -> NoReturn:
    """End the page here.

    After `st.stop` nothing can be drawn or cleared any more: the sign that the page is on its way would stay for good.
    """
    raise _PageEnded


def run_page(page: StreamlitPage) -> None:
    """Run the page, with a sign below it that it is on its way, once that takes longer than a blink.

    On an empty page the sign is all there is; on one that is drawn anew it is below all the rest, and moves nothing.
    """
    place = st.container()
    try:
        with st.spinner("Counting …"), place:
            page.run()
    except _PageEnded:
        pass
