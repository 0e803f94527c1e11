"""Who acts in the tests."""

from __future__ import annotations

from lake_access.permissions import Actor

ANALYST = Actor("ann", frozenset({"analyst"}), "command line")
VIEWER = Actor("vic", frozenset({"viewer"}), "command line")
