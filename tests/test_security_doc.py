"""The table of roles, tried whole: in the code, in the document, in the navigation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.navigation import PAGES, PageEntry
from lake_access.errors import NotAllowedError
from lake_access.permissions import ROLES, Action, Actor, Role, may, require

ROOT = Path(__file__).parent.parent
DOCUMENT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
PRINTED = {
    action: dict(zip(ROLES, cells.split(" | "), strict=True))
    for action, cells in re.findall(r"^\| ([^|]+) \| ((?:(?:yes|–) \| ){3}(?:yes|–)) \|$", DOCUMENT, flags=re.MULTILINE)
}


def test_the_document_prints_every_action_in_the_order_of_the_code() -> None:
    assert list(PRINTED) == [action.value for action in Action]
    assert f"| action | {' | '.join(ROLES)} |" in DOCUMENT


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("action", Action)
def test_each_role_may_do_what_is_printed_and_is_refused_the_rest(role: Role, action: Action) -> None:
    actor = Actor("maria", frozenset({role}), "oidc")
    if PRINTED[action.value][role] == "yes":
        require(actor, action)
    else:
        with pytest.raises(NotAllowedError) as refused:
            require(actor, action)
        assert refused.value.action == action.value


@pytest.mark.parametrize("page", PAGES, ids=[entry.file for entry in PAGES])
@pytest.mark.parametrize("role", ROLES)
def test_every_page_is_for_an_action_of_the_table(page: PageEntry, role: Role) -> None:
    allowed = may(Actor("maria", frozenset({role}), "oidc"), page.action)

    assert allowed == (PRINTED[page.action.value][role] == "yes")


def test_every_module_that_the_document_names_is_there() -> None:
    named = re.findall(r"`((?:app|lake_access|tests)/[\w/]+\.py)`", DOCUMENT)

    assert len(named) > 10
    assert [path for path in named if not (ROOT / path).is_file()] == []
