"""The mark by which a page knows that the server's door stands before it: a table of Streamlit's secrets."""

from __future__ import annotations

from typing import Final

from streamlit.runtime.secrets import secrets_singleton

BEHIND_THE_DOOR: Final = "leadlake_server"


def is_behind_the_door() -> bool:
    """Whether this process serves by app/server.py, and not the entry script alone."""
    return secrets_singleton.load_if_toml_exists() and BEHIND_THE_DOOR in secrets_singleton
