"""The entry script by itself, and what a page says of who acts and of what they may not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.runtime.secrets import AttrDict
from streamlit.testing.v1 import AppTest

from app.sign_in import providers
from lake_access import ledger
from lake_access.database import open_database
from lake_access.errors import SettingsError
from lake_access.settings import load_settings
from tests.app.sign_in.served import ROLES, write_config

ENTRY = Path(__file__).parents[3] / "app" / "main.py"
GOOD = {
    "redirect_uri": "https://leads.example.com/oauth2callback",
    "cookie_secret": "s" * 32,
    "house": {"client_id": "leadlake", "client_secret": "x", "server_metadata_url": "https://id.example.com/x"},
}


def a_page_beyond_the_role() -> None:
    from app.boundary import error_boundary
    from lake_access.permissions import Action, Actor, require

    with error_boundary(reference="0badcafe"):
        require(Actor("maria", frozenset({"viewer"}), "local"), Action.VIEW_LEDGER)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LEADLAKE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_without_sign_in_the_sidebar_says_so() -> None:
    page = AppTest.from_file(ENTRY, default_timeout=30).run()

    assert not page.exception
    assert [caption.value for caption in page.sidebar.caption] == [r":material/person: local\, no sign\-in"]


@pytest.mark.parametrize("sign_in", ["oidc", "proxy"])
def test_the_script_alone_shows_nothing_where_people_sign_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sign_in: str
) -> None:
    config = write_config(tmp_path / "leadlake.toml", f'sign_in = "{sign_in}"\n{ROLES}')
    monkeypatch.setenv("LEADLAKE_CONFIG", str(config))

    page = AppTest.from_file(ENTRY, default_timeout=30).run()

    assert not page.exception
    assert "app/main.py alone does not keep anybody out: serve with `leadlake up`." in page.text[0].value
    assert len(page.text) == 1
    assert not page.sidebar.caption
    assert not page.sidebar.selectbox


def test_what_is_beyond_a_role_is_a_sentence_and_one_row_of_the_ledger(home: Path) -> None:
    page = AppTest.from_function(a_page_beyond_the_role).run()
    page.run()

    assert [warning.value for warning in page.warning] == ["This is not for your role."]
    assert page.text[0].value.startswith("maria may not read the ledger: it takes the role ml_engineer or admin")
    rows = ledger.entries(open_database(load_settings({"LEADLAKE_HOME": str(home)})), event="access.refused")
    assert [row.subject for row in rows] == ["read the ledger"]


def test_secrets_that_are_right_name_the_providers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "get_secrets_auth_section", lambda: AttrDict(GOOD))

    read = providers.read_providers()

    assert read.origin == "https://leads.example.com"
    assert {name: provider.label for name, provider in read.by_name.items()} == {"house": "House"}


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"cookie_secret": "short"}, "auth.cookie_secret is needed, of 32 characters or more"),
        ({"redirect_uri": "http://leads.example.com/oauth2callback"}, "must begin with https://"),
        ({"redirect_uri": "https://leads.example.com/"}, "with /oauth2callback at its end"),
        ({"house": {"client_id": "leadlake"}}, "the provider house lacks client_secret, server_metadata_url"),
        ({"my_house": GOOD["house"]}, 'the provider "my_house" has a "_" in its name'),
        ({"house": None}, "[auth] names no provider"),
    ],
)
def test_secrets_that_are_not_right_are_one_sentence_without_them(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], sentence: str
) -> None:
    monkeypatch.setattr(providers, "get_secrets_auth_section", lambda: AttrDict({**GOOD, **changed}))

    with pytest.raises(SettingsError) as refused:
        providers.read_providers()

    assert sentence in str(refused.value)
    assert "short" not in str(refused.value)
