"""Each page for each role, as sign-in lets them in: drawn where the table of roles says so, else closed."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.navigation import PAGES, PageEntry
from lake_access.permissions import ALLOWED, ROLES, Role
from tests.pages.conftest import OpenPage
from tests.pages.people import Door

# Labels of what a role is offered beyond looking: its button or form is drawn for these roles alone.
OFFERS: dict[str, dict[str, tuple[Role, ...]]] = {
    "leads.py": {"Find a lead by its id or e-mail": ("admin",)},
    "explore.py": {"Run": ("analyst", "ml_engineer", "admin")},
    "models.py": {"Retrain": ("analyst", "ml_engineer", "admin")},
    "jobs.py": {"Set the schedule": ("ml_engineer", "admin")},
}


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Door:
    return Door(monkeypatch, tmp_path)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("entry", PAGES, ids=[entry.file for entry in PAGES])
def test_a_page_is_drawn_for_the_roles_of_the_table_and_closed_to_the_others(
    open_page: OpenPage, calls_home: Path, door: Door, entry: PageEntry, role: Role
) -> None:
    door.lets_in(role)

    page = open_page(calls_home, entry.file)

    assert not page.exception
    assert not page.error
    closed = "This is not for your role." in [warning.value for warning in page.warning]
    assert closed == (role not in ALLOWED[entry.action])
    if closed:
        assert f"egon@example.com may not {entry.action.value}" in page.text[0].value
        assert not [*page.metric, *page.dataframe, *page.button, *page.selectbox, *page.text_input]
    labels = {element.label for element in (*page.button, *page.text_input)}
    for label, roles in OFFERS.get(entry.file, {}).items():
        assert (label in labels) == (role in roles), (label, labels)


@pytest.mark.parametrize("entry", PAGES, ids=[entry.file for entry in PAGES])
def test_who_holds_no_role_sees_whom_to_ask_on_every_page(
    open_page: OpenPage, calls_home: Path, door: Door, entry: PageEntry
) -> None:
    door.lets_in(None, name="nobody@example.com")

    page = open_page(calls_home, entry.file)

    assert [title.value for title in page.title] == ["No role here"]
    assert "nobody@example.com, and no list here names you." in page.text[0].value
    assert not [*page.metric, *page.dataframe, *page.selectbox, *page.text_input]
