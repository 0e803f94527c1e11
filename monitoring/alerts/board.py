"""All there is to see of the alerts, for whoever may: they are made from all rows, so nobody with row limits does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Engine

from lake_access.permissions import Action, Actor, require
from lake_access.settings import Settings
from monitoring.alerts.channels import channel_kinds
from monitoring.alerts.checks import Standing, standings
from monitoring.alerts.outbox import Message, list_messages
from monitoring.alerts.records import Alert, Check, checks_of, list_alerts
from monitoring.alerts.rules import Rule, list_rules

VIEWING = Action.VIEW_LAKE


@dataclass(frozen=True)
class Board:
    """The open alerts and those that ended, the rules and where each stands, their checks, messages and channels."""

    open: tuple[Alert, ...]
    ended: tuple[Alert, ...]
    rules: tuple[Rule, ...]
    standings: Mapping[int, Standing]
    checks: Mapping[int, list[Check]]
    messages: tuple[Message, ...]
    channels: Mapping[str, str]

    @property
    def undelivered(self) -> tuple[Message, ...]:
        """Messages that failed, of which nobody knows, or that are tried again."""
        return tuple(
            message
            for message in self.messages
            if message.state in ("failed", "unsure") or (message.state == "waiting" and message.attempts)
        )


def board(engine: Engine, settings: Settings, actor: Actor) -> Board:
    """All of it.

    Raises:
        NotAllowedError: the actor may not see it.
        SettingsError: the channels cannot be read.
        StorageError: the database cannot be reached or read.
    """
    require(actor, VIEWING)
    rules = list_rules(engine)
    return Board(
        open=tuple(list_alerts(engine, ended=False)),
        ended=tuple(list_alerts(engine, ended=True)),
        rules=tuple(rules),
        standings=standings(engine),
        checks=checks_of(engine, [rule.id for rule in rules]),
        messages=tuple(list_messages(engine)),
        channels=channel_kinds(settings),
    )
