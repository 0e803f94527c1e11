"""What a reader was refused, for the ledger."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import streamlit as st

from app.acting import acting
from app.configured import state
from lake_access.errors import LeadlakeError, NotAllowedError
from lake_access.sessions import note_refusal

log = logging.getLogger(__name__)

NOTED = "_refusals_noted"


def note_refused(refused: NotAllowedError) -> None:
    """A row of the ledger for what a reader was refused; of the same, once in a session of the browser's."""
    noted: set[str] = st.session_state.setdefault(NOTED, set())
    if refused.action in noted:
        return
    noted.add(refused.action)
    try:
        note_refusal(state(), acting(), refused.action, str(refused), datetime.now(UTC))
    except LeadlakeError:
        log.exception("A refusal could not be written to the ledger")
