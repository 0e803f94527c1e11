"""Signing in against a real OpenID Connect server: who comes in, who does not, and what nobody may reach before."""

from __future__ import annotations

import http.client
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from lake_access import ledger
from lake_access.database import open_database
from lake_access.ledger import Entry
from lake_access.permissions import Actor
from lake_access.sessions import revoke
from lake_access.settings import load_settings
from tests.app.sign_in.served import COOKIE_SECRET, Served, cookie_header, handshake, sign_in, texts, way_back

WARDEN = Actor("adele@example.com", frozenset({"admin"}), "command line")
CLOSED = (
    "/",
    "/conversion",
    "/conversion?source=Webinar",
    "/_stcore/host-config",
    "/_stcore/metrics",
    "/_stcore/script-health-check",
    "/_stcore/agent/openapi.json",
    "/_stcore/agent/interact",
    "/_stcore/agent/mcp",
    "/media/0123456789abcdef.csv",
    "/component/streamlit_something/index.html",
    "/_stcore/bidi-components/x/index.js",
    "/_stcore/upload_file/session/file",
    "/app/static/secret.txt",
    "/static/../media/x.csv",
    "/static/..%2fmedia/x.csv",
    "//conversion",
    "/Static/js/x.js",
    "/sign-in/../conversion",
    "/healthz/../conversion",
    "/index.html",
)
WRONG_TOKENS = (
    "forged",
    "expired",
    "wrong-audience",
    "wrong-audience-but-azp",
    "wrong-issuer",
    "wrong-nonce",
    "unsigned",
)


def entries(served: Served, event: str) -> list[Entry]:
    return ledger.entries(open_database(load_settings(served.environment)), event=event)


@pytest.mark.parametrize("path", CLOSED)
def test_nothing_answers_who_has_not_signed_in(served: Served, path: str) -> None:
    for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS"):
        answer = httpx.request(method, f"{served.address}{path}", timeout=30)
        assert (answer.status_code, answer.text) in ((401, "Sign in first."), (400, "Bad Request"), (404, "Not Found"))


def test_a_websocket_is_refused_before_it_opens(served: Served) -> None:
    assert handshake(served.address, {}) in (401, 403)
    assert handshake(served.address, {"Origin": served.address}) in (401, 403)


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "",
        "http://localhost",
        "http://localhost:1",
        "http://127.0.0.1:{port}",
        "http://localhost:{port}.evil.example",
        "http://evil.example@localhost:{port}",
        "http://localhost:{port}/",
        "ftp://localhost:{port}",
    ],
)
def test_a_page_from_elsewhere_opens_no_websocket_with_the_cookies_of_a_reader(
    served: Served, visitor: httpx.Client, origin: str
) -> None:
    sign_in(visitor, "anton")
    foreign = origin.format(port=urlsplit(served.address).port)

    assert handshake(served.address, {**cookie_header(visitor), "Origin": foreign}) == 403
    assert handshake(served.address, {**cookie_header(visitor), "Origin": served.address}) == 101


def test_a_page_leads_to_the_sign_in_and_back_to_its_address(visitor: httpx.Client) -> None:
    closed = visitor.get("/conversion?source=Webinar&rows=Month")
    shown = visitor.get(closed.headers["location"])
    back = sign_in(visitor, "vera", "/conversion?source=Webinar&rows=Month")

    assert closed.status_code == 303
    assert closed.headers["location"] == "/sign-in?next=/conversion%3Fsource%3DWebinar%26rows%3DMonth"
    assert "Sign in with House" in texts(shown.text)
    assert "Sign in with Guests &lt;b&gt;" in shown.text
    assert back.headers["location"] == "/conversion?source=Webinar&rows=Month"
    assert visitor.get("/conversion?source=Webinar&rows=Month").status_code == 200


def test_a_place_in_other_letters_is_come_back_to(visitor: httpx.Client) -> None:
    assert sign_in(visitor, "vera", "/Ж?source=%D0%B6").headers["location"] == "/%D0%96?source=%D0%B6"


@pytest.mark.parametrize(
    "place",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "/%2fevil.example", "javascript:alert(1)", "/a\nb"],
)
def test_nobody_is_led_to_another_site(visitor: httpx.Client, place: str) -> None:
    assert sign_in(visitor, "vera", place).headers["location"] == "/"


@pytest.mark.parametrize(
    ("name", "actor", "roles"),
    [
        ("vera", "vera@example.com", "viewer"),
        ("anton", "anton@example.com", "analyst"),
        ("mia", "mia@example.com", "ml_engineer"),
        ("adele", "adele@example.com", "admin"),
    ],
)
def test_who_is_listed_comes_in_and_the_ledger_knows(
    served: Served, visitor: httpx.Client, name: str, actor: str, roles: str
) -> None:
    sign_in(visitor, name)

    newest = entries(served, "access.signed_in")[-1]
    assert (newest.actor, newest.via, newest.details) == (actor, "oidc", {"roles": roles})
    assert visitor.get("/").status_code == 200
    assert visitor.get("/_stcore/host-config").status_code == 200
    assert handshake(served.address, {**cookie_header(visitor), "Origin": served.address}) == 101


@pytest.mark.parametrize("name", ["norbert", "liar", "somebody@new.example"])
def test_who_is_not_listed_is_told_whom_to_ask(served: Served, visitor: httpx.Client, name: str) -> None:
    sign_in(visitor, name)
    page = visitor.get("/sign-in")

    assert page.status_code == 403
    assert "Ask the lake's keeper." in texts(page.text).replace("&#x27;", "'")
    assert visitor.get("/conversion").headers["location"].startswith("/sign-in")
    assert visitor.get("/media/x.csv", headers={"accept": "*/*"}).status_code == 403
    assert handshake(served.address, {**cookie_header(visitor), "Origin": served.address}) == 403
    assert entries(served, "access.refused")[-1].details == {"why": "no list names them, so that they hold no role"}


@pytest.mark.parametrize("wrong", WRONG_TOKENS)
def test_a_token_that_is_not_right_lets_nobody_in(served: Served, visitor: httpx.Client, mode: str, wrong: str) -> None:
    httpx.put(f"{mode}/{wrong}")
    refused = len(entries(served, "access.refused"))

    back = sign_in(visitor, "adele")

    assert back.headers["location"] == "/sign-in?failed=1"
    assert not [cookie for cookie in visitor.cookies if cookie.startswith("_streamlit_user")]
    assert "That did not work." in texts(visitor.get(back.headers["location"]).text)
    assert visitor.get("/", headers={"accept": "*/*"}).status_code == 401
    assert len(entries(served, "access.refused")) == refused + 1
    assert entries(served, "access.refused")[-1].actor == "somebody unknown"


def test_a_state_is_worth_something_once_and_to_one_browser(served: Served, visitor: httpx.Client) -> None:
    address = way_back(visitor, "adele")
    before = dict(visitor.cookies)
    with served.visitor() as stranger:
        assert stranger.get(address).headers["location"] == "/sign-in?failed=1"
        assert stranger.get("/", headers={"accept": "*/*"}).status_code == 401
    assert visitor.get(address).headers["location"] == "/"
    with served.visitor() as replayer:
        for name, value in before.items():
            replayer.cookies.set(name, value, domain="localhost.local")
        assert (
            replayer.get(address, headers={"Cookie": "; ".join(f"{n}={v}" for n, v in before.items())}).headers[
                "location"
            ]
            == "/sign-in?failed=1"
        )


def test_a_cookie_that_was_changed_is_none(served: Served, visitor: httpx.Client) -> None:
    sign_in(visitor, "vera")
    cookies = {cookie.name: str(cookie.value) for cookie in visitor.cookies.jar}
    payload, moment, signature = cookies["_streamlit_user"].rsplit(".", 2)
    flipped = ("A" if payload[20] != "A" else "B").join((payload[:20], payload[21:]))
    for changed in (
        f"{flipped}.{moment}.{signature}",
        f"{payload}.{moment}.{signature[:-2]}AA",
        f"{payload}..{signature}",
        f"{payload}.{moment}.",
        payload,
        "",
    ):
        answer = httpx.get(f"{served.address}/media/x", headers={"Cookie": f"_streamlit_user={changed}"})
        assert answer.status_code == 401, changed
    assert httpx.get(f"{served.address}/_stcore/host-config", cookies=cookies).status_code == 200


def test_signing_out_ends_the_session_also_for_a_copy_of_its_cookie(served: Served, visitor: httpx.Client) -> None:
    sign_in(visitor, "anton")
    copy = {cookie.name: str(cookie.value) for cookie in visitor.cookies.jar}

    foreign = visitor.get("/auth/logout", headers={"sec-fetch-site": "cross-site"})
    still = visitor.get("/_stcore/host-config")
    left = visitor.get("/auth/logout")

    assert (foreign.status_code, still.status_code) == (403, 200)
    assert left.headers["location"].startswith(f"{served.provider}/oauth2/end_session?")
    assert visitor.get("/oauth2callback").headers["location"] == "/sign-in?left=1"
    answer = httpx.get(f"{served.address}/_stcore/host-config", cookies=copy)
    assert answer.status_code == 401
    assert entries(served, "access.signed_out")[-1].actor == "anton@example.com"


def test_a_revoked_person_is_out_until_they_sign_in_again(served: Served, visitor: httpx.Client) -> None:
    sign_in(visitor, "vera")
    engine = open_database(load_settings(served.environment))

    revoke(engine, WARDEN, "Vera@example.com", "left the company", datetime.now(UTC))

    assert visitor.get("/_stcore/host-config", headers={"accept": "*/*"}).status_code == 401
    assert entries(served, "access.revoked")[-1].subject == "vera@example.com"
    # A signature tells its moment in whole seconds.
    revoke(engine, WARDEN, "vera@example.com", "long ago", datetime.now(UTC) - timedelta(seconds=5))
    sign_in(visitor, "vera")
    assert visitor.get("/_stcore/host-config").status_code == 200


def test_agents_are_not_let_in_by_a_cookie(visitor: httpx.Client) -> None:
    sign_in(visitor, "adele")

    for path in ("openapi.json", "interact", "mcp"):
        assert visitor.get(f"/_stcore/agent/{path}").status_code == 403


def test_headers_of_a_proxy_say_nothing_to_a_server_that_has_none(served: Served) -> None:
    for header in ("X-Forwarded-Email", "X-Forwarded-User", "X_Forwarded_Email", "Remote-User", "X-Auth-Request-Email"):
        claimed = {header: "adele@example.com", "X-Forwarded-For": "127.0.0.1"}
        assert httpx.get(f"{served.address}/_stcore/host-config", headers=claimed).status_code == 401
        assert handshake(served.address, {**claimed, "Origin": served.address}) in (401, 403)


def test_what_is_open_tells_nothing(served: Served) -> None:
    health = httpx.get(f"{served.address}/healthz")
    metrics = httpx.get(f"{served.address}/metrics")
    through_proxy = httpx.get(f"{served.address}/metrics", headers={"X-Forwarded-For": "203.0.113.9"})

    assert (health.status_code, health.text) == (200, "ok")
    assert metrics.status_code == 200
    assert "# TYPE leadlake_table_rows gauge" in metrics.text
    assert "example.com" not in metrics.text
    assert COOKIE_SECRET not in metrics.text
    assert str(Path.home()) not in metrics.text
    assert through_proxy.status_code == 401


def test_another_name_for_this_server_is_not_answered(served: Served) -> None:
    assert httpx.get(f"{served.address}/", headers={"Host": "evil.example"}).status_code == 421
    assert handshake(served.address, {"Host": "evil.example"}) in (403, 421)


def test_every_answer_carries_the_headers_that_protect_it(served: Served) -> None:
    for path in ("/sign-in", "/conversion", "/static/js/none.js", "/healthz", "/media/x", "/auth/login"):
        headers = httpx.get(f"{served.address}{path}", headers={"accept": "text/html"}).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"], path
        assert "script-src 'self' 'wasm-unsafe-eval' 'sha256-" in headers["content-security-policy"]
        assert "unsafe-eval'" not in headers["content-security-policy"].replace("wasm-unsafe-eval'", "")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["permissions-policy"].startswith("camera=()")
        assert "strict-transport-security" not in headers


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(served: Served) -> None:
    where = urlsplit(served.address)
    connection = http.client.HTTPConnection(str(where.hostname), where.port, timeout=20)
    connection.request("PUT", "/_stcore/upload_file/a/b", headers={"Content-Length": str(10**12)})

    assert connection.getresponse().status == 413
    connection.close()


def test_the_chain_of_the_ledger_holds_after_all_that(served: Served) -> None:
    assert ledger.verify(open_database(load_settings(served.environment))).valid
