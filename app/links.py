"""What a link asked for and could not get: said once, in plain text, until the reader moves on."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import streamlit as st

from app import formatting

_ERRORS = "_link_errors"
TOLD = 5


def note_link_errors(name: str, values: Sequence[str]) -> None:
    """Remember that the link named these values of a filter, `name`, and that there are none such.

    Streamlit drops them as soon as the widget is drawn.
    """
    if values:
        known: dict[str, list[str]] = st.session_state.get(_ERRORS, {})
        st.session_state[_ERRORS] = {**known, name: list(values)}


def note_unknown(key: str, name: str, known: Collection[str]) -> None:
    """Remember what the link names under `key` for the choice `name`, where that is not among the `known` labels.

    A choice that stands already is the reader's own, and no link's.
    """
    if key in st.session_state:
        return
    note_link_errors(name, [value for value in st.query_params.get_all(key) if value and value not in known])


def tell_link_errors() -> None:
    """Say what the link named in vain, with a button to put that away."""
    errors: dict[str, list[str]] = st.session_state.get(_ERRORS, {})
    if not errors:
        return
    with st.container(border=True):
        st.warning(
            "This link names what is not here (any more). The page shows what is left of it.",
            icon=":material/link_off:",
        )
        for name, values in errors.items():
            more = f" and {len(values) - TOLD} more" if len(values) > TOLD else ""
            # Out of a link: as text, never as Markdown.
            st.text(f"{name}: {', '.join(formatting.shortened(value, 60) for value in values[:TOLD])}{more}")
        st.button("Understood", key="forget_link_errors", on_click=forget_link_errors)


def forget_link_errors() -> None:
    """Put away what was said of the link."""
    st.session_state.pop(_ERRORS, None)
