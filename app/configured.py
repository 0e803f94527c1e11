"""What is configured, and the database of state: opened once a process while the environment stays the same."""

from __future__ import annotations

import os
from collections.abc import Mapping

import streamlit as st
from sqlalchemy import Engine

from lake_access.database import open_database
from lake_access.sessions import open_sessions
from lake_access.settings import Settings, load_settings

Environment = tuple[tuple[str, str], ...]


def environment() -> Environment:
    """Our variables as a key of caches."""
    return _ours(os.environ)


def settings() -> Settings:
    """What is configured, read once for as long as the environment stays the same."""
    return settings_of(environment())


def state() -> Engine:
    """The database of all state beside the tables."""
    return _state(environment())


def _ours(variables: Mapping[str, str]) -> Environment:
    return tuple(sorted((name, value) for name, value in variables.items() if name.startswith("LEADLAKE_")))


@st.cache_resource(show_spinner=False)
def settings_of(given: Environment) -> Settings:
    """What these variables say."""
    return load_settings(dict(given))


@st.cache_resource(show_spinner=False)
def _state(given: Environment) -> Engine:
    engine = open_database(settings_of(given))
    open_sessions(engine)
    return engine
