"""From what a provider or proxy says to an actor, and from a section of the settings to sentences about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lake_access.access import actor_of, identity_of_claims, identity_of_headers, whom_to_ask
from lake_access.access_declarations import AccessDeclaration
from lake_access.declarations import load_declarations
from lake_access.errors import SettingsError
from lake_access.permissions import RowLimits
from tests.lake_access.lakes import shipped_config

ROLES = {"analyst": {"groups": ["data"]}, "ml_engineer": {"emails": ["Mia@example.com"]}}


def declared(**access: Any) -> AccessDeclaration:
    return AccessDeclaration.model_validate({"sign_in": "oidc", "roles": ROLES, **access})


def claims(**more: object) -> dict[str, object]:
    return {"sub": "1", "email": "mia@example.com", "email_verified": True, **more}


def test_a_verified_email_names_somebody_in_whatever_case() -> None:
    access = declared()
    identity = identity_of_claims(claims(email="MIA@example.com"), "House", access)

    assert identity is not None
    assert identity.name == "mia@example.com"
    assert actor_of(identity, access).roles == {"ml_engineer"}


@pytest.mark.parametrize("verified", [False, None, "true", 1, "yes"])
def test_an_email_that_is_not_verified_gives_no_role_and_no_name(verified: object) -> None:
    access = declared()
    identity = identity_of_claims(claims(email_verified=verified), "House", access)

    assert identity is not None
    assert (identity.name, identity.email) == ("1 (House)", None)
    assert actor_of(identity, access).roles == frozenset()


def test_unverified_emails_count_where_the_settings_say_so() -> None:
    access = declared(unverified_emails=True)
    identity = identity_of_claims({"sub": "1", "email": "mia@example.com"}, "House", access)

    assert identity is not None
    assert actor_of(identity, access).roles == {"ml_engineer"}


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("groups", {"groups": ["x", "data"]}),
        ("groups", {"groups": "data"}),
        ("realm_access.roles", {"realm_access": {"roles": ["data"]}}),
        ("https://example.com/roles", {"https://example.com/roles": ["data", 7]}),
    ],
)
def test_groups_come_from_the_claim_that_the_settings_name(claim: str, said: dict[str, object]) -> None:
    access = declared(role_claim=claim)
    identity = identity_of_claims({"sub": "1", **said}, "House", access)

    assert identity is not None
    assert actor_of(identity, access).roles == {"analyst"}


@pytest.mark.parametrize(
    "said", [{"groups": {"data": True}}, {"groups": 7}, {"groups": [["data"]]}, {"group": ["data"]}]
)
def test_a_claim_of_another_shape_gives_no_role(said: dict[str, object]) -> None:
    access = declared()
    identity = identity_of_claims({"sub": "1", **said}, "House", access)

    assert identity is not None
    assert actor_of(identity, access).roles == frozenset()


@pytest.mark.parametrize("subject", [None, "", " ", 7, "a\nb", "x" * 321])
def test_claims_without_a_plain_subject_name_nobody(subject: object) -> None:
    assert identity_of_claims(claims(sub=subject), "House", declared()) is None


@pytest.mark.parametrize("name", [None, "", "a\x00b", "x" * 321])
def test_headers_without_a_plain_name_name_nobody(name: str | None) -> None:
    assert identity_of_headers(name, "data") is None


def test_of_several_limits_only_what_all_allow_is_seen() -> None:
    limits = [
        {"groups": ["south"], "sources": ["webinar", "online"], "locations": ["Ulm", "Bonn"]},
        {"emails": ["mia@example.com"], "sources": ["online", "roadshow"]},
        {"groups": ["north"], "sources": ["roadshow"]},
    ]
    access = declared(limits=limits)
    both = identity_of_claims(claims(groups=["south"]), "House", access)
    none = identity_of_claims({"sub": "2", "groups": ["data"]}, "House", access)

    assert both is not None
    assert none is not None
    assert actor_of(both, access).limits == RowLimits(("online",), ("Bonn", "Ulm"))
    assert actor_of(none, access).limits is None


def test_limits_that_exclude_each_other_leave_nothing_to_see() -> None:
    access = declared(limits=[{"groups": ["a"], "sources": ["webinar"]}, {"groups": ["b"], "sources": ["online"]}])
    identity = identity_of_claims({"sub": "1", "groups": ["a", "b"]}, "House", access)

    assert identity is not None
    assert actor_of(identity, access).limits == RowLimits((), None)


def test_there_is_always_somebody_to_ask() -> None:
    assert whom_to_ask(declared(contact="Ask Ada.")) == "Ask Ada."
    assert whom_to_ask(declared()).startswith("Ask ")


@pytest.mark.parametrize(
    ("access", "sentence"),
    [
        ('sign_in = "oidc"', "nobody holds a role; name groups or e-mails in access.roles"),
        ('sign_in = "ldap"', '"access.sign_in"'),
        ("[access.roles]\nboss = { groups = ['x'] }", '"access.roles.boss"'),
        ("[access.proxy]\naddresses = ['0.0.0.0/0']", "is everybody"),
        ("[access.proxy]\naddresses = []", "nobody could sign in"),
        ("[access.proxy]\naddresses = ['proxy.local']", "neither an address nor a network"),
        ("[access.proxy]\nemail_header = 'Cookie'", "is a header of every request"),
        ("limits = [{ sources = ['online'] }]", "holds for nobody"),
        ("limits = [{ groups = ['x'] }]", "limits nothing"),
        ("hosts = ['https://leads.example.com/']", "is no host's name"),
        ("hosts = ['leads.example.com:8501']", "is no host's name"),
        ("client_secret = 'x'", 'unknown key "access.client_secret"'),
        ("sesion_hours = 3", 'did you mean "session_hours"?'),
    ],
)
def test_what_cannot_be_is_one_sentence(tmp_path: Path, access: str, sentence: str) -> None:
    file = tmp_path / "leadlake.toml"
    file.write_text(f"{shipped_config()}\n[access]\n{access}\n", encoding="utf-8")

    with pytest.raises(SettingsError) as refused:
        load_declarations(file)

    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)
