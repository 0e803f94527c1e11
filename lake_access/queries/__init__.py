"""The lake's SQL, one question a file; each begins with what it answers, the grain of its rows, and its parameters."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def load_query(name: str) -> str:
    """The text of `<name>.sql` in this folder; `features/<name>` in that one within."""
    return files(__name__).joinpath(f"{name}.sql").read_text(encoding="utf-8")


def query_digest(sql: str, parameters: Mapping[str, object]) -> str:
    """What a query makes: another digest once its text or its parameters change."""
    return hashlib.sha256(json.dumps([sql, dict(parameters)]).encode()).hexdigest()
