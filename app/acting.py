"""Who acts on a page."""

from __future__ import annotations

import getpass

from lake_access.permissions import Actor, local_user


def acting() -> Actor:
    """Who reads this page and clicks on it: without sign-in, the one user of this machine."""
    return local_user(getpass.getuser())
