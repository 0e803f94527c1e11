"""Somebody signed in, as a page finds them: behind a proxy that names them, in the roles and limits of the settings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

import app.acting
from app.serving.options import EMAIL, GROUPS
from lake_access.permissions import ROLES, Role, RowLimits
from tests.app.sign_in.served import write_config


class Door:
    """The door before the pages of a test: it writes the settings, and says who came in."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path, limits: Sequence[RowLimits] = ()) -> None:
        self._monkeypatch = monkeypatch
        limiting = [f'{{ groups = ["limit-{number}"]{_told(limit)} }}' for number, limit in enumerate(limits)]
        roles = "".join(f'{role} = {{ groups = ["{role}"] }}\n' for role in ROLES)
        said = f'sign_in = "proxy"\nhosts = ["leads.example.com"]\nlimits = [{", ".join(limiting)}]\n'
        proxy = (
            f"[access.proxy]\naddresses = ['192.0.2.1']\ngroups_header = 'X-Forwarded-Groups'\n[access.roles]\n{roles}"
        )
        monkeypatch.setenv("LEADLAKE_CONFIG", str(write_config(folder / "signed-in.toml", said + proxy)))
        monkeypatch.setattr(app.acting, "is_behind_the_door", lambda: True)

    def lets_in(self, role: Role | None, limit: int | None = None, name: str = "egon@example.com") -> None:
        """From now on the pages are read by this person, under the limit of this number."""
        groups = ([role] if role else []) + ([] if limit is None else [f"limit-{limit}"])
        user = SimpleNamespace(to_dict=lambda: {EMAIL: name, GROUPS: ",".join(groups)})
        self._monkeypatch.setattr(app.acting, "st", SimpleNamespace(user=user))


def _told(limit: RowLimits) -> str:
    kinds = (("sources", limit.sources), ("locations", limit.locations))
    return "".join(f", {kind} = {list(values)!r}" for kind, values in kinds if values is not None)
