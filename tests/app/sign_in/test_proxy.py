"""Signing in by a reverse proxy: its headers are believed from its own address alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.serving.options import options_of
from lake_access import ledger
from lake_access.database import open_database
from lake_access.settings import load_settings
from tests.app.sign_in.served import ROLES, Served, handshake, server_process, texts, write_config

PROXY = '\n[access.proxy]\ngroups_header = "X-Forwarded-Groups"\nsign_out_url = "/oauth2/sign_out"\n'
VERA = {"X-Forwarded-Email": "Vera@example.com"}


def proxied(home: Path, addresses: str) -> Iterator[Served]:
    access = f'sign_in = "proxy"\n{ROLES}{PROXY}addresses = {addresses}\n'
    config = write_config(home / "leadlake.toml", access)
    declared = load_settings({"LEADLAKE_CONFIG": str(config)}).declarations.access
    options = options_of(declared, "127.0.0.1", hosts_are_set=False)
    with server_process(home, config, options) as address:
        yield Served(address, home, config, "")


@pytest.fixture(scope="module")
def trusting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server whose proxy stands on this machine."""
    yield from proxied(tmp_path_factory.mktemp("trusting"), '["127.0.0.1", "::1"]')


@pytest.fixture(scope="module")
def wary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server whose proxy stands elsewhere."""
    yield from proxied(tmp_path_factory.mktemp("wary"), '["192.0.2.0/24"]')


def test_who_the_proxy_names_comes_in_once_for_the_ledger(trusting: Served) -> None:
    for _ in range(2):
        assert httpx.get(trusting.address, headers={**VERA, "accept": "text/html"}).status_code == 200
        assert handshake(trusting.address, {**VERA, "Origin": trusting.address}) == 101

    came = ledger.entries(open_database(load_settings(trusting.environment)), event="access.signed_in")
    assert [(entry.actor, entry.via, entry.details) for entry in came] == [
        ("vera@example.com", "proxy", {"roles": "viewer"})
    ]


def test_groups_give_roles(trusting: Served) -> None:
    stranger = {"X-Forwarded-Email": "new@example.com"}

    assert httpx.get(f"{trusting.address}/media/x", headers=stranger).status_code == 403
    assert (
        httpx.get(f"{trusting.address}/media/x", headers={**stranger, "X-Forwarded-Groups": "a, data"}).status_code
        == 404
    )


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Forwarded-Email": ""},
        {"X-Forwarded-Email": "a\tb@example.com"},
        {"X-Forwarded-Email": "v" * 400},
        {"X_Forwarded_Email": "vera@example.com"},
        {"X-Forwarded-User": "vera@example.com"},
    ],
)
def test_nobody_comes_in_without_a_name(trusting: Served, headers: dict[str, str]) -> None:
    assert httpx.get(f"{trusting.address}/media/x", headers=headers).status_code == 401
    assert handshake(trusting.address, {**headers, "Origin": trusting.address}) in (401, 403)
    page = httpx.get(f"{trusting.address}/sign-in", headers=headers)
    assert page.status_code == 401
    assert "Open the proxy's address instead." in texts(page.text).replace("&#x27;", "'")


def test_two_names_at_once_are_none(trusting: Served) -> None:
    both = [("X-Forwarded-Email", "vera@example.com"), ("X-Forwarded-Email", "adele@example.com")]

    assert httpx.get(f"{trusting.address}/media/x", headers=both).status_code == 401


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_headers_of_somebody_else_than_the_proxy_are_not_believed(wary: Served, header: str) -> None:
    claimed = {**VERA, header: "192.0.2.1", "X-Forwarded-Groups": "wardens"}

    assert httpx.get(f"{wary.address}/media/x", headers=claimed).status_code == 401
    assert httpx.post(f"{wary.address}/_stcore/agent/interact", headers=claimed, json={}).status_code == 401
    assert handshake(wary.address, {**claimed, "Origin": wary.address}) in (401, 403)
    assert ledger.entries(open_database(load_settings(wary.environment)), event="access.signed_in") == []


def test_tls_at_the_proxy_keeps_cookies_to_tls(trusting: Served, wary: Served) -> None:
    headers = {**VERA, "X-Forwarded-Proto": "https", "accept": "text/html"}

    believed = httpx.get(f"{trusting.address}/_stcore/host-config", headers=headers)
    claimed = httpx.get(f"{wary.address}/sign-in", headers=headers)

    assert believed.headers["strict-transport-security"] == "max-age=31536000"
    cookies = httpx.get(f"{trusting.address}/_stcore/health", headers=headers).headers.get_list("set-cookie")
    assert cookies
    assert all(cookie.endswith("; Secure") for cookie in cookies)
    assert "strict-transport-security" not in claimed.headers
