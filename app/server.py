"""The server's entry: the pages behind the door. `leadlake up` runs it, as `streamlit run app/server.py` does."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from streamlit import config

from app.serving.front_page import front_page_routes
from app.serving.headers import Headers
from app.serving.health import Health
from app.serving.marks import BEHIND_THE_DOOR
from app.serving.reports import Reports
from app.sign_in.door import Door
from app.sign_in.html_page import SignInPage
from app.sign_in.providers import read_providers
from lake_access.database import open_database
from lake_access.errors import SettingsError
from lake_access.sessions import open_sessions
from lake_access.settings import load_settings

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = load_settings(os.environ)
ACCESS = SETTINGS.declarations.access
STATE = open_database(SETTINGS)
BASE_PATH = str(config.get_option("server.baseUrlPath") or "")
PREFIX = f"/{BASE_PATH.strip('/')}" if BASE_PATH.strip("/") else ""
UPLOAD_BYTES = int(config.get_option("server.maxUploadSize")) << 20


@asynccontextmanager
async def _checked(_app: st.App) -> AsyncIterator[None]:
    """Nothing is served before it is known that people can sign in, and nobody else."""
    open_sessions(STATE)
    if ACCESS.sign_in == "oidc":
        read_providers()
    if ACCESS.sign_in == "proxy" and os.environ.get("FORWARDED_ALLOW_IPS") != "":
        raise SettingsError(
            'access.sign_in is "proxy", and the server may believe X-Forwarded-For before we look at who is there: '
            "start it with `leadlake up`, or with FORWARDED_ALLOW_IPS set and empty."
        )
    yield


app = st.App(
    str(ROOT / "app" / "main.py"),
    lifespan=_checked,
    secrets={BEHIND_THE_DOOR: {"door": True}},
    routes=[
        *front_page_routes(PREFIX),
        *SignInPage(ACCESS, STATE, BASE_PATH).routes(),
        *Health(SETTINGS, STATE).routes(PREFIX),
        *Reports(SETTINGS, STATE, BASE_PATH).routes(PREFIX),
    ],
    middleware=[
        Middleware(Headers, access=ACCESS, most_bytes=UPLOAD_BYTES),
        Middleware(Door, access=ACCESS, state=STATE, base_path=BASE_PATH),
    ],
)
