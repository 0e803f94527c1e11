"""Who acts on the command line, and whether commands may act here at all."""

from __future__ import annotations

import getpass
import os
import pwd
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from lake_access.database import open_database
from lake_access.errors import LeadlakeError, NotAllowedError, SettingsError
from lake_access.permissions import Action, Actor, local_user, require
from lake_access.sessions import note_refusal
from lake_access.settings import Settings, load_settings

# What a command or group of commands does at the least; what one of a group does beyond that asks beneath.
# `None`: it acts for the server itself.
ACTIONS: Final[Mapping[str, Action | None]] = {
    "up": None,
    "worker": None,
    "doctor": None,
    "demo": Action.MAINTAIN,
    "ingest": Action.BUILD,
    "import": Action.BUILD,
    "build": Action.BUILD,
    "replay": Action.MAINTAIN,
    "maintain": Action.MAINTAIN,
    "quarantine": Action.BUILD,
    "query": Action.EXPLORE_SQL,
    "conversion": Action.VIEW_DASHBOARDS,
    "funnel": Action.VIEW_DASHBOARDS,
    "drift": Action.RUN_DRIFT,
    "train": Action.RETRAIN,
    "reproduce": Action.RETRAIN,
    "compare": Action.RETRAIN,
    "score": Action.SCORE_OFFLINE,
    "models": Action.VIEW_MODELS,
    "model-card": Action.VIEW_MODELS,
    "promotion": Action.VIEW_MODELS,
    "alerts": Action.VIEW_LAKE,
    "jobs": Action.VIEW_JOBS,
    "schedules": Action.VIEW_JOBS,
    "audit": Action.VIEW_LEDGER,
    "forget": Action.FORGET_PERSON,
    "revoke": Action.CHANGE_SETTINGS,
}
# Of one that nobody has put into the table.
UNLISTED: Final = Action.CHANGE_SETTINGS


def acting(settings: Settings) -> Actor:
    """Who acts by a command: the user that LEADLAKE_USER names, else the system's.

    On a machine without sign-in that user holds every role. With a sign-in configured, the system's user must be listed
    in `access.command_line`, holds the roles given there, and takes no other name than those given there.

    Raises:
        NotAllowedError: they are not listed, or the name that LEADLAKE_USER gives is not theirs.
    """
    named = settings.environment.user
    access = settings.declarations.access
    if access.sign_in == "none":
        return local_user(named or getpass.getuser(), "command line")
    user = system_user()
    listed = access.command_line.get(user)
    if listed is None:
        raise NotAllowedError(
            f"{user} may not act by commands here, since people sign in to this lake. An administrator can list them "
            "in access.command_line of leadlake.toml.",
            action="act by commands",
        )
    if named is not None and named not in (user, *listed.may_act_as):
        raise NotAllowedError(
            f'{user} may not act as "{named}", as LEADLAKE_USER says; it must stand in '
            f"access.command_line.{user}.may_act_as.",
            action="act under another name",
        )
    return Actor(named or user, frozenset(listed.roles), "command line")


def let_in(command: str, environment: Mapping[str, str]) -> None:
    """Let a command begin that the one who acts may run; one that is not in the table is an administrator's alone.

    Raises:
        NotAllowedError: they may not run it; nothing was changed.
    """
    action = ACTIONS.get(command, UNLISTED)
    if action is None:
        return
    try:
        settings = load_settings(environment)
    except SettingsError:
        # The command itself will say so, unless it was asked for its help alone.
        return
    if settings.declarations.access.sign_in == "none":
        return
    require(acting(settings), action)


def note_refused(refused: NotAllowedError) -> None:
    """A row of the ledger for what a command was refused; where it cannot be written, the refusal stands."""
    with suppress(LeadlakeError, OSError):
        settings = load_settings(os.environ)
        sign_in = settings.declarations.access.sign_in
        name = settings.environment.user or getpass.getuser() if sign_in == "none" else system_user()
        actor = Actor(name, frozenset(), "command line")
        note_refusal(open_database(settings), actor, refused.action, str(refused), datetime.now(UTC))


def system_user() -> str:
    """The user that the system runs this process as, whatever the environment says."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid-{os.getuid()}"
