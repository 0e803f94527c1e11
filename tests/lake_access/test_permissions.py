from __future__ import annotations

import pytest

from lake_access.errors import NotAllowedError, RefusedError
from lake_access.permissions import ALLOWED, ROLES, Action, Actor, Role, RowLimits, local_user, may, require


def holding(*roles: Role) -> Actor:
    return Actor("maria", frozenset(roles), "oidc")


def test_every_action_is_somebodys() -> None:
    assert set(ALLOWED) == set(Action)
    assert all(ALLOWED[action] for action in Action)


@pytest.mark.parametrize("action", Action)
def test_a_role_may_do_what_those_before_it_may(action: Action) -> None:
    allowed = [may(holding(role), action) for role in ROLES]

    assert allowed == sorted(allowed)
    assert allowed[-1]


@pytest.mark.parametrize("action", Action)
def test_nobody_without_a_role_may_do_anything(action: Action) -> None:
    assert not may(holding(), action)


@pytest.mark.parametrize("action", Action)
def test_the_user_of_a_machine_without_sign_in_may_do_everything(action: Action) -> None:
    require(local_user("maria"), action)


def test_a_refusal_names_who_what_and_the_roles_that_may() -> None:
    with pytest.raises(NotAllowedError) as refused:
        require(holding("viewer", "analyst"), Action.DECIDE_PROMOTION)

    assert isinstance(refused.value, RefusedError)
    assert str(refused.value) == (
        "maria may not approve or reject a promotion: it takes the role ml_engineer or admin, "
        "and theirs: viewer, analyst. Nothing was changed."
    )


def test_deciding_takes_another_role_than_asking() -> None:
    assert may(holding("analyst"), Action.REQUEST_PROMOTION)
    assert not may(holding("analyst"), Action.DECIDE_PROMOTION)
    assert not may(holding("ml_engineer"), Action.FORGET_PERSON)


def test_whoever_is_limited_to_some_leads_does_nothing_that_takes_all() -> None:
    limited = Actor("maria", frozenset(ROLES), "oidc", RowLimits(sources=("webinar",)))

    assert may(limited, Action.VIEW_DASHBOARDS)
    assert may(limited, Action.EXPLORE_SQL)
    assert not may(limited, Action.RETRAIN)
    assert not may(limited, Action.VIEW_LAKE)
    with pytest.raises(NotAllowedError, match="may not retrain a model: it takes the right to see all leads"):
        require(limited, Action.RETRAIN)
