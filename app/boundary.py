"""What a reader sees when a page fails: one sentence and a reference, while the log keeps what happened."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from app.sign_in.refusals import note_refused
from lake_access.errors import LeadlakeError, NotAllowedError

log = logging.getLogger(__name__)


@contextmanager
def error_boundary(reference: str) -> Iterator[None]:
    """Show a failure in the block as one sentence; `reference` finds the rest in the server's log.

    Streamlit's own signals (rerun, stop) are no `Exception` and pass through.
    """
    try:
        yield
    except NotAllowedError as refused:
        log.warning("A reader was refused, reference %s: %s", reference, refused)
        note_refused(refused)
        st.warning("This is not for your role.", icon=":material/lock:")
        st.text(str(refused))
    except LeadlakeError as error:
        show_failure(error, reference)
    except Exception:
        log.exception("A page failed, reference %s", reference)
        _show("Something went wrong on this page. Reload it, and if it fails again, report the reference.", reference)


def show_failure(error: LeadlakeError, reference: str) -> None:
    """Show what was foreseen as its own sentence, from where it was caught."""
    log.error("A page was refused, reference %s", reference, exc_info=error)
    _show("This cannot be shown.", reference)
    st.text(str(error))  # it may name a file or a source: as text, never as Markdown


def _show(sentence: str, reference: str) -> None:
    st.error(f"{sentence} Reference in the server's log: `{reference}`.", icon=":material/error:")
