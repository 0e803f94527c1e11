"""A kept report is served in a sandbox, whole, and to nobody whose rows are limited."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import create_engine
from starlette.applications import Starlette
from starlette.middleware import Middleware

import app.serving.reports as served
from app.serving.headers import Headers
from app.serving.reports import FOLDER, Reports
from lake_access.permissions import Actor, RowLimits
from lake_access.storage import open_store
from monitoring.kept_reports import HTML, INDEX, SeenRows, StoredReport, put_part
from tests.lake_access.lakes import settings_in

ID = "20260102T120000Z-0123abcd"
PAGE = b"<script>document.title = 'drift'</script>"


Get = Callable[[str], httpx.Response]


@pytest.fixture
def get(tmp_path: Path) -> Get:
    settings = settings_in(tmp_path)
    store = open_store(settings)
    rows = SeenRows(10, 10, 0.0)
    report = StoredReport(
        ID, datetime(2026, 1, 2, tzinfo=UTC), "ann", "version 1", "version 2", ("1", "2"), rows, rows, 0, ("score",),
        False, 1, True, 1.0, True, (), {HTML: hashlib.sha256(PAGE).hexdigest()},
    )  # fmt: skip
    put_part(store, ID, HTML, PAGE)
    put_part(store, ID, INDEX, json.dumps(asdict(report) | {"made_at": report.made_at.isoformat()}).encode())
    access = settings.declarations.access
    asgi = Starlette(
        routes=Reports(settings, create_engine("sqlite://"), "").routes(""),
        middleware=[Middleware(Headers, access=access, most_bytes=1_000)],
    )

    async def asked(name: str) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(asgi), base_url="http://localhost") as client:
            return await client.get(f"{FOLDER}{name}")

    return lambda name: asyncio.run(asked(name))


def test_a_report_has_an_origin_of_its_own_and_no_way_out(get: Get) -> None:
    answer = get(ID)

    assert (answer.status_code, answer.content) == (200, PAGE)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts;")
    assert "allow-same-origin" not in policy
    assert {"connect-src 'none'", "default-src 'none'", "frame-ancestors 'self'"} <= set(policy.split("; "))
    assert (answer.headers["x-frame-options"], answer.headers["cache-control"]) == ("SAMEORIGIN", "private, no-store")


@pytest.mark.parametrize("name", ["20260102T120000Z-00000000", "..%2F..%2Fraw", "index.json"])
def test_what_is_no_report_is_not_found_and_keeps_the_policy(get: Get, name: str) -> None:
    answer = get(name)
    assert answer.status_code == 404
    assert "sandbox" in answer.headers.get("content-security-policy", "") or "%2F" in name


def test_who_sees_some_leads_only_sees_no_report(get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    limited = Actor("lea", frozenset({"analyst"}), "oidc", RowLimits(sources=("webinar",)))
    monkeypatch.setattr(served, "local_user", lambda _name: limited)

    answer = get(ID)
    assert answer.status_code == 403
    assert PAGE not in answer.content
