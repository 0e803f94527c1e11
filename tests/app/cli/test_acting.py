"""Who acts by commands, and that where people sign in only those who are listed do."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from app.cli.acting import ACTIONS, acting, let_in, system_user
from app.cli.main import app
from lake_access import ledger
from lake_access.database import open_database
from lake_access.errors import NotAllowedError
from lake_access.permissions import ROLES
from lake_access.settings import Settings, load_settings
from tests.app.cli.running import Ended
from tests.app.sign_in.served import ROLES as ACCESS
from tests.app.sign_in.served import write_config

Leadlake = Callable[..., Ended]
GROUPS = ("quarantine", "jobs", "schedules", "promotion")


def with_sign_in(folder: Path, listed: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    return write_config(folder / "leadlake.toml", f'sign_in = "oidc"\n{ACCESS}{listed}')


def configured(config: Path, home: Path, user: str = "") -> Settings:
    return load_settings({"LEADLAKE_HOME": str(home), "LEADLAKE_CONFIG": str(config), "LEADLAKE_USER": user})


def test_on_ones_own_machine_the_user_holds_every_role() -> None:
    named = acting(load_settings({"LEADLAKE_USER": "maria"}))
    unnamed = acting(load_settings({}))

    assert (named.name, named.roles, named.via) == ("maria", frozenset(ROLES), "command line")
    assert unnamed.name == getpass.getuser()


def test_where_people_sign_in_a_user_who_is_not_listed_may_do_nothing(tmp_path: Path) -> None:
    config = with_sign_in(tmp_path)

    for name in ("", "adele@example.com", "nobody_here"):
        with pytest.raises(NotAllowedError, match="may not act by commands here"):
            acting(configured(config, tmp_path, name))


def test_who_is_listed_acts_in_the_roles_and_under_the_names_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = system_user()
    monkeypatch.setenv("LOGNAME", "somebody_else")
    listed = f'[access.command_line.{user}]\nroles = ["analyst"]\nmay_act_as = ["anton@example.com"]\n'
    config = with_sign_in(tmp_path, listed)

    assert acting(configured(config, tmp_path)).name == user
    other = acting(configured(config, tmp_path, "anton@example.com"))
    assert (other.name, set(other.roles), other.via) == ("anton@example.com", {"analyst"}, "command line")
    with pytest.raises(NotAllowedError, match=r'may not act as "adele@example\.com"'):
        acting(configured(config, tmp_path, "adele@example.com"))


def test_every_command_is_for_an_action_of_the_table() -> None:
    assert set(typer.main.get_group(app).commands) == set(ACTIONS)


def test_a_command_that_nobody_listed_is_an_administrators_alone(tmp_path: Path) -> None:
    config = with_sign_in(tmp_path, f'[access.command_line.{system_user()}]\nroles = ["ml_engineer"]\n')

    with pytest.raises(NotAllowedError, match="it takes the role admin"):
        let_in("brand-new", {"LEADLAKE_HOME": str(tmp_path), "LEADLAKE_CONFIG": str(config)})


@pytest.mark.parametrize("command", [name for name, action in ACTIONS.items() if action is not None])
def test_no_command_begins_for_who_is_not_listed(leadlake: Leadlake, tmp_path: Path, home: Path, command: str) -> None:
    ended = leadlake(command, "list" if command in GROUPS else "x", config=with_sign_in(tmp_path))

    assert (ended.code, ended.out) == (1, "")
    assert "may not act by commands here" in ended.err
    assert not (home / "lake").exists()


def test_a_command_beyond_ones_role_is_refused_and_the_ledger_says_so(
    leadlake: Leadlake, tmp_path: Path, home: Path
) -> None:
    user = system_user()
    config = with_sign_in(tmp_path, f'[access.command_line.{user}]\nroles = ["viewer"]\n')

    refused = leadlake("build", config=config)
    allowed = leadlake("conversion", "--json", config=config)

    assert refused.code == 1
    assert "may not build the lake: it takes the role analyst, ml_engineer or admin" in refused.err
    assert allowed.code == 0
    (row,) = ledger.entries(open_database(configured(config, home)), event="access.refused")
    assert (row.actor, row.via, row.subject) == (user, "command line", "build the lake")


def test_only_an_administrator_revokes(leadlake: Leadlake, tmp_path: Path, home: Path) -> None:
    user = system_user()
    config = with_sign_in(tmp_path, f'[access.command_line.{user}]\nroles = ["ml_engineer"]\n')
    refused = leadlake("revoke", "vera@example.com", "--reason", "x", config=config)
    done = leadlake("revoke", "Vera@example.com", "--reason", "left", "--json")

    assert "may not change settings" in refused.err
    assert done.json == {"revoked": "Vera@example.com"}
    (row,) = ledger.entries(open_database(load_settings({"LEADLAKE_HOME": str(home)})), event="access.revoked")
    assert (row.subject, row.details) == ("vera@example.com", {"reason": "left"})


@pytest.mark.parametrize("address", ["0.0.0.0", "::"])  # noqa: S104  (what is refused)
def test_another_address_takes_a_sign_in(leadlake: Leadlake, home: Path, address: str) -> None:
    ended = leadlake("up", "--address", address, "--no-demo")

    assert (ended.code, ended.out) == (1, "")
    assert "without a sign-in whoever reaches it holds every role" in ended.err
    assert 'Set access.sign_in to "oidc" or "proxy"' in ended.err
    assert not home.exists()
