"""Who acts on the command line."""

from __future__ import annotations

import getpass

from lake_access.permissions import ROLES, Actor
from lake_access.settings import Settings


def acting(settings: Settings) -> Actor:
    """The user that LEADLAKE_USER names, else the system's."""
    return Actor(settings.environment.user or getpass.getuser(), frozenset(ROLES), "command line")
