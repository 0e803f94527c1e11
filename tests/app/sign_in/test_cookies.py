"""What a session's cookie must be, beside being signed: young, whole, ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from itsdangerous import URLSafeTimedSerializer

from app.sign_in.cookies import signed_in
from app.sign_in.providers import Provider, Providers
from app.sign_in.requests import place_here
from lake_access.access_declarations import AccessDeclaration

SECRET = "s" * 32
ORIGIN = "https://leads.example.com"
PROVIDERS = Providers(ORIGIN, SECRET, {"house": Provider("house", "House", "leadlake")})
ACCESS = AccessDeclaration.model_validate({})
CLAIMS = {"sub": "1", "aud": "leadlake", "origin": ORIGIN, "is_logged_in": True, "provider": "house"}
NAME = "_streamlit_user"


def signed(value: str, name: str = NAME, secret: str = SECRET) -> str:
    return URLSafeTimedSerializer(secret, salt=name).dumps(value)


def cookie(**changed: object) -> dict[str, str]:
    return {NAME: signed(json.dumps({**CLAIMS, **changed}))}


def is_let_in(cookies: Mapping[str, str], after: timedelta = timedelta()) -> bool:
    return signed_in(cookies, PROVIDERS, ACCESS, datetime.now(UTC) + after) is not None


@pytest.mark.parametrize("audience", ["leadlake", ["leadlake"], ["other", "leadlake"]])
def test_a_session_of_ours_holds_until_its_hours_are_over(audience: object) -> None:
    hours = timedelta(hours=ACCESS.session_hours)

    assert is_let_in(cookie(aud=audience))
    assert is_let_in(cookie(aud=audience), hours - timedelta(minutes=1))
    assert not is_let_in(cookie(aud=audience), hours + timedelta(seconds=1))
    assert not is_let_in(cookie(aud=audience), timedelta(hours=-1))


@pytest.mark.parametrize(
    "changed",
    [
        {"origin": "https://other.example.com"},
        {"origin": None},
        {"is_logged_in": False},
        {"is_logged_in": "true"},
        {"provider": "gone"},
        {"aud": "other"},
        {"aud": ["other"]},
        {"aud": None},
        {"aud": "other", "azp": "leadlake"},
        {"sub": None},
    ],
)
def test_a_session_of_another_place_provider_or_audience_does_not(changed: dict[str, object]) -> None:
    assert not is_let_in(cookie(**changed))


@pytest.mark.parametrize("value", ["", "[]", "7", "null", "{", '"x"', "chunks-0", "chunks-2", "chunks-999", "chunks-x"])
def test_a_signed_value_that_is_no_session_is_none(value: str) -> None:
    assert not is_let_in({NAME: signed(value)})


def test_a_signature_for_another_cookie_or_by_another_secret_is_none() -> None:
    content = json.dumps(CLAIMS)

    assert not is_let_in({NAME: signed(content, "_streamlit_user_tokens")})
    assert not is_let_in({NAME: signed(content, secret="t" * 32)})


def test_parts_of_two_sessions_do_not_make_one(monkeypatch: pytest.MonkeyPatch) -> None:
    content = json.dumps(CLAIMS)
    parts = {NAME: signed("chunks-2"), f"{NAME}_1": signed(content[:40], f"{NAME}_1")}
    whole = {**parts, f"{NAME}_2": signed(content[40:], f"{NAME}_2")}
    now = datetime.now(UTC).timestamp()
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: now - 60)
    mixed = {**parts, f"{NAME}_2": signed(content[40:], f"{NAME}_2")}
    monkeypatch.undo()

    assert is_let_in(whole)
    assert not is_let_in(mixed)
    assert not is_let_in(parts)


def test_a_session_is_known_by_what_it_says_and_not_by_how_it_is_written() -> None:
    first = cookie()
    again = signed_in(first, PROVIDERS, ACCESS, datetime.now(UTC))
    padded = signed_in({**first, f"{NAME}_9": "x"}, PROVIDERS, ACCESS, datetime.now(UTC))

    assert again is not None
    assert padded is not None
    assert again.session.digest == padded.session.digest


@pytest.mark.parametrize("place", ["/conversion?source=a%26b", "/", "/a//b?x=//c"])
def test_a_place_here_is_kept(place: str) -> None:
    assert place_here(place) == place


@pytest.mark.parametrize(
    "place", ["", "//x", "/\\x", "http://x", "/%5cx", "/%2f/x", "x", "/a%0d%0ab", "/" + "a" * 3000]
)
def test_a_place_elsewhere_is_the_first_page(place: str) -> None:
    assert place_here(place) == "/"
