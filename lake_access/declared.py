"""What every table of leadlake.toml has in common: no unknown keys, nothing changed later, no type guessed."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Declared(BaseModel):
    """A table of leadlake.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def list_to_tuple(value: object) -> object:
    """TOML's list as what a frozen model holds."""
    return tuple(value) if isinstance(value, list) else value
