"""The lake's SQL, one question a file; each begins with what it answers, the grain of its rows, and its parameters."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def load_query(name: str) -> str:
    """The text of `<name>.sql` in this folder; `features/<name>` in that one within."""
    return files(__name__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
