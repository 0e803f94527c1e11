"""A database and a registry with three versions, of which the first is champion; and those who act there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from lake_access.database import open_database
from lake_access.permissions import Actor, local_user
from lake_access.settings import load_settings
from tests.training.promotion.small_registry import SmallRegistry, sources_of
from training.promotion.evidence import Sources
from training.promotion.moving import bootstrap_champion

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
VIEWER = Actor("vera", frozenset({"viewer"}), "oidc")
ANALYST = Actor("ana", frozenset({"analyst"}), "oidc")
ENGINEER = Actor("egon", frozenset({"ml_engineer"}), "oidc")
OTHER_ENGINEER = Actor("olga", frozenset({"ml_engineer"}), "oidc")
LOCAL = local_user("lena")
DATABASE = "database"  # the file of a home that says where its database is


@dataclass(frozen=True)
class Desk:
    """Where promotions are requested and decided."""

    engine: Engine
    registry: SmallRegistry
    sources: Sources


def opened(home: Path) -> Desk:
    """The desk of this home, as a process finds it."""
    registry, elsewhere = SmallRegistry(home / "models"), home / DATABASE
    environment = {"LEADLAKE_HOME": str(home)}
    if elsewhere.is_file():
        environment["LEADLAKE_DATABASE"] = elsewhere.read_text(encoding="utf-8")
    return Desk(open_database(load_settings(environment)), registry, sources_of(registry))


def furnished(home: Path, database: str | None = None) -> Desk:
    """A new desk: version 1 knows one feature and is champion, 2 knows both, 3 knows noise alone.

    Its database is in the home, or the one of this address.
    """
    home.mkdir(parents=True, exist_ok=True)
    if database is not None:
        (home / DATABASE).write_text(database, encoding="utf-8")
    desk = opened(home)
    first = desk.registry.train("1", [0])
    desk.registry.train("2", [0, 1])
    desk.registry.train("3", [2])
    bootstrap_champion(desk.engine, desk.registry, LOCAL, first, "the first model of this lake", NOW)
    return desk
